"""How far a run is."""

import dataclasses
import math
from collections import Counter, deque
from collections.abc import Callable

from lionhunt.proxy_tasks.training import NUM_CHUNKS
from lionhunt.search.driver.best_tracker import Fittest
from lionhunt.search.evaluation.outcome import EvaluationId, Status
from lionhunt.search.storage.run_store import RunStore, StoredProgram


def is_at_end(records: RunStore) -> bool:
    """Whether a recorded run has all that it will have; faster than to ask its progress."""
    total, max_chunks = _limits(records)
    if records.count() >= total:
        return True
    return math.isfinite(max_chunks) and records.num_chunks() >= max_chunks


def _limits(records: RunStore) -> tuple[int, float]:
    """Individuals, and chunks of training, that end a run."""
    config = records.info()["config"]
    limit = config.get("max_trainings")
    max_chunks = math.inf if limit is None else limit * len(config["tasks"]) * NUM_CHUNKS
    return config["num_programs"], max_chunks


def _to_fittest(records: RunStore) -> Fittest:
    """As it is after all that is recorded."""
    fittest = Fittest()
    for fate in records.iter_outcomes(0):
        fittest.add(*fate)
    return fittest


@dataclasses.dataclass
class RunProgress:
    """Counts of a run so far, updated as it goes on.

    Attributes:
        total: individuals that the run will have at most.
        max_chunks: chunks of training after which it ends; infinite if it does not.
        population_size: how many of them are the initial program.
        num_programs: individuals of the history.
        num_before: of these, when this session began.
        num_evaluated: different programs among them that were trained.
        num_equivalent: different programs that took the outcome of an elder with the same
            functional fingerprint.
        num_reevaluated: later evaluations, with another seed.
        num_chunks: chunks of training that all these ran, if the run is limited by them.
        reasons: their outcomes.
        first, best: the first individual, and the fittest so far.
        recent: (statements, needed statements) of the last population.
        seconds: wall clock of this session since its workers are ready.
    """

    total: int
    population_size: int
    max_chunks: float = math.inf
    num_programs: int = 0
    num_before: int = 0
    num_evaluated: int = 0
    num_equivalent: int = 0
    num_reevaluated: int = 0
    num_chunks: int = 0
    statuses: Counter[Status] = dataclasses.field(default_factory=Counter)
    first: StoredProgram | None = None
    best: StoredProgram | None = None
    recent: deque[tuple[int, int]] = dataclasses.field(default_factory=deque)
    seconds: float = 0.0
    _fittest: Fittest | None = None
    """Of a run whose programs are evaluated again: there the best may lose its place."""
    _find: Callable[[int], StoredProgram] | None = None
    """A recorded individual, by its number."""
    _known: set[str] = dataclasses.field(default_factory=set, repr=False)
    """Fingerprints of the history, and names of its outcomes."""

    @classmethod
    def of_records(cls, records: RunStore) -> "RunProgress":
        """The progress of a recorded run."""
        population_size = records.info()["config"]["evolution"]["population_size"]
        total, max_chunks = _limits(records)
        count = records.count()
        reasons = Counter(records.count_by_status())
        fingerprints, outcomes = records.fingerprints(), records.outcome_names()
        return cls(
            total,
            population_size,
            max_chunks,
            num_programs=count,
            num_before=count,
            num_evaluated=reasons.total(),
            num_equivalent=len(fingerprints - outcomes),
            num_reevaluated=sum(EvaluationId.parse(name).number > 1 for name in outcomes),
            num_chunks=records.num_chunks() if math.isfinite(max_chunks) else 0,
            statuses=reasons,
            first=records.row(0) if count else None,
            best=records.best(),
            recent=deque(records.lengths(population_size), maxlen=population_size),
            _fittest=_to_fittest(records) if records.is_reevaluated else None,
            _find=records.row,
            _known=fingerprints | outcomes,
        )

    def add(self, row: StoredProgram, num_chunks: int = 0) -> None:
        """Counts one more individual.

        Args:
            row: its record.
            num_chunks: of the training that it is the first to need.
        """
        self.num_programs += 1
        self.num_chunks += num_chunks
        self.first = self.first or row
        outcome = str(row.outcome)
        if row.fingerprint not in self._known:
            if outcome == row.fingerprint:
                self.num_evaluated += 1
                self.statuses[row.status] += 1
            else:
                self.num_equivalent += 1
        self.num_reevaluated += row.outcome.number > 1 and outcome not in self._known
        self._known |= {row.fingerprint, outcome}
        self.recent.append((row.num_statements, row.num_needed))
        self._rank(row)

    def _rank(self, row: StoredProgram) -> None:
        """Looks whether another program is the best now."""
        if self._fittest is None:
            if row.fitness_or_neg_inf > (
                -math.inf if self.best is None else self.best.fitness_or_neg_inf
            ):
                self.best = row
            return
        index = row.individual.index
        self._fittest.add(index, row.outcome, row.fitness)
        best = self._fittest.best
        if best is None:
            self.best = None
        elif best == index:
            self.best = row
        elif self.best is None or best != self.best.individual.index:
            assert self._find is not None
            self.best = self._find(best)

    def knows(self, outcome: EvaluationId) -> bool:
        """Whether an individual of the history has that outcome."""
        return str(outcome) in self._known

    @property
    def is_done(self) -> bool:
        """Whether the run is at its end."""
        return self.num_programs >= self.total or self.num_chunks >= self.max_chunks

    @property
    def expected_total(self) -> int:
        """Individuals that the run will have at the pace of its training so far."""
        if self.num_chunks >= self.max_chunks:
            return self.num_programs
        share = self.num_chunks / self.max_chunks
        return min(self.total, round(self.num_programs / share)) if share else self.total

    @property
    def num_children(self) -> int:
        """Individuals that were bred."""
        return max(0, self.num_programs - self.population_size)

    @property
    def num_hits(self) -> int:
        """Children whose fingerprint was known."""
        return self.num_children - max(0, self.num_evaluated - 1) - self.num_equivalent

    @property
    def redundant_share(self) -> float:
        """The share of statements that are redundant, in the last population."""
        num_statements = sum(statements for statements, _ in self.recent)
        num_needed = sum(needed for _, needed in self.recent)
        return 1 - num_needed / num_statements if num_statements else 0.0

    @property
    def children_per_second(self) -> float:
        """Of this session; the initial population is not bred."""
        num_before = max(self.num_before, self.population_size)
        return max(0, self.num_programs - num_before) / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float:
        """At the pace so far; infinite before there is one."""
        rate = self.children_per_second
        return (self.expected_total - self.num_programs) / rate if rate else math.inf
