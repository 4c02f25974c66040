"""The loop of a run: it breeds ahead, scores in a pool, and records in order of birth."""

import time
from collections import deque
from collections.abc import Generator
from typing import Any, NamedTuple

from lionhunt.dsl.analysis.fingerprinting import AnalyzedProgram, analyze, fingerprint
from lionhunt.dsl.analysis.properties import missing
from lionhunt.dsl.execution.bytecode import assemble_canonical
from lionhunt.dsl.program import Program
from lionhunt.search.driver.config import RunConfig
from lionhunt.search.driver.evaluation_cache import EvaluationCache
from lionhunt.search.driver.gain_units import gain_units, known_programs, measure_known
from lionhunt.search.driver.garbage_collection import rare_garbage_collection
from lionhunt.search.driver.judging.judge import Judge
from lionhunt.search.driver.judging.user_functions import load_mutations
from lionhunt.search.driver.objectives.axes import Axes
from lionhunt.search.driver.objectives.cost_book import CostBook
from lionhunt.search.driver.objectives.elite import RunElite
from lionhunt.search.driver.progress import RunProgress
from lionhunt.search.driver.racing.fresh import missing_trainings
from lionhunt.search.driver.racing.race import Races, Settlement, further_job, prior_luck
from lionhunt.search.driver.recorded import Recorded
from lionhunt.search.driver.reference import measure_references
from lionhunt.search.driver.run_log import log_stopped
from lionhunt.search.driver.setup import summarize_setup
from lionhunt.search.driver.validation.validator import Validator
from lionhunt.search.evaluation.early_stopping import Curves, set_hurdles
from lionhunt.search.evaluation.job import Hurdles, Job
from lionhunt.search.evaluation.outcome import EvaluationId, Measurement, Status
from lionhunt.search.evaluation.seeds import evaluation_seed
from lionhunt.search.evaluation.step_sizes import Multiples, grids
from lionhunt.search.evolution.methods import make_breeder
from lionhunt.search.evolution.regularized import Individual, initial_individual, window
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.stored_program import StoredProgram
from lionhunt.search.workers.pool import Pool


class _Child(NamedTuple):
    """A child whose evaluation is not done, or not recorded."""

    individual: Individual
    identity: AnalyzedProgram
    outcome: EvaluationId


