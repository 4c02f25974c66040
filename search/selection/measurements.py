"""What is known of programs on the tasks of one part of a selection; what is not, is measured."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack

from lionhunt.dsl.analysis.fingerprinting import analyze, fingerprint
from lionhunt.dsl.execution.bytecode import assemble, assemble_canonical
from lionhunt.dsl.program import Program
from lionhunt.search.environment import refuse_difference, summarize_environment
from lionhunt.search.errors import ConfigError
from lionhunt.search.evaluation.fitness import to_outcome
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Measurement, Status, first_difference
from lionhunt.search.selection.promotion import Scores, to_scores
from lionhunt.search.selection.store import MeasurementKey, SelectionStore
from lionhunt.search.workers.pool import Pool

OpenPool = Callable[[], AbstractContextManager[Pool]]
"""Opens a pool for the tasks of the part."""


class Scoreboard(AbstractContextManager["Scoreboard"]):
    """Measurements by program and seed. A pool is only opened if something has to be measured.

    Args:
        part: its name in the records.
        records: of the selection, open to write.
        initial: of the runs; all fitness is the gain over it, with the same seed.
        seed: that the pool scores the initial program with as it starts: a stamp of the machine.
        directions: for each task, whether higher scores are better.
        combination: a name in `search.evaluation.fitness.COMBINATIONS`.
        open_pool: for the tasks.
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
        """Measures every program, and the initial one, with every seed.

        Yields:
            How many measurements there are, and how many there will be.

        Raises:
            ConfigError: the initial program does not train with one of the seeds.
            RecordError: this machine scores it differently than the one that began the selection.
        """
        identities = {(i := analyze(p)).fingerprint: i for p in (self._initial, *programs)}
        keys = [(name, seed) for seed in seeds for name in identities]
        if any(key not in self._measurements for key in keys):
            pool = self._started()
            waiting = {
                f"{name} {seed}": (name, seed)
                for name, seed in keys
                if (name, seed) not in self._measurements
            }
            for job, (name, seed) in waiting.items():
                pool.submit(Job(job, assemble_canonical(identities[name].canonical), seed))
            while waiting:
                for job, measurement in pool.wait(0.2):
                    self._add(waiting.pop(job), measurement)
                self._records.commit()
                yield len(keys) - len(waiting), len(keys)
        for seed in seeds:
            self._check_initial(self._measurements[fingerprint(self._initial), seed], seed)

    def scores(self, program: Program, seeds: Sequence[int]) -> Scores:
        """The fitness of a measured program with each seed."""
        return to_scores(
            [
                to_outcome(
                    self._measurements[fingerprint(program), seed],
                    self._measurements[fingerprint(self._initial), seed],
                    self._directions,
                    self._combination,
                )
                for seed in seeds
            ]
        )

    def _started(self) -> Pool:
        """The pool; the first time it is opened, and its arithmetic is compared."""
        if self._pool is None:
            self._pool = self._open.enter_context(self._open_pool())
            reference = self._pool.start(Job("reference", assemble(self._initial)))
            self._check_initial(reference, self._seed)
            key = (fingerprint(self._initial), self._seed)
            recorded = self._measurements.get(key)
            if recorded is None:
                self._add(key, reference)
            elif (found := first_difference(recorded, reference)) is not None:
                raise refuse_difference(
                    "the initial program",
                    "selection",
                    found,
                    (self._records.info(), summarize_environment()),
                )
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
