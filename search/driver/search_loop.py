"""A run: builds the parts, loops, and yields what happened; the only reader of the clock."""

import math
import time
from collections import deque
from collections.abc import Generator
from typing import NamedTuple

from lionhunt.dsl.analysis.fingerprinting import AnalyzedProgram, analyze
from lionhunt.dsl.execution.bytecode import assemble_canonical
from lionhunt.dsl.program import Program
from lionhunt.search.driver.config import RunConfig
from lionhunt.search.driver.evaluation_cache import EvaluationCache
from lionhunt.search.driver.garbage_collection import collected_rarely
from lionhunt.search.driver.history import IndividualsByIndex
from lionhunt.search.driver.progress import RunProgress
from lionhunt.search.driver.reference import measure_references
from lionhunt.search.driver.run_log import log_stopped
from lionhunt.search.driver.setup import summarize_setup
from lionhunt.search.evaluation.early_stopping import Curves, set_hurdles
from lionhunt.search.evaluation.fitness import to_outcome
from lionhunt.search.evaluation.job import Hurdles, Job
from lionhunt.search.evaluation.outcome import EvaluationId, Measurement
from lionhunt.search.evaluation.reevaluation import evaluation_seed
from lionhunt.search.evolution.methods import make_breeder
from lionhunt.search.evolution.regularized import Individual, initial_individual, window
from lionhunt.search.storage.run_store import RunStore, StoredProgram
from lionhunt.search.workers.pool import Pool


class _Born(NamedTuple):
    """A child that waits for its outcome, or for that of an elder."""

    individual: Individual
    identity: AnalyzedProgram
    outcome: EvaluationId