class Search:
    """The loop of a run.

    Args:
        config: configuration of the run.
        initial: program that evolution begins with.
        records: store of the run, open to write. The individuals in it begin the history.
        pool: started pool without other jobs.
        reference: the pool's measurement of the program of fitness 0. It also identifies the
            machine: a run cannot continue where this measurement differs.

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
        self._references = [reference]
        """Measurement of the reference in each evaluation."""
        self._judge: Judge
        """Made once the references are measured, as the races are."""
        self._evaluated: dict[str, Program] = {}
        """Program of each evaluation in flight."""
        self._num_remembered = evolution.population_size + evolution.lag
        """Number of the last individuals that the next four dictionaries hold."""
        self._history = Recorded(lambda index: records.row(index).individual)
        self._identities: dict[int, AnalyzedProgram] = {}
        """Analysis of the individuals of this session."""
        self._names = Recorded(lambda index: records.row(index).outcome._replace(number=1))
        """First evaluation of each individual."""
        self._curves: dict[int, tuple[str, Curves]] = {}
        """Owner and curves of individuals with a fitness, if hurdles need them."""
        self._outcomes = EvaluationCache(
            records,
            analyze(records.reference()),
            config.evaluation.functional_cache,
        )
        step = config.space.check(initial)
        self._costs = CostBook(config.objectives, records)
        self._axes = Axes(config.objectives, self._costs, records)
        self._elite = RunElite(self._axes, self._num_remembered, self._history, step)
        self._breed = make_breeder(
            evolution.method,
            initial,
            seed=config.seed,
            population_size=evolution.population_size,
            tournament_size=evolution.tournament_size,
            lag=evolution.lag,
            space=config.mutation.to_space(step, load_mutations(config)),
            selection=config.selection,
            elite=self._elite,
        )
        self._born: deque[_Child] = deque()
        self._validator = Validator(
            config, self.progress.validation, records, pool, self._summarize_setup
        )
        self._races: Races
        """Results of all programs; made once the references are measured."""

    def run(self) -> Generator[RunProgress, None, None]:
        """Run to the end and yield the progress after every step, once the step is recorded."""
        first = self.progress.num_programs - self._num_remembered
        needs_all = self._config.selection.needs_front or self._axes
        self._elite.read(self._records, 0 if needs_all else first)
        for index, outcome, rank in self._records.iter_outcomes(first):
            self._remember(index, outcome, rank)
        self._measure_references()
        self._validator.begin(self._references[0].multiples)
        with rare_garbage_collection():
            start = time.monotonic()
            while not self.progress.is_done:
                self._breed_ahead()
                # A cache hit may allow the next child, so the loop does not wait.
                seconds = 0.2 if self._settle_next() is None else 0.0
                self._receive(seconds)
                self._record_individuals()
                self._validator.submit()
                self._records.commit()
                self.progress.seconds = time.monotonic() - start
                yield self.progress
            for row, name in missing_trainings(self._records):
                self._train_further(name, analyze(row.individual.program))
            # Evaluations of children beyond the end of the run stay in the cache.
            self._validator.end()
            while self._is_waiting:
                self._receive(0.2)
                self._records.commit()
                yield self.progress

    def _measure_references(self) -> None:
        """Measure the reference in each evaluation; record what is new."""
        references = measure_references(
            self._references[0],
            records=self._records,
            pool=self._pool,
            seed=self._config.seed,
            num_evaluations=self._config.racing.num_evaluations,
            current_setup=self._summarize_setup,
        )
        self._references = list(references.values())
        program = self._records.reference()
        reference = fingerprint(program)
        known: dict[EvaluationId, Measurement] = {}
        tasks, units = self._records.info()["tasks"], None
        if self._config.evaluation.gain == "spread":
            known = measure_known(self._records, self._pool, self._config)
            measured = [each for name, each in known.items() if name.number == 1]
            directions = [task["higher_is_better"] for task in tasks]
            units = gain_units(self._references[0], measured, directions)
        self._judge = Judge(self._config.evaluation, tasks, units)
        recorded, _ = self._records.summary(EvaluationId(reference)) or (None, None)
        self._judge.check(program, self._references[0], recorded)
        programs = {reference: program} | (known_programs() if known else {})
        # Known optimizers are in the cache, as the reference is.
        for name, measurement in (known | references).items():
            if self._start(name, programs[name.owner]):
                self._record_outcomes([(str(name), measurement)])
        self._costs.add(analyze(program))
        self._races = Races(
            self._config.racing,
            self._outcomes,
            self._records,
            reference=reference,
            luck=prior_luck(
                self._config.racing,
                self._references,
                known,
                reference,
                lambda owner, *pair: self._judge.judge(programs[owner], *pair).fitness,
            ),
            cost=self._costs.discount,
            would_enter=self._elite.would_enter,
        )

    def _summarize_setup(self) -> dict[str, Any]:
        """Return the setup of the run on this machine."""
        return summarize_setup(self._config, self._initial, self._records.reference())

    @property
    def _is_waiting(self) -> bool:
        return self._outcomes.is_waiting or self._validator.is_waiting

    def _receive(self, seconds: float) -> None:
        """Wait for measurements, and record them."""
        measured = self._pool.wait(seconds) if self._is_waiting else []
        self._record_outcomes(self._validator.take(measured))

    def _breed_ahead(self) -> None:
        """Breed every child whose candidate parents are recorded, and submit new programs."""
        evolution = self._config.evolution
        while True:
            index = self.progress.num_programs + len(self._born)
            if index >= self.progress.total:
                return
            if index < evolution.population_size:
                individual = initial_individual(index, self._initial)
            else:
                parents = window(index, evolution.population_size, evolution.lag)
                if parents.stop > self.progress.num_programs:
                    return
                individual = self._breed(
                    self._history, self._elite.rank, index, identities=self._identities
                )
            self._born.append(self._submit(individual))

    def _submit(self, individual: Individual) -> _Child:
        """Assign an evaluation to an individual, and submit it to the pool if it is new."""
        parent = individual.parent
        identity = analyze(
            individual.program, None if parent is None else self._identities.get(parent)
        )
        is_costly = self._costs.is_exceeded(identity)
        # A cheaper program with its functional fingerprint must not share its rejection.
        alone = EvaluationId(identity.fingerprint)
        outcome = alone if is_costly else self._outcomes.assign(identity)
        is_new = self._start(outcome, individual.program)
        if is_new and (is_costly or missing(identity.canonical, self._config.space.require)):
            self._record_outcomes([(str(outcome), Measurement(Status.REJECTED))])
        elif is_new:
            bytecode = assemble_canonical(identity.canonical)
            seed = evaluation_seed(self._config.seed, outcome.number)
            hurdles = self._hurdles(individual.index, outcome.number)
            multiples = self._multiples(individual)
            job = Job(str(outcome), bytecode, seed, hurdles=hurdles, multiples=multiples)
            self._pool.submit(job)
        return _Child(individual, identity, outcome)

    def _multiples(self, individual: Individual) -> tuple[Multiples, ...]:
        """Return the multiples of its update that a new program trains with, for each task."""
        step_sizes = self._config.evaluation.step_sizes
        if not step_sizes:
            return ()
        centers = self._references[0].multiples
        if individual.parent is not None:
            of_parent = self._outcomes.multiples(self._names[individual.parent])
            # A parent that failed has none for later tasks.
            centers = of_parent if len(of_parent) == len(centers) else centers
        return grids(centers, step_sizes)

    def _hurdles(self, index: int, number: int) -> Hurdles | None:
        """Return the hurdles of child `index`, the first in an evaluation of that number."""
        evolution, hurdles = self._config.evolution, self._config.hurdles
        curves: dict[str, Curves] = {}
        # The window may hold thousands of candidate parents.
        if self._curves:
            parents = window(index, evolution.population_size, evolution.lag)
            curves = dict(self._curves[parent] for parent in parents if parent in self._curves)
        initial = self._references[number - 1].curves
        return set_hurdles(initial, curves.values(), hurdles.slack, hurdles.percentile)

    def _record_outcomes(self, measured: list[tuple[str, Measurement]]) -> None:
        for name, measurement in measured:
            log_stopped(name, measurement)
            reference = self._references[EvaluationId.parse(name).number - 1]
            program = self._evaluated.pop(name)
            outcome = self._judge.judge(program, measurement, reference)
            self._axes.add(name, outcome.objectives)
            self._outcomes.record(name, outcome)

    def _start(self, name: EvaluationId, program: Program) -> bool:
        """Mark an evaluation of a program as in flight; return False if it is so, or is done."""
        is_new = self._outcomes.start(name)
        if is_new:
            self._evaluated[str(name)] = program
        return is_new

    def _settle_next(self) -> Settlement | None:
        """Return the result of the next child; submit its race, and return None before.

        Until a validation is done, nobody knows whether there is a next child.
        """
        if self.progress.is_done or self._validator.is_pending or not self._born:
            return None
        child = self._born[0]
        return self._races.settle(
            child.outcome, lambda name: self._train_further(name, child.identity)
        )

    def _train_further(self, name: EvaluationId, identity: AnalyzedProgram) -> None:
        """Submit a further training of a program, unless it is in flight."""
        if self._start(name, identity.program):
            seed = self._config.seed
            self._pool.submit(further_job(name, identity.canonical, self._outcomes, seed))

    def _record_individuals(self) -> None:
        """Record, in order of birth, every child whose evaluation is done, up to the run's end."""
        while (settled := self._settle_next()) is not None:
            individual, identity, _ = self._born.popleft()
            row = StoredProgram(
                individual,
                identity.fingerprint,
                len(individual.program.statements),
                len(identity.needed),
                *settled.at_cost(self._costs.discount(identity.fingerprint)),
                multiples=self._outcomes.multiples(settled.outcome),
            )
            self._records.add_individual(row)
            self._history[individual.index] = individual
            self._identities[individual.index] = identity
            self._elite.add(row)
            self._remember(individual.index, row.outcome, row.rank)
            self.progress.add(row, self._num_chunks(row.outcome))

    def _num_chunks(self, outcome: EvaluationId) -> int:
        """Return the chunks of training of a new program; 0 if the run does not limit them."""
        if self._config.max_trainings is None or self.progress.knows(outcome):
            return 0
        return sum(self._outcomes.measurement(name).num_chunks for name in outcome.up_to())

    def _remember(self, index: int, outcome: EvaluationId, rank: float | None) -> None:
        """Remember an individual; forget the one that leaves the window of candidate parents."""
        first = outcome._replace(number=1)
        self._names[index] = first
        if rank is not None and self._config.hurdles.percentile is not None:
            self._curves[index] = first.owner, self._outcomes.measurement(first).curves
        for remembered in (self._history, self._identities, self._names, self._curves):
            remembered.pop(index - self._num_remembered, None)
