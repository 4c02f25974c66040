"""Savings and losses by early stopping, replayed on a run without hurdles; nothing trains."""

import dataclasses
from typing import Any

import numpy as np

from lionhunt.search.errors import RecordError
from lionhunt.search.evaluation.early_stopping import Curves, set_hurdles
from lionhunt.search.evaluation.job import Hurdles
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.evolution.regularized import window
from lionhunt.search.storage.database import damaged
from lionhunt.search.storage.run_store import RunStore

SLACKS = (0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0)
PERCENTILES = (0.0, 25.0, 50.0, 75.0)
PERCENTILE_SLACK = 0.5
"""Slack of the settings that have a percentile."""
SETTINGS = tuple((slack, None) for slack in SLACKS) + tuple(
    (PERCENTILE_SLACK, percentile) for percentile in PERCENTILES
)
TOP = {"top_1_percent": 0.01, "top_10_percent": 0.1}


@dataclasses.dataclass(frozen=True)
class ReplayedHistory:
    """The history of a run, as a replay needs it.

    Attributes:
        names: evaluation of every individual, in order of birth. It is a fingerprint, unless an
            option of the run shares or repeats evaluations.
        measurements: measurements by name, in the order of their first births.
        fitness: fitness by name, of trainings that ended.
        population_size: population size of the run.
        lag: lag of the run.
    """

    names: list[str]
    measurements: dict[str, Measurement]
    fitness: dict[str, float]
    population_size: int
    lag: int

    @property
    def initial(self) -> Measurement:
        """Return the measurement of the initial program."""
        return self.measurements[self.names[0]]

    def first_births(self) -> dict[str, int]:
        """Return every name with the number of the first individual that has it, in order."""
        first: dict[str, int] = {}
        for index, name in enumerate(self.names):
            first.setdefault(name, index)
        return first


def bench_hurdles(records: RunStore) -> dict[str, Any]:
    """Replay early stopping with several settings on a run.

    Every program keeps its place and its candidate parents. Parents that a setting would have
    stopped count as stopped. The time saved is that of the chunks of training left out. A least
    squares fit to the seconds of all evaluations gives the cost of a chunk of each task.

    Raises:
        RecordError: the run had hurdles, so some trainings lack their end; or it is empty.
    """
    hurdles = records.info()["config"].get("hurdles") or {}
    if any(value is not None for value in hurdles.values()):
        raise RecordError(
            f"{records.path.parent} was made with hurdles; give a run without "
            "(lionhunt search CONFIG --set hurdles={})"
        )
    if not records.count():
        raise RecordError(f"{records.path.parent} has no programs yet")
    records.check()
    history = load_history(records)
    if not history.fitness:
        raise RecordError(f"{records.path.parent} has no program with a fitness; resume it first")
    seconds = chunk_seconds(history)
    names = [task["name"] for task in records.info()["tasks"]]
    return {
        "run": str(records.path),
        "evaluated": len(history.measurements),
        "finished": len(history.fitness),
        "chunk_seconds": dict(zip(names, seconds.tolist(), strict=True)),
        "settings": [_describe(history, seconds, *setting) for setting in SETTINGS],
    }


def load_history(records: RunStore) -> ReplayedHistory:
    """Load the individuals and the measurements of a run."""
    info = records.info()
    config, num_tasks = info["config"]["evolution"], len(info["tasks"])
    names, measurements, fitness = [], {}, {}
    for row in records.rows():
        # Further trainings of a race have other seeds, and no hurdles.
        name = row.outcome.owner
        names.append(name)
        if name not in measurements:
            measurements[name] = records.measurement(name)
            if row.fitness is not None:
                fitness[name] = row.fitness
                curves = measurements[name].curves
                if len(curves) < num_tasks or not all(curves):
                    raise damaged(records.path, f"{name} has no curve for a task")
    return ReplayedHistory(names, measurements, fitness, config["population_size"], config["lag"])


def chunk_seconds(history: ReplayedHistory) -> np.ndarray:
    """Fit the seconds of a chunk of each task to all evaluations, shape=(tasks,)."""
    num_tasks = len(history.initial.curves)
    measured = history.measurements.values()
    lengths = np.array([_lengths(m.curves, num_tasks) for m in measured], float)
    seconds = np.array([m.seconds for m in measured])
    fitted, *_ = np.linalg.lstsq(lengths, seconds, rcond=None)
    return np.maximum(fitted, 0.0)


def replay(
    history: ReplayedHistory, slack: float | None, percentile: float | None
) -> dict[str, Measurement]:
    """Return the measurement that every program would have had, by name."""
    initial = history.initial.curves
    replayed: dict[str, Measurement] = {history.names[0]: history.initial}
    for name, index in history.first_births().items():
        if name in replayed:
            continue
        curves: dict[str, Curves] = {}
        if percentile is not None:
            parents = {
                history.names[i] for i in window(index, history.population_size, history.lag)
            }
            curves = {
                parent: replayed[parent].curves
                for parent in parents
                if replayed[parent].status is Status.OK
            }
        hurdles = set_hurdles(initial, curves.values(), slack, percentile)
        whole = history.measurements[name]
        replayed[name] = whole if hurdles is None else stop(whole, hurdles)
    return replayed


def stop(whole: Measurement, hurdles: Hurdles) -> Measurement:
    """Cut the measurement of a training at the first loss above a hurdle."""
    kept: Curves = ()
    # A training that failed has fewer curves than there are tasks.
    for curve, limits in zip(whole.curves, hurdles, strict=False):
        above = np.flatnonzero(np.array(curve) > np.array(limits[: len(curve)], np.float32))
        if above.size:
            return Measurement(Status.HURDLE, curves=(*kept, curve[: above[0] + 1]))
        kept += (curve,)
    return whole


def _describe(
    history: ReplayedHistory, seconds: np.ndarray, slack: float | None, percentile: float | None
) -> dict[str, Any]:
    replayed = replay(history, slack, percentile)
    stopped = {name for name in history.fitness if replayed[name].status is Status.HURDLE}
    # Of equals, the earlier born is first.
    ranked = sorted(history.fitness, key=lambda name: -history.fitness[name])
    top = {key: ranked[: max(1, round(len(ranked) * share))] for key, share in TOP.items()}
    top["above_initial"] = [name for name in ranked if history.fitness[name] > 0]
    cost, full = (
        sum(float(np.dot(_lengths(m.curves, len(seconds)), seconds)) for m in measured.values())
        for measured in (replayed, history.measurements)
    )
    return {
        "slack": slack,
        "percentile": percentile,
        "saved": 1 - cost / full,
        "stopped": len(stopped),
        "lost": {key: [sum(n in stopped for n in names), len(names)] for key, names in top.items()},
        "best_survived": ranked[0] not in stopped,
        "best_lost_fitness": max((history.fitness[n] for n in stopped), default=None),
    }


def _lengths(curves: Curves, num_tasks: int) -> list[int]:
    return [len(curve) for curve in curves] + [0] * (num_tasks - len(curves))
