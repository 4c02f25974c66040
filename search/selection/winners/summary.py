"""Summary of a closer look at the selected programs, as plain dictionaries."""

import math
from collections.abc import Sequence
from typing import Any

from lionhunt.search.drop_one import UNDECIDED, judge_part
from lionhunt.search.selection.result import Ablation, CloserLook, Entry
from lionhunt.search.statistics import Interval, paired_difference
from lionhunt.search.steps_to_target import ScoreCurve, TaskRatios, pair_curves, summarize_ratios


def summarize_steps(look: CloserLook, part: dict[str, Any]) -> list[dict[str, Any]]:
    """Summarize the steps of each selected program to the final score of each baseline.

    Args:
        look: the closer look.
        part: its tasks and seeds.
    """
    baselines = [e.optimizer.name for e in look.timed if e.optimizer.is_baseline]
    return [
        {"winner": name, "baseline": baseline}
        | summarize_ratios(
            [_ratios(look, part, i, name, baseline) for i in range(len(part["tasks"]))]
        )
        for name in (e.optimizer.name for e in look.timed if not e.optimizer.is_baseline)
        for baseline in baselines
    ]


def _ratios(
    look: CloserLook, part: dict[str, Any], index: int, name: str, baseline: str
) -> TaskRatios:
    task, seeds = part["tasks"][index], part["final_seeds"]
    own, other = (
        [_curve(look, index, each, i) for i in range(len(seeds))] for each in (name, baseline)
    )
    return pair_curves(task["name"], seeds, own, other, task["higher_is_better"])


def _curve(look: CloserLook, task: int, name: str, seed: int) -> ScoreCurve | None:
    """Return the final score over the length of the training; None if the longest one failed.

    A shorter training that failed reaches no score.
    """
    by_length = [length.scores[name][seed] for length in look.lengths]
    if not by_length[-1]:
        return None
    steps = [length.num_steps[task] for length in look.lengths]
    return ScoreCurve(steps, [scores[task] if scores else math.nan for scores in by_length])


def summarize_ablations(look: CloserLook) -> list[dict[str, Any]]:
    """Summarize each ablation, paired with its program by seed."""
    whole = {entry.optimizer.name: entry for entry in look.timed}
    entries = look.stage.entries[len(look.timed) :]
    return [
        _summarize_ablation(ablation, whole[ablation.winner], entry)
        for ablation, entry in zip(look.ablations, entries, strict=True)
    ]


def _summarize_ablation(ablation: Ablation, whole: Entry, without: Entry) -> dict[str, Any]:
    loss = gain_lost(whole.final.by_seed, without.final.by_seed)
    return {
        "winner": ablation.winner,
        "without": ablation.removal.statement,
        "kept": ablation.removal.kept,
        "loss": None if loss is None else loss._asdict(),
        "advantage": without.verdict.advantage and without.verdict.advantage._asdict(),
        "still_wins": without.verdict.beats,
        "verdict": judge_part([loss], without.verdict.beats) if whole.final.by_seed else UNDECIDED,
        "reason": without.final.status.value,
        "program": str(without.tuned),
    }


def gain_lost(whole: Sequence[float], without: Sequence[float]) -> Interval | None:
    """Return the fitness that a removal costs, paired by seed; None if either did not train."""
    if not whole or not without:
        return None
    return paired_difference(whole, without, higher_is_better=True)
