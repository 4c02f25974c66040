"""Promotion of candidates: each is compared with the best tuned baseline, seed by seed.

Programs that beat the baseline on a task enter a stage with a larger one (Chen et al., 2023,
arXiv:2302.06675, section 2.3). All fitness is the gain over the initial program of the runs.
"""

from collections.abc import Sequence

from lionhunt.search.evaluation.seed_scores import SeedScores, best_index
from lionhunt.search.selection.config import Rule
from lionhunt.search.selection.result import Advantage, TunedTrial
from lionhunt.search.statistics import paired_difference


def best_trial(trials: Sequence[TunedTrial]) -> TunedTrial | None:
    """Return the trial with the highest fitness, the first of equals; None if all failed."""
    best = best_index([trial.scores.mean_or_neg_inf for trial in trials])
    return None if best is None else trials[best]


def judge(candidate: SeedScores, threshold: SeedScores, rule: Rule) -> Advantage:
    """Compare a candidate with the best baseline; both have the same seeds."""
    if not candidate.by_seed:
        return Advantage(None, False)
    advantage = paired_difference(candidate.by_seed, threshold.by_seed, higher_is_better=True)
    return Advantage(advantage, (advantage.low if rule == "interval" else advantage.mean) > 0)


def promote(verdicts: Sequence[Advantage], num_candidates: int) -> list[int]:
    """Return the indices of the candidates with the largest advantage that beat the baseline."""

    def advantage(i: int) -> float:
        interval = verdicts[i].advantage
        # A candidate that beats the baseline has one.
        assert interval is not None
        return interval.mean

    beating = [i for i, verdict in enumerate(verdicts) if verdict.beats]
    return sorted(beating, key=lambda i: -advantage(i))[:num_candidates]
