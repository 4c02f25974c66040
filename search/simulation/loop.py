"""Whole searches with simulated workers, and the real driver with its records."""

import math
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
from lionhunt.search.evaluation.scorer import Scorer
from lionhunt.search.simulation.toy_objective import METRIC, QuadraticScorer
from lionhunt.search.simulation.virtual_pool import SimulatedPool
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.workers.local_pool import LocalPool
from lionhunt.search.workers.pool import DISPATCH_SECONDS, Pool

NUM_CHECKPOINTS = 40
"""Checkpoints of a run at which `follow_best` returns the best program so far."""
NEW_SHARE = 0.25
"""Share of children that are new; quickstarts have 22 to 29 %."""


class Load(NamedTuple):
    """The load of a run with simulated workers.

    Attributes:
        num_workers, lag, num_programs: of the run.
        num_evaluations: different programs, each evaluated once.
        seconds: virtual time from the first child to the last outcome, with an infinitely fast
            driver.
        idle_share: of the workers' time, with the end of the run, where work runs out.
        idle_share_while_bred: of the workers' time until the last evaluation begins.
        driver_seconds: measured processor time of the driver, with its records.
        evaluation_seconds: mean virtual time of an evaluation.
        best: the score of the best program at the end, as in `SimulatedCurve`.
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
        """Return the share of programs that are evaluated."""
        return self.num_evaluations / self.num_programs

    @property
    def child_seconds(self) -> float:
        """Return the driver's processor time for a child."""
        return self.driver_seconds / self.num_programs

    @property
    def driver_load(self) -> float:
        """Return the share of its time that the driver works while no worker is idle."""
        return self.num_workers / self.max_workers

    @property
    def max_workers(self) -> float:
        """Return the number of workers that one driver can keep busy, with its costs of Ray."""
        return self.evaluation_seconds * self.num_evaluations / self.least_seconds

    @property
    def keeps_up(self) -> bool:
        """Return whether the driver has time for the workers; else they are idle for longer."""
        return self.driver_load <= 1

    @property
    def least_seconds(self) -> float:
        """Return the driver's own seconds, a lower bound on those of the run."""
        return self.driver_seconds + self.num_evaluations * DISPATCH_SECONDS

    @property
    def least_idle_share(self) -> float:
        """Return the idle share of the workers in a run of `least_seconds`, a lower bound."""
        return max(0.0, 1 - 1 / self.driver_load)


class SimulatedCurve(NamedTuple):
    """The progress of a search.

    Attributes:
        lag, seed: of the run.
        programs: numbers of programs at the checkpoints.
        best: at each checkpoint, the decades that the best program so far takes off the loss.
    """

    lag: int
    seed: int
    programs: tuple[int, ...]
    best: tuple[float, ...]


def make_config(num_programs: int, lag: int, seed: int, **evolution: int) -> RunConfig:
    """Make the config of a run like the paper's; its task is a placeholder that never trains."""
    raw = {
        "seed": seed,
        "num_programs": num_programs,
        "evolution": {"lag": lag} | evolution,
        "tasks": [{"kind": "digits_mlp"}],
    }
    return parse_run_config(raw, "the simulation")


def enough_lag(num_workers: int, spread: float) -> int:
    """Return a lag with which no worker waits.

    The slowest evaluation takes 1 + spread times the mean. Until it ends, no child is bred that is
    a lag younger. Of the children bred in that time, `NEW_SHARE` are new and need a worker.
    """
    return max(64, math.ceil(num_workers * (1 + spread) / NEW_SHARE))


def simulate_load(
    config: RunConfig,
    num_workers: int,
    evaluation_seconds: float,
    spread: float,
    scorer: Scorer | None = None,
) -> Load:
    """Run a search with simulated workers.

    Args:
        config: of the run.
        num_workers: the number of workers.
        evaluation_seconds: mean virtual time of an evaluation.
        spread: evaluations take from 1 - spread to 1 + spread times that, uniformly distributed;
            the factor depends on the program and the seed.
        scorer: of candidates; None for the toy objective.
    """

    def seconds(name: str) -> float:
        luck = random.Random(f"{config.seed} {name}").uniform(-1, 1)
        return evaluation_seconds * (1 + spread * luck)

    pool = SimulatedPool(scorer or QuadraticScorer(config.seed), num_workers, seconds)
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
    """Run a search in this process; the number of workers has no effect on its history."""
    end, start = config.num_programs, config.evolution.population_size
    points = [start + (end - start) * i // NUM_CHECKPOINTS for i in range(NUM_CHECKPOINTS + 1)]
    pool = LocalPool(lambda: QuadraticScorer(config.seed))
    best, _ = run_search(config, pool, points)
    return SimulatedCurve(config.evolution.lag, config.seed, tuple(points), tuple(best))


def run_search(config: RunConfig, pool: Pool, points: Sequence[int]) -> tuple[list[float], float]:
    """Run the loop of a search to its end, with records in a temporary folder.

    Args:
        config: of the run.
        pool: not started.
        points: numbers of programs.

    Returns:
        The score of the best program so far at each of the points, and the processor time of the
        loop in seconds.
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
    # The initial program has a fitness, and every recorded individual a measurement.
    assert best is not None
    measurement = records.measurement(best.fingerprint)
    assert measurement is not None
    return measurement.scores[0]