class Search:
    """The loop of a run: children are bred ahead, scored anywhere, and recorded in order.

    Args:
        config: of the run.
        initial: the program it begins with.
        records: its file, open to write; what is there already is the beginning of the history.
        pool: where candidates are scored; it was started, and does nothing else.
        reference: what the pool saw of the program that has fitness 0: the measure of all others,
            and a stamp of the machine, since a run is not gone on with where it differs.

    Raises:
        RecordError: the reference differs from the recorded one.
    """

    def __init__(
        self,
        config: RunConfig,
        initial: Program,
        records: RunStore,
        pool: Pool,
        reference: Measurement,
    ):
        evolution = config.evolution
        self.progress = RunProgress.of_records(records)
        self._config = config
        self._initial = initial
        self._records = records
        self._pool = pool
        self._breed = make_breeder(
            evolution.method,
            initial,
            seed=config.seed,
            population_size=evolution.population_size,
            tournament_size=evolution.tournament_size,
            lag=evolution.lag,
            space=config.mutation.to_space(),
        )
        self._references = [reference]  # its measurement in each evaluation
        self._directions = [t["higher_is_better"] for t in records.info()["tasks"]]
        self._num_remembered = evolution.population_size + evolution.lag
        self._history = IndividualsByIndex(records)  # the last `_num_remembered`
        self._identities: dict[int, AnalyzedProgram] = {}  # of this session's
        self._rank: dict[int, float] = {}  # their fitness, minus infinity if none
        # If hurdles need them, whose they are and the curves, of those with a fitness.
        self._curves: dict[int, tuple[str, Curves]] = {}
        self._outcomes = EvaluationCache(
            records,
            analyze(records.reference()),
            config.evaluation.functional_cache,
            config.evaluation.to_reevaluation(),
        )
        self._born: deque[_Born] = deque()

    def run(self) -> Generator[RunProgress, None, None]:
        """Runs to the end, yielding now and then; everything yielded is recorded."""
        for fate in self._records.iter_outcomes(self.progress.num_programs - self._num_remembered):
            self._remember(*fate)
        self._measure_references()
        with collected_rarely():
            start = time.monotonic()
            while not self.progress.is_done:
                self._breed_ahead()
                is_known = bool(self._born) and self._born[0].outcome in self._outcomes
                seconds = 0.0 if is_known else 0.2  # what is known may let more be bred
                self._record_outcomes(self._pool.wait(seconds) if self._outcomes.is_waiting else [])
                self._record_individuals()
                self._records.commit()
                self.progress.seconds = time.monotonic() - start
                yield self.progress
            # What was bred beyond the end of training is kept.
            while self._outcomes.is_waiting:
                self._record_outcomes(self._pool.wait(0.2))
                self._records.commit()

    def _measure_references(self) -> None:
        """Records the reference's scores, or compares them with the recorded ones."""
        references = measure_references(
            self._references[0],
            records=self._records,
            pool=self._pool,
            seed=self._config.seed,
            num_evaluations=self._outcomes.max_evaluations,
            describe_here=lambda: summarize_setup(
                self._config, self._initial, self._records.reference()
            ),
        )
        self._references = list(references.values())
        for name, measurement in references.items():
            if self._outcomes.start(name):
                self._record_outcomes([(str(name), measurement)])

    def _breed_ahead(self) -> None:
        """Breeds every child whose elders all have an outcome, and sends new programs out."""
        evolution = self._config.evolution
        while True:
            index = self.progress.num_programs + len(self._born)
            if index >= self.progress.total:
                return
            if index < evolution.population_size:
                individual = initial_individual(index, self._initial)
            else:
                elders = window(index, evolution.population_size, evolution.lag)
                if elders.stop > self.progress.num_programs:
                    return
                individual = self._breed(
                    self._history, self._rank.__getitem__, index, identities=self._identities
                )
            self._born.append(self._examine(individual))

    def _examine(self, individual: Individual) -> _Born:
        """Names what an individual computes, and sends it out if it is to be evaluated."""
        parent = individual.parent
        identity = analyze(
            individual.program, None if parent is None else self._identities.get(parent)
        )
        outcome = self._outcomes.assign(identity)
        if self._outcomes.start(outcome):
            bytecode = assemble_canonical(identity.canonical)
            seed = evaluation_seed(self._config.seed, outcome.number)
            hurdles = self._hurdles(individual.index, outcome.number)
            self._pool.submit(Job(str(outcome), bytecode, seed, hurdles=hurdles))
        return _Born(individual, identity, outcome)

    def _hurdles(self, index: int, number: int) -> Hurdles | None:
        """Those of child `index`, which is the first in an evaluation of that number."""
        evolution, hurdles = self._config.evolution, self._config.hurdles
        elders: dict[str, Curves] = {}
        if self._curves:  # else there is no need to go through thousands of elders
            candidates = window(index, evolution.population_size, evolution.lag)
            elders = dict(self._curves[elder] for elder in candidates if elder in self._curves)
        initial = self._references[number - 1].curves
        return set_hurdles(initial, elders.values(), hurdles.slack, hurdles.percentile)

    def _record_outcomes(self, measured: list[tuple[str, Measurement]]) -> None:
        for name, measurement in measured:
            log_stopped(name, measurement)
            outcome = to_outcome(
                measurement,
                self._references[EvaluationId.parse(name).number - 1],
                self._directions,
                self._config.evaluation.combination,
                self._config.evaluation.weights,
            )
            self._outcomes.record(name, outcome)

    def _record_individuals(self) -> None:
        """Records, in order of birth, every child that has an outcome, up to the run's end."""
        while not self.progress.is_done and self._born and self._born[0].outcome in self._outcomes:
            individual, identity, outcome = self._born.popleft()
            row = StoredProgram(
                individual,
                identity.fingerprint,
                len(individual.program.statements),
                len(identity.needed),
                outcome,
                *self._outcomes.result_for(outcome),
            )
            self._records.add_individual(row)
            self._history[individual.index] = individual
            self._identities[individual.index] = identity
            self._remember(individual.index, outcome, row.fitness)
            self.progress.add(row, self._num_chunks(outcome))

    def _num_chunks(self, outcome: EvaluationId) -> int:
        """Chunks of training that an outcome took, if it is new, and the run limited by them."""
        if self._config.max_trainings is None or self.progress.knows(outcome):
            return 0
        return sum(map(len, self._outcomes.curves(outcome)))

    def _remember(self, index: int, outcome: EvaluationId, fitness: float | None) -> None:
        """Takes in what became of an individual; forgets one that is nobody's elder any more."""
        self._rank[index] = -math.inf if fitness is None else fitness
        if fitness is not None and self._config.hurdles.percentile is not None:
            self._curves[index] = outcome.owner, self._outcomes.curves(outcome)
        for remembered in (self._history, self._identities, self._rank, self._curves):
            remembered.pop(index - self._num_remembered, None)
