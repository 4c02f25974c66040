"""Two optimizers on one task of a comparison, paired by seed."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from lionhunt.search.comparison.result import ComparedTask, Comparison, Final
from lionhunt.search.paper.claims.claim import ClaimNumber, Verdict
from lionhunt.search.statistics import Interval, interval, paired_difference

Value = Callable[[Final], float]


def score(final: Final) -> float:
    """Return the validation metric."""
    return final.score


def training_loss(final: Final) -> float:
    """Return the loss on training examples, without noise."""
    return final.training_loss


class OptimizerPair(NamedTuple):
    """An optimizer and its opponent on one task.

    Attributes:
        name, opponent: their names; differences are positive where the optimizer is better.
        task: of the comparison.
        finals: final trainings of both by seed, for the seeds with which both trained.
        num_failures, num_opponent_failures: final seeds with which each of them failed.
    """

    name: str
    opponent: str
    task: ComparedTask
    finals: Mapping[int, tuple[Final, Final]]
    num_failures: int
    num_opponent_failures: int

    @property
    def note(self) -> str:
        """Return a note on failed trainings; empty if none failed."""
        counts = ((self.name, self.num_failures), (self.opponent, self.num_opponent_failures))
        return "; ".join(f"{name} failed with {n} of the seeds" for name, n in counts if n)

    def judged(self, verdict: Verdict, if_better: Verdict = Verdict.SEEN) -> Verdict:
        """Correct a verdict for failures: an optimizer that failed is never the better one.

        Args:
            verdict: by the seeds with which both trained.
            if_better: the verdict in favour of the optimizer, `SEEN` or `REVERSED`. The other one
                is in favour of the opponent.
        """
        if verdict not in (Verdict.SEEN, Verdict.REVERSED):
            return verdict
        failures = self.num_failures if verdict is if_better else self.num_opponent_failures
        return Verdict.NOT_SEEN if failures else verdict

    def difference(self, value: Value, *, higher_is_better: bool) -> Interval | None:
        """Return by how much the optimizer is better in a value; None for fewer than two pairs."""
        if len(self.finals) < 2:
            return None
        mine, theirs = zip(*((value(m), value(t)) for m, t in self.finals.values()), strict=True)
        return paired_difference(mine, theirs, higher_is_better)

    def advantage(self) -> Interval | None:
        """Return by how much the optimizer is better in the validation metric, in its unit."""
        return self.difference(score, higher_is_better=self.task.higher_is_better)

    def gain(self, seed: int) -> float:
        """Return the advantage with one seed."""
        final, opponent_final = self.finals[seed]
        difference = final.score - opponent_final.score
        return difference if self.task.higher_is_better else -difference

    def means(self, value: Value, what: str) -> tuple[ClaimNumber, ...]:
        """Return the mean value of each optimizer; empty without pairs."""
        if not self.finals:
            return ()
        both = zip((self.name, self.opponent), zip(*self.finals.values(), strict=True), strict=True)
        return tuple(
            ClaimNumber.of(f"{what} of {name}", interval([value(final) for final in finals]))
            for name, finals in both
        )

    def opponent_score(self) -> float:
        """Return the mean validation metric of the opponent; 0 without pairs."""
        scores = [final.score for _, final in self.finals.values()]
        return sum(scores) / len(scores) if scores else 0.0


def pair(comparison: Comparison, task: ComparedTask, name: str, opponent: str) -> OptimizerPair:
    """Pair two optimizers of a comparison on one of its tasks."""
    by_optimizer = [comparison.cells[which, task.name].finals for which in (name, opponent)]
    finals = {
        seed: (first, second)
        for seed, first, second in zip(comparison.final_seeds, *by_optimizer, strict=False)
        if first is not None and second is not None
    }
    num_seeds = len(comparison.final_seeds)
    failures = [num_seeds - sum(final is not None for final in finals) for finals in by_optimizer]
    return OptimizerPair(name, opponent, task, finals, *failures)


def with_difference(
    numbers: tuple[ClaimNumber, ...], name: str, interval: Interval | None
) -> tuple[ClaimNumber, ...]:
    """Append a difference to numbers, if there is one."""
    return numbers if interval is None else (*numbers, ClaimNumber.of(name, interval))
