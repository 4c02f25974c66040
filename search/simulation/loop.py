"""Whole searches by simulated workers: the driver is the real one, records and all."""

import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.search.driver.config import RunConfig, parse_run_config
from lionhunt.search.driver.search_loop import Search
from lionhunt.search.driver.setup import load_initial
from lionhunt.search.evaluation.job import Job
from lionhunt.search.simulation.toy_objective import METRIC, QuadraticScorer
from lionhunt.search.simulation.virtual_pool import SimulatedPool
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.workers.local_pool import LocalPool
from lionhunt.search.workers.pool import Pool

DISPATCH_SECONDS = 0.001
"""Processor time of the driver for each evaluation by a Ray worker, measured on quickstarts."""
NUM_CHECKPOINTS = 40
"""Points of a run's progress at which its best is told."""


class Load(NamedTuple):
    """What came of a run with so many workers.

    Attributes:
        num_workers, lag, num_programs: of the run.
        num_evaluations: different programs, each evaluated once.
        seconds: virtual, from the first child to the last outcome; the driver takes none of them.
        idle_share: of the workers' time, the end of the run included, where less and less is left.
        idle_share_while_bred: without that: up to the last evaluation that was begun.
        driver_seconds: measured: processor time of the driver, records included.
        evaluation_seconds: mean virtual time of an evaluation.
        best: fitness in the end, as `Curve` has it.
    """

    num_workers: int
    lag: int
    num_programs: int
    num_evaluations: int
    seconds: float
    idle_share: float
    idle_share_while_bred: float
    driver_seconds: float
    evaluation_seconds: float
    best: float

    @property
    def new_share(self) -> float:
        """The share of programs that are evaluated."""
        return self.num_evaluations / self.num_programs

    @property
    def child_seconds(self) -> float:
        """Of the driver, for a child."""
        return self.driver_seconds / self.num_programs

    @property
    def driver_load(self) -> float:
        """The share of its time that the driver works while no worker is idle."""
        return self.num_workers / self.max_workers

    @property
    def max_workers(self) -> float:
        """Workers that one driver could keep at work, with what Ray costs it for an evaluation."""
        return self.evaluation_seconds * self.num_evaluations / self.least_seconds

    @property
    def keeps_up(self) -> bool:
        """Whether the driver has time for so many workers; else time and idle shares are higher."""
        return self.driver_load <= 1

    @property
    def least_seconds(self) -> float:
        """Of the run, whose driver does one thing after another."""
        return self.driver_seconds + self.num_evaluations * DISPATCH_SECONDS

    @property
    def least_idle_share(self) -> float:
        """Of the workers' time, in a run of so many seconds or more."""
        return max(0.0, 1 - 1 / self.driver_load)


class SimulatedCurve(NamedTuple):
    """How a search with some lag got better.

    Attributes:
        lag, seed: of the run.
        programs: points of its progress.
        best: at each, the decades that the best program so far takes off the loss.
    """

    lag: int
    seed: int
    programs: tuple[int, ...]
    best: tuple[float, ...]


def make_config(num_programs: int, lag: int, seed: int, **evolution: int) -> RunConfig:
    """A run as the paper's, with what the simulation is asked for; nothing trains on its task."""
    raw = {
        "seed": seed,
        "num_programs": num_programs,
        "evolution": {"lag": lag} | evolution,
        "tasks": [{"kind": "digits_mlp"}],
    }
    return parse_run_config(raw, "the simulation")


def simulate_load(
    config: RunConfig, num_workers: int, evaluation_seconds: float, spread: float
) -> Load:
    """Runs a search with simulated workers.

    Args:
        config: of the run.
        num_workers: that work side by side.
        evaluation_seconds: mean virtual time of an evaluation.
        spread: evaluations take from 1 - spread to 1 + spread times as long, evenly spread; how
            long, is told by the program and the seed.
    """

    def seconds(name: str) -> float:
        luck = random.Random(f"{config.seed} {name}").uniform(-1, 1)
        return evaluation_seconds * (1 + spread * luck)

    pool = SimulatedPool(QuadraticScorer(config.seed), num_workers, seconds)
    (best,), loop_seconds = run_search(config, pool, [config.num_programs])
    return Load(
        num_workers,
        config.evolution.lag,
        config.num_programs,
        pool.num_evaluations,
        pool.now,
        pool.idle_share,
        pool.idle_share_while_bred,
        loop_seconds - pool.own_seconds,
        evaluation_seconds,
        best,
    )


def follow_best(config: RunConfig) -> SimulatedCurve:
    """Runs a search without workers, whose number does not matter to it."""
    end, start = config.num_programs, config.evolution.population_size
    points = [start + (end - start) * i // NUM_CHECKPOINTS for i in range(NUM_CHECKPOINTS + 1)]
    pool = LocalPool(lambda: QuadraticScorer(config.seed))
    best, _ = run_search(config, pool, points)
    return SimulatedCurve(config.evolution.lag, config.seed, tuple(points), tuple(best))


def run_search(config: RunConfig, pool: Pool, points: Sequence[int]) -> tuple[list[float], float]:
    """Runs the loop of a search to its end, with records in a folder that goes.

    Returns:
        The score of the best program so far, after each of these numbers of programs; and the
        processor time of the loop.
    """
    initial = load_initial(config.initial)
    info: dict[str, Any] = {
        "config": config.model_dump(mode="json"),
        "initial": str(initial),
        "tasks": [METRIC],
    }
    with tempfile.TemporaryDirectory() as folder, RunStore.create(Path(folder), info) as records:
        reference = pool.start(Job("reference", assemble(initial)))
        search = Search(config, initial, records, pool, reference)
        began = time.process_time()
        for _ in search.run():
            pass
        seconds = time.process_time() - began
        return [_best_score(records, point) for point in points], seconds


def _best_score(records: RunStore, num_programs: int) -> float:
    best = records.best(num_programs)
    assert best is not None  # the initial program has a fitness
    measurement = records.measurement(best.fingerprint)
    assert measurement is not None  # of a recorded individual
    return measurement.scores[0]
