"""Two optimizers on one task of a comparison, paired by seed."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from lionhunt.search.comparison.result import ComparedTask, Comparison, Final
from lionhunt.search.paper.claims.claim import ClaimNumber, Verdict
from lionhunt.search.statistics import Interval, interval, paired_difference

Value = Callable[[Final], float]


def score(final: Final) -> float:
    """The validation metric."""
    return final.score


def training_loss(final: Final) -> float:
    """The loss on training examples, without noise."""
    return final.training_loss


class OptimizerPair(NamedTuple):
    """Two optimizers on one task.

    Attributes:
        mine, theirs: their names; differences are positive where mine is better.
        task: of the comparison.
        finals: trainings of both with the same seed, by that seed, where both ended well.
        num_failures, num_their_failures: final seeds with which each of them failed.
    """

    mine: str
    theirs: str
    task: ComparedTask
    finals: Mapping[int, tuple[Final, Final]]
    num_failures: int
    num_their_failures: int

    @property
    def note(self) -> str:
        """Says whose trainings failed; empty if none did."""
        failed = ((self.mine, self.num_failures), (self.theirs, self.num_their_failures))
        return "; ".join(f"{name} failed with {n} of the seeds" for name, n in failed if n)

    def judged(self, verdict: Verdict, mine_is_better: Verdict = Verdict.SEEN) -> Verdict:
        """A verdict on the seeds that trained; who fails with any is never the better one.

        Args:
            verdict: by the seeds with which both trained.
            mine_is_better: the verdict that is in favour of mine, `SEEN` or `REVERSED`; the other
                is in favour of theirs.
        """
        if verdict not in (Verdict.SEEN, Verdict.REVERSED):
            return verdict
        failures = self.num_failures if verdict is mine_is_better else self.num_their_failures
        return Verdict.NOT_SEEN if failures else verdict

    def difference(self, value: Value, *, higher_is_better: bool) -> Interval | None:
        """How much better mine is in a value; None with fewer than two pairs."""
        if len(self.finals) < 2:
            return None
        mine, theirs = zip(*((value(m), value(t)) for m, t in self.finals.values()), strict=True)
        return paired_difference(mine, theirs, higher_is_better)

    def advantage(self) -> Interval | None:
        """How much better mine is in the validation metric, in its unit."""
        return self.difference(score, higher_is_better=self.task.higher_is_better)

    def gain(self, seed: int) -> float:
        """How much better mine is in the validation metric with one seed."""
        mine, theirs = self.finals[seed]
        difference = mine.score - theirs.score
        return difference if self.task.higher_is_better else -difference

    def means(self, value: Value, what: str) -> tuple[ClaimNumber, ...]:
        """A value of both optimizers; empty where there are no pairs."""
        if not self.finals:
            return ()
        both = zip((self.mine, self.theirs), zip(*self.finals.values(), strict=True), strict=True)
        return tuple(
            ClaimNumber.of(f"{what} of {name}", interval([value(final) for final in finals]))
            for name, finals in both
        )

    def their_score(self) -> float:
        """The mean validation metric of theirs, for margins; 0 where there are no pairs."""
        scores = [theirs.score for _, theirs in self.finals.values()]
        return sum(scores) / len(scores) if scores else 0.0


def pair(comparison: Comparison, task: ComparedTask, mine: str, theirs: str) -> OptimizerPair:
    """Two optimizers of a comparison on one of its tasks."""
    ours, others = (comparison.cells[name, task.name].finals for name in (mine, theirs))
    finals = {
        seed: (m, t)
        for seed, m, t in zip(comparison.final_seeds, ours, others, strict=False)
        if m is not None and t is not None
    }
    num_seeds = len(comparison.final_seeds)
    failures = [num_seeds - sum(final is not None for final in found) for found in (ours, others)]
    return OptimizerPair(mine, theirs, task, finals, *failures)


def with_difference(
    numbers: tuple[ClaimNumber, ...], name: str, interval: Interval | None
) -> tuple[ClaimNumber, ...]:
    """Numbers, and a difference if there is one."""
    return numbers if interval is None else (*numbers, ClaimNumber.of(name, interval))
