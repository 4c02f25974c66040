"""Summary of a selection, as plain dictionaries: `--json` prints them."""

from typing import Any

from lionhunt.search.evaluation.seed_scores import SeedScores
from lionhunt.search.evolution.hyperparameters import constants_of
from lionhunt.search.selection.meta_overfitting import CheckpointScore, find_overfitting
from lionhunt.search.selection.result import (
    CloserLook,
    Entry,
    RunCurve,
    SelectionResult,
    StageResult,
    TunedTrial,
)
from lionhunt.search.selection.setup import META, WINNERS
from lionhunt.search.selection.store import SelectionStore
from lionhunt.search.selection.winners.summary import summarize_ablations, summarize_steps
from lionhunt.search.statistics import CONFIDENCE, Interval, interval


def summarize_selection(records: SelectionStore, result: SelectionResult) -> dict[str, Any]:
    """Return all results of a selection; all fitness is the gain over the runs' initial program."""
    info = records.info()
    parts = {part["name"]: part for part in info["parts"]}
    stages = [_summarize_stage(stage, parts[stage.part]) for stage in result.stages]
    stage_names = [part["name"] for part in info["parts"][: len(info["config"]["stages"])]]
    is_complete = len(stages) == len(stage_names)
    return {
        "selection": str(records.path),
        "digest": records.digest(),
        "confidence": CONFIDENCE,
        "beats": info["config"]["beats"],
        "combination": info["config"]["evaluation"]["combination"],
        "runs": [
            {key: run[key] for key in ("path", "seed", "history_digest")} for run in info["runs"]
        ],
        "stages": stages,
        "skipped_stages": stage_names[len(stages) :],
        "winners": [e for e in stages[-1]["contenders"] if e["goes_on"]] if is_complete else [],
        "closer_look": None if result.look is None else _summarize_look(result.look, parts),
        "meta_validation": {
            "tasks": parts[META]["tasks"],
            "seeds": parts[META]["final_seeds"],
            "runs": [_summarize_curve(curve) for curve in result.curves],
        },
        "config": info["config"],
        "versions": info["versions"],
        "machine": info["machine"],
    }


def _summarize_look(look: CloserLook, parts: dict[str, Any]) -> dict[str, Any]:
    """Summarize the closer look: baselines and selected programs, their steps, and ablations."""
    stage = look.stage._replace(entries=look.timed)
    has_lengths = len(look.lengths) > 1
    return _summarize_stage(stage, parts[WINNERS]) | {
        "steps": summarize_steps(look, parts[WINNERS]) if has_lengths else [],
        "drop_one": summarize_ablations(look),
    }


def _summarize_stage(stage: StageResult, part: dict[str, Any]) -> dict[str, Any]:
    """Summarize a stage, with its optimizers by falling fitness."""
    ranked = sorted(stage.entries, key=lambda entry: -entry.final.mean_or_neg_inf)
    return {
        "name": stage.part,
        "tasks": part["tasks"],
        "tuning_seeds": part["tuning_seeds"],
        "final_seeds": part["final_seeds"],
        "bar": stage.threshold,
        "contenders": [_summarize_entry(entry) for entry in ranked],
    }


def _summarize_entry(entry: Entry) -> dict[str, Any]:
    optimizer = entry.optimizer
    return {
        "name": optimizer.name,
        "is_baseline": optimizer.is_baseline,
        "search_fitness": optimizer.search_fitness,
        "final": _summarize_scores(entry.final),
        "advantage": _summarize_interval(entry.verdict.advantage),
        "beats": entry.verdict.beats and not optimizer.is_baseline,
        "goes_on": entry.is_promoted,
        "at_edge": entry.is_at_edge,
        "program": str(optimizer.program),
        "tuned": str(entry.tuned),
        "tuning": None if entry.best is None else _summarize_tuning(entry, entry.best),
        "trials": [
            {
                "learning_rate": trial.tuning.learning_rate,
                "constants": list(trial.tuning.constants),
                "fitness": trial.scores.mean,
                "reason": trial.scores.status.value,
            }
            for trial in entry.trials
        ],
    }


def _summarize_scores(scores: SeedScores) -> dict[str, Any]:
    return {
        "reason": scores.status.value,
        "fitness": _summarize_interval(interval(scores.by_seed) if scores.by_seed else None),
        "by_seed": list(scores.by_seed),
    }


def _summarize_interval(interval: Interval | None) -> dict[str, float] | None:
    return None if interval is None else interval._asdict()


def _summarize_tuning(entry: Entry, best: TunedTrial) -> dict[str, Any]:
    """Return the number of the best trial, and its changes of the untuned program."""
    constants = zip(constants_of(entry.optimizer.program), best.tuning.constants, strict=True)
    return {
        "trial": entry.trials.index(best),
        "learning_rate": best.tuning.learning_rate,
        "constants": [{"from": old, "to": new} for old, new in constants if old != new],
        "fitness": best.scores.mean,
    }


def _summarize_curve(curve: RunCurve) -> dict[str, Any]:
    overfitting = find_overfitting(curve.points)
    peak = overfitting.peak
    return {
        "run": curve.path,
        "points": [_summarize_point(point) for point in curve.points],
        "peak_progress": None if peak is None else peak.progress,
        "peak_index": None if peak is None else peak.index,
        "fall": _summarize_interval(overfitting.fall),
        "overfits": overfitting.is_seen,
        "verdict": str(overfitting),
    }


def _summarize_point(point: CheckpointScore) -> dict[str, Any]:
    return {
        "progress": point.progress,
        "index": point.index,
        "search_fitness": point.fitness,
        "meta_validation": _summarize_interval(point.interval),
        "reason": point.status.value,
    }
