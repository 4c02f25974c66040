"""Who goes on: candidates against the best tuned baseline, seed by seed.

Chen et al., 2023 (arXiv:2302.06675), section 2.3: programs that beat the baseline on a task go to
a larger one. All fitness is the gain over the initial program of the runs, as in a search.
"""

import statistics
from collections.abc import Sequence
from typing import Literal, NamedTuple

from lionhunt.search.evaluation.outcome import Outcome, Status
from lionhunt.search.evolution.hyperparameters import Tuning
from lionhunt.search.statistics import Interval, interval

Rule = Literal["interval", "mean"]
"""When an advantage counts: its interval is above 0, or its mean is."""


class Scores(NamedTuple):
    """What a program shows with several seeds.

    Attributes:
        by_seed: its fitness with each; empty if training failed with one.
        reason: of the first failure, else OK.
    """

    by_seed: tuple[float, ...]
    status: Status

    @property
    def fitness(self) -> float | None:
        """The mean."""
        return statistics.fmean(self.by_seed) if self.by_seed else None


class TunedTrial(NamedTuple):
    """A tuning of a program, and what it shows with the tuning seeds."""

    tuning: Tuning
    scores: Scores


class Advantage(NamedTuple):
    """A candidate against the best baseline.

    Attributes:
        advantage: the mean difference of fitness, paired by seed; None if training failed.
        beats: whether it counts.
    """

    advantage: Interval | None
    beats: bool


def to_scores(outcomes: Sequence[Outcome]) -> Scores:
    """Of the outcomes with each seed."""
    for outcome in outcomes:
        if outcome.fitness is None:
            return Scores((), outcome.measurement.status)
    return Scores(tuple(o.fitness for o in outcomes if o.fitness is not None), Status.OK)


def best_trial(trials: Sequence[TunedTrial]) -> TunedTrial | None:
    """The trial with the highest fitness, the first of equals; None if all failed."""
    return max(
        (trial for trial in trials if trial.scores.by_seed),
        key=lambda trial: trial.scores.fitness or 0.0,
        default=None,
    )


def find_bar(baselines: Sequence[Scores]) -> int:
    """Which baseline is the best, by its mean; the first of equals.

    It is chosen by the very seeds that candidates are compared with, which favours baselines.

    Args:
        baselines: one of them at least did not fail: the initial program as it is.
    """
    trained = [i for i, scores in enumerate(baselines) if scores.by_seed]
    return max(trained, key=lambda i: baselines[i].fitness or 0.0)


def judge(candidate: Scores, bar: Scores, rule: Rule) -> Advantage:
    """Compares a candidate with the best baseline; both have the same seeds."""
    if not candidate.by_seed:
        return Advantage(None, False)
    pairs = zip(candidate.by_seed, bar.by_seed, strict=True)
    advantage = interval([mine - theirs for mine, theirs in pairs])
    return Advantage(advantage, (advantage.low if rule == "interval" else advantage.mean) > 0)


def promote(verdicts: Sequence[Advantage], num_candidates: int) -> list[int]:
    """Those that go on: of those that beat the baseline, the ones with the largest advantage."""

    def advantage(i: int) -> float:
        found = verdicts[i].advantage
        assert found is not None  # of one that beats
        return found.mean

    beating = [i for i, verdict in enumerate(verdicts) if verdict.beats]
    return sorted(beating, key=lambda i: -advantage(i))[:num_candidates]
