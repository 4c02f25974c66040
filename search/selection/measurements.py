"""Measurements of programs on the tasks of one part of a selection; missing ones are made."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack

from lionhunt.dsl.analysis.fingerprinting import analyze, fingerprint
from lionhunt.dsl.execution.bytecode import assemble, assemble_canonical
from lionhunt.dsl.program import Program
from lionhunt.search.environment import check_same_machine, summarize_environment
from lionhunt.search.errors import ConfigError
from lionhunt.search.evaluation.fitness import to_outcome
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.evaluation.seed_scores import SeedScores, gather_scores
from lionhunt.search.selection.store import MeasurementKey, SelectionStore
from lionhunt.search.workers.pool import Pool

OpenPool = Callable[[], AbstractContextManager[Pool]]
"""Opens a pool for the tasks of the part."""


class Scoreboard(AbstractContextManager["Scoreboard"]):
    """Measurements by program and seed; it opens a pool only if a measurement is missing.

    Args:
        part: name of the part in the records.
        records: store of the selection, open to write.
        initial: initial program of the runs; all fitness is the gain over it, with the same seed.
        seed: seed with which the pool first scores the initial program, a stamp of the machine.
        directions: for each task, whether higher scores are better.
        combination: a name in `search.evaluation.fitness.COMBINATIONS`.
        open_pool: opens a pool for the tasks.
    """

    def __init__(
        self,
        part: str,
        records: SelectionStore,
        initial: Program,
        seed: int,
        directions: Sequence[bool],
        combination: str,
        open_pool: OpenPool,
    ):
        self._part = part
        self._records = records
        self._initial = initial
        self._initial_name = fingerprint(initial)
        self._seed = seed
        self._directions = directions
        self._combination = combination
        self._open_pool = open_pool
        self._measurements = records.measurements(part)
        self._open = ExitStack()
        self._pool: Pool | None = None

    def __exit__(self, *error) -> None:
        self._open.close()

    def measure(
        self, programs: Sequence[Program], seeds: Sequence[int]
    ) -> Iterator[tuple[int, int]]:
        """Measure every program, and the initial one, with every seed.

        Yields:
            The number of measurements so far, and their final number.

        Raises:
            ConfigError: the initial program does not train with one of the seeds.
            RecordError: this machine scores it otherwise than the one that began the selection.
        """
        analyzed = {(a := analyze(p)).fingerprint: a for p in (self._initial, *programs)}
        keys = [(name, seed) for seed in seeds for name in analyzed]
        if any(key not in self._measurements for key in keys):
            pool = self._started()
            waiting = {
                f"{name} {seed}": (name, seed)
                for name, seed in keys
                if (name, seed) not in self._measurements
            }
            for job, (name, seed) in waiting.items():
                pool.submit(Job(job, assemble_canonical(analyzed[name].canonical), seed))
            while waiting:
                for job, measurement in pool.wait(0.2):
                    self._add(waiting.pop(job), measurement)
                self._records.commit()
                yield len(keys) - len(waiting), len(keys)
        for seed in seeds:
            self._check_initial(self._measurements[self._initial_name, seed], seed)

    def scores(self, program: Program, seeds: Sequence[int]) -> SeedScores:
        """Return the fitness of a measured program with each seed."""
        name = fingerprint(program)
        outcomes = [
            to_outcome(
                self._measurements[name, seed],
                self._measurements[self._initial_name, seed],
                self._directions,
                self._combination,
            )
            for seed in seeds
        ]
        return gather_scores((o.measurement.status, o.fitness) for o in outcomes)

    def task_scores(self, program: Program, seed: int) -> tuple[float, ...]:
        """Return the scores of a measured program, one for each task; none if training failed."""
        return self._measurements[fingerprint(program), seed].scores

    def _started(self) -> Pool:
        """Return the pool; the first call opens it and checks its arithmetic."""
        if self._pool is None:
            self._pool = self._open.enter_context(self._open_pool())
            measured = self._pool.start(Job("reference", assemble(self._initial)))
            self._check_initial(measured, self._seed)
            key = (self._initial_name, self._seed)
            check_same_machine(
                self._measurements.get(key),
                measured,
                subject="the initial program",
                noun="selection",
                recorded_setup=self._records.info(),
                current_setup=summarize_environment,
            )
            if key not in self._measurements:
                self._add(key, measured)
        return self._pool

    def _add(self, key: MeasurementKey, measurement: Measurement) -> None:
        self._measurements[key] = measurement
        self._records.add_measurement(self._part, *key, measurement)

    def _check_initial(self, measurement: Measurement, seed: int) -> None:
        if measurement.status is not Status.OK:
            raise ConfigError(
                f"the initial program of the runs does not train on the tasks of {self._part} "
                f"with seed {seed} ({measurement.status_text}); choose others"
            )
