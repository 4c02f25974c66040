"""What came of a selection, in plain dictionaries: `--json` prints them as they are."""

import math
from typing import Any

from lionhunt.search.evolution.hyperparameters import constants_of
from lionhunt.search.selection.loop import RunCurve, SelectionResult
from lionhunt.search.selection.meta_overfitting import CheckpointScore, find_overfitting
from lionhunt.search.selection.promotion import Scores, TunedTrial
from lionhunt.search.selection.setup import META
from lionhunt.search.selection.stage import Entry, StageResult
from lionhunt.search.selection.store import SelectionStore
from lionhunt.search.statistics import CONFIDENCE, Interval, interval


def summarize_selection(records: SelectionStore, result: SelectionResult) -> dict[str, Any]:
    """Everything that a selection found. All fitness is the gain over the runs' initial program."""
    info = records.info()
    parts = {part["name"]: part for part in info["parts"]}
    stages = [_describe_stage(stage, parts[stage.part]) for stage in result.stages]
    is_complete = len(stages) == len(info["config"]["stages"])
    return {
        "selection": str(records.path),
        "digest": records.digest(),
        "confidence": CONFIDENCE,
        "beats": info["config"]["beats"],
        "combination": info["config"]["evaluation"]["combination"],
        "runs": [_describe_run(run) for run in info["runs"]],
        "stages": stages,
        "skipped_stages": [p["name"] for p in info["parts"][len(stages) : -1]],
        "winners": [e for e in stages[-1]["contenders"] if e["goes_on"]] if is_complete else [],
        "meta_validation": {
            "tasks": parts[META]["tasks"],
            "seeds": parts[META]["final_seeds"],
            "runs": [_describe_curve(curve) for curve in result.curves],
        },
        "config": info["config"],
        "versions": info["versions"],
        "machine": info["machine"],
    }


def _describe_run(run: dict[str, Any]) -> dict[str, Any]:
    return {key: run[key] for key in ("path", "seed", "history_digest")}


def _describe_stage(stage: StageResult, part: dict[str, Any]) -> dict[str, Any]:
    """A stage, its contenders the fittest first."""
    ranked = sorted(stage.entries, key=lambda entry: -_or_lowest(entry.final.fitness))
    return {
        "name": stage.part,
        "tasks": part["tasks"],
        "tuning_seeds": part["tuning_seeds"],
        "final_seeds": part["final_seeds"],
        "bar": stage.bar,
        "contenders": [_describe_entry(entry) for entry in ranked],
    }


def _or_lowest(fitness: float | None) -> float:
    return -math.inf if fitness is None else fitness


def _describe_entry(entry: Entry) -> dict[str, Any]:
    contender, advantage = entry.contender, entry.verdict.advantage
    return {
        "name": contender.name,
        "is_baseline": contender.is_baseline,
        "search_fitness": contender.search_fitness,
        "final": _describe_scores(entry.final),
        "advantage": _describe_interval(advantage),
        "beats": entry.verdict.beats and not contender.is_baseline,
        "goes_on": entry.goes_on,
        "program": str(contender.program),
        "tuned": str(entry.tuned),
        "tuning": None if entry.best is None else _describe_tuning(entry, entry.best),
        "trials": [_describe_trial(trial) for trial in entry.trials],
    }


def _describe_scores(scores: Scores) -> dict[str, Any]:
    found = interval(scores.by_seed) if scores.by_seed else None
    return {
        "reason": scores.status.value,
        "fitness": _describe_interval(found),
        "by_seed": list(scores.by_seed),
    }


def _describe_interval(found: Interval | None) -> dict[str, float] | None:
    return None if found is None else found._asdict()


def _describe_trial(trial: TunedTrial) -> dict[str, Any]:
    return {
        "learning_rate": trial.tuning.learning_rate,
        "constants": list(trial.tuning.constants),
        "fitness": trial.scores.fitness,
        "reason": trial.scores.status.value,
    }


def _describe_tuning(entry: Entry, best: TunedTrial) -> dict[str, Any]:
    """The best trial: its number, and what it changes of the program as it is."""
    constants = zip(constants_of(entry.contender.program), best.tuning.constants, strict=True)
    return {
        "trial": entry.trials.index(best),
        "learning_rate": best.tuning.learning_rate,
        "constants": [{"from": old, "to": new} for old, new in constants if old != new],
        "fitness": best.scores.fitness,
    }


def _describe_curve(curve: RunCurve) -> dict[str, Any]:
    overfitting = find_overfitting(curve.points)
    peak = overfitting.peak
    return {
        "run": curve.path,
        "points": [_describe_point(point) for point in curve.points],
        "peak_progress": None if peak is None else peak.progress,
        "peak_index": None if peak is None else peak.index,
        "fall": _describe_interval(overfitting.fall),
        "overfits": overfitting.is_seen,
        "verdict": str(overfitting),
    }


def _describe_point(point: CheckpointScore) -> dict[str, Any]:
    return {
        "progress": point.progress,
        "index": point.index,
        "search_fitness": point.fitness,
        "meta_validation": _describe_interval(point.interval),
        "reason": point.status.value,
    }
