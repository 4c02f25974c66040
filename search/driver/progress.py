"""Progress of a run: its counts so far, and its best program."""

import dataclasses
import math
from collections import Counter, deque

from lionhunt.proxy_tasks import NUM_CHUNKS
from lionhunt.search.driver.racing.fresh import missing_trainings
from lionhunt.search.driver.validation.curve import ValidationCurve
from lionhunt.search.evaluation.outcome import EvaluationId, Status
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.stored_program import StoredProgram


def is_at_end(records: RunStore) -> bool:
    """Return True if a recorded run has ended; faster than `RunProgress.of_records`."""
    total, max_chunks = _limits(records)
    is_done = records.count() >= total
    if not is_done and math.isfinite(max_chunks):
        is_done = records.num_chunks() >= max_chunks
    curve = ValidationCurve.of_records(records)
    if curve is not None:
        is_done = is_done or curve.is_stopped
        if is_done:
            curve.end()
    is_validated = curve is None or not curve.is_pending
    return is_done and is_validated and not missing_trainings(records)


def _limits(records: RunStore) -> tuple[int, float]:
    """Return the numbers of individuals, and of chunks of training, that end a run."""
    config = records.info()["config"]
    limit = config.get("max_trainings")
    max_chunks = math.inf if limit is None else limit * len(config["tasks"]) * NUM_CHUNKS
    return config["num_programs"], max_chunks


@dataclasses.dataclass
class RunProgress:
    """Counts of a run so far; the search updates them.

    Attributes:
        total: largest number of individuals.
        population_size: number of individuals that are the initial program.
        max_chunks: chunks of training after which the run ends; infinite for no limit.
        num_programs: individuals of the history.
        num_before: individuals of the history when this session began.
        num_evaluated: different programs in the history that were trained.
        num_equivalent: different programs that share the outcome of an earlier one with the same
            functional fingerprint.
        num_raced: different programs that were trained on further seeds.
        num_race_trainings: evaluations on further seeds.
        num_chunks: chunks of training that all evaluations ran, if the run limits them.
        statuses: number of evaluated or rejected programs of each status.
        invalid_mutants: number of invalid draws of each mutation of the user.
        has_own_fitness: the user's function makes the fitness.
        first: the first individual.
        best: the individual of the highest rank so far.
        validation: curve of the validation tasks; None without such tasks.
        recent: (statements, needed statements) of the last population.
        seconds: wall clock of this session since its workers were ready.
    """

    total: int
    population_size: int
    max_chunks: float = math.inf
    num_programs: int = 0
    num_before: int = 0
    num_evaluated: int = 0
    num_equivalent: int = 0
    num_raced: int = 0
    num_race_trainings: int = 0
    num_chunks: int = 0
    statuses: Counter[Status] = dataclasses.field(default_factory=Counter)
    invalid_mutants: Counter[str] = dataclasses.field(default_factory=Counter)
    has_own_fitness: bool = False
    first: StoredProgram | None = None
    best: StoredProgram | None = None
    validation: ValidationCurve | None = None
    recent: deque[tuple[int, int]] = dataclasses.field(default_factory=deque)
    seconds: float = 0.0
    _known: set[str] = dataclasses.field(default_factory=set, repr=False)
    """Fingerprints of the history, and those that own its evaluations."""

    @classmethod
    def of_records(cls, records: RunStore) -> "RunProgress":
        """Return the progress of a recorded run."""
        config = records.info()["config"]
        population_size = config["evolution"]["population_size"]
        total, max_chunks = _limits(records)
        count = records.count()
        statuses = Counter(records.count_by_status())
        fingerprints, outcomes = records.names()
        further = [name for name in map(EvaluationId.parse, outcomes) if name.number > 1]
        return cls(
            total,
            population_size,
            max_chunks,
            num_programs=count,
            num_before=count,
            num_evaluated=statuses.total() - statuses[Status.REJECTED],
            num_equivalent=len(fingerprints - outcomes),
            num_raced=len({name.owner for name in further}),
            num_race_trainings=len(further),
            num_chunks=records.num_chunks() if math.isfinite(max_chunks) else 0,
            statuses=statuses,
            invalid_mutants=records.invalid_mutants(),
            has_own_fitness=config["evaluation"].get("fitness") is not None,
            first=records.row(0) if count else None,
            best=records.best(),
            validation=ValidationCurve.of_records(records),
            recent=deque(records.lengths(population_size), maxlen=population_size),
            _known=fingerprints | outcomes,
        )

    def add(self, row: StoredProgram, num_chunks: int = 0) -> None:
        """Count one more individual.

        Args:
            row: its record.
            num_chunks: chunks of training of its evaluations, if no earlier individual has them.
        """
        self.num_programs += 1
        self.num_chunks += num_chunks
        self.first = self.first or row
        self.invalid_mutants.update(dict(row.individual.invalid))
        owner = row.outcome.owner
        if row.fingerprint not in self._known:
            if owner == row.fingerprint:
                self.num_evaluated += row.status is not Status.REJECTED
                self.statuses[row.status] += 1
            else:
                self.num_equivalent += 1
        if row.outcome.number > 1 and owner not in self._known:
            self.num_raced += 1
            self.num_race_trainings += row.outcome.number - 1
        self._known |= {row.fingerprint, owner}
        self.recent.append((row.num_statements, row.num_needed))
        if row.rank_or_neg_inf > (-math.inf if self.best is None else self.best.rank_or_neg_inf):
            self.best = row
        if self.validation is not None:
            self.validation.add(row)

    def knows(self, outcome: EvaluationId) -> bool:
        """Return True if an individual of the history has that program's evaluations."""
        return outcome.owner in self._known

    @property
    def is_done(self) -> bool:
        """Return True once the history is complete."""
        is_full = self.num_programs >= self.total or self.num_chunks >= self.max_chunks
        return is_full or self.validation is not None and self.validation.is_stopped

    @property
    def expected_total(self) -> int:
        """Return the individuals at the end of the run, at the pace of its training so far."""
        if self.is_done:
            return self.num_programs
        share = self.num_chunks / self.max_chunks
        return min(self.total, round(self.num_programs / share)) if share else self.total

    @property
    def num_children(self) -> int:
        """Return the number of individuals that were bred."""
        return max(0, self.num_programs - self.population_size)

    @property
    def num_hits(self) -> int:
        """Return the number of cache hits: children whose fingerprint was in the history."""
        num_new = self.num_evaluated + self.statuses[Status.REJECTED] + self.num_equivalent
        return self.num_children - max(0, num_new - 1)

    @property
    def redundant_share(self) -> float:
        """Return the share of redundant statements in the last population."""
        num_statements = sum(statements for statements, _ in self.recent)
        num_needed = sum(needed for _, needed in self.recent)
        return 1 - num_needed / num_statements if num_statements else 0.0

    @property
    def children_per_second(self) -> float:
        """Return the pace of this session; the initial population is not bred."""
        num_before = max(self.num_before, self.population_size)
        return max(0, self.num_programs - num_before) / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float:
        """Return the seconds left at the pace so far; infinite before there is a pace."""
        rate = self.children_per_second
        return (self.expected_total - self.num_programs) / rate if rate else math.inf
