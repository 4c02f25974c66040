"""A run: builds the parts, loops, and yields what happened; the only reader of the clock."""

import functools
import importlib.metadata
import platform
import time
from collections import deque
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from dsl.bytecode import assemble, assemble_canonical
from dsl.fingerprint import Identity, fingerprint, identify
from dsl.identities import reachable
from dsl.program import Program
from dsl.text import parse
from proxy_tasks import Task
from search.config import RunConfig, TaskOptions, parse_run_config
from search.config_file import ConfigError
from search.evaluate import Evaluator
from search.evolution import Individual, breed, initial_individual, window
from search.fitness import to_outcome
from search.hurdles import Curves, set_hurdles
from search.job import Hurdles, Job
from search.open_pool import open_pool_of
from search.outcome import Measurement, Reason
from search.pool import Pool
from search.progress import Progress
from search.ray_session import LOCAL
from search.records import Records, Row
from search.run_file import RecordError
from search.source import SourceError, find_program

VERSIONS_OF = ("lionhunt", "jax", "jaxlib", "numpy", "optax", "equinox", "ray", "scikit-learn")


def load_initial(name: str) -> Program:
    """The program that a run begins with; raises `ConfigError` if it is none."""
    try:
        return find_program(name).program
    except SourceError as error:
        raise ConfigError(f"initial: {error}") from None


def describe_run(config: RunConfig, initial: Program) -> dict[str, Any]:
    """What a run is, for its records: enough to go on with it, and to tell where it ran."""
    return {
        "config": config.model_dump(mode="json"),
        "initial": str(initial),
        "tasks": describe_tasks([options.build() for options in config.tasks]),
    } | describe_environment()


def describe_tasks(tasks: Sequence[Task]) -> list[dict[str, Any]]:
    """Tasks for records, each under a name of its own."""
    families = [task.name for task in tasks]
    counts = [families[: i + 1].count(family) for i, family in enumerate(families)]
    names = [f if n == 1 else f"{f}_{n}" for f, n in zip(families, counts, strict=True)]
    return [
        {
            "name": name,
            "metric": task.metric,
            "higher_is_better": task.higher_is_better,
            "digest": task.digest,
        }
        for name, task in zip(names, tasks, strict=True)
    ]


def describe_environment() -> dict[str, Any]:
    """The versions of what results depend on, and the machine."""
    return {
        "versions": {name: importlib.metadata.version(name) for name in VERSIONS_OF}
        | {"python": platform.python_version()},
        "machine": f"{platform.machine()} {platform.system()}",
    }


def load_run(records: Records) -> tuple[RunConfig, Program]:
    """The configuration and the initial program of a recorded run."""
    info = records.info()
    return parse_run_config(info["config"], str(records.path)), parse(info["initial"])


def make_scorer(
    options: Sequence[TaskOptions],
    seed: int,
    functions: Collection[str],
    batch_size: int = 1,
) -> Evaluator:
    """What scores candidates; called where they are scored.

    Args:
        options: of the tasks.
        seed: of candidates that are given none of their own.
        functions: those that candidates may have.
        batch_size: candidates that train side by side.
    """
    return Evaluator([task.build() for task in options], seed, functions, batch_size)


def candidate_functions(config: RunConfig, initial: Program) -> frozenset[str]:
    """The functions that the canonical forms of a run's programs may have."""
    first = {statement.op for statement in initial.statements}
    return reachable(first.union(config.mutation.to_space().functions))


def open_pool(
    options: Sequence[TaskOptions],
    seed: int,
    functions: Collection[str],
    *,
    num_workers: int,
    candidate_seconds: float,
    cache: Path | None = None,
    batch_size: int = 1,
    memory_gib: float | None = None,
    ray_address: str = LOCAL,
) -> AbstractContextManager[Pool]:
    """A place where candidates are scored; see `make_scorer` and `open_pool_of`."""
    return open_pool_of(
        functools.partial(make_scorer, options, seed, functions, batch_size),
        num_workers=num_workers,
        candidate_seconds=candidate_seconds,
        cache=cache,
        batch_size=batch_size,
        memory_gib=memory_gib,
        ray_address=ray_address,
    )


@contextmanager
def start_pool(
    config: RunConfig,
    initial: Program,
    num_workers: int,
    cache: Path | None = None,
    ray_address: str | None = None,
) -> Iterator[tuple[Pool, Measurement]]:
    """The place where the candidates of a run are scored, started.

    Args:
        config: of the run.
        initial: the program it begins with.
        num_workers: Ray workers; 0 scores in this process.
        cache: see `open_pool_of`.
        ray_address: where workers are; None for where the config says.

    Yields:
        The pool, and what it saw of the initial program.

    Raises:
        ConfigError: the initial program does not train on the tasks.
    """
    opened = open_pool(
        config.tasks,
        config.seed,
        candidate_functions(config, initial),
        num_workers=num_workers,
        candidate_seconds=config.evaluation.candidate_seconds,
        cache=cache,
        batch_size=config.evaluation.batch_size,
        memory_gib=config.evaluation.worker_memory_gib,
        ray_address=ray_address or config.evaluation.ray_address,
    )
    with opened as pool:
        reference = pool.start(Job("reference", assemble(initial)))
        if reference.reason is not Reason.OK:
            raise ConfigError(
                f"the initial program does not train on the tasks ({reference.reason.value}); "
                "choose others"
            )
        yield pool, reference


class _Born(NamedTuple):
    """A child that waits for its outcome, or for that of an elder."""

    individual: Individual
    identity: Identity


class Search:
    """The loop of a run: children are bred ahead, scored anywhere, and recorded in order.

    Args:
        config: of the run.
        initial: the program it begins with.
        records: its file, open to write; what is there already is the beginning of the history.
        pool: where candidates are scored; it was started.
        reference: what the pool saw of the initial program: the measure of all others, and a stamp
            of the machine, since a run is not gone on with where it differs.

    Raises:
        RecordError: the reference differs from the recorded one.
    """

    def __init__(
        self,
        config: RunConfig,
        initial: Program,
        records: Records,
        pool: Pool,
        reference: Measurement,
    ):
        evolution = config.evolution
        self.progress = Progress.of_records(records, config.num_programs, evolution.population_size)
        self._config = config
        self._initial = initial
        self._records = records
        self._pool = pool
        self._reference = reference
        self._space = config.mutation.to_space()
        self._directions = [t["higher_is_better"] for t in records.info()["tasks"]]
        self._num_remembered = evolution.population_size + evolution.lag
        self._history: dict[int, Individual] = {}  # the last `_num_remembered`
        self._identities: dict[int, Identity] = {}
        self._rank: dict[int, float] = {}  # their fitness, minus infinity if none
        self._curves: dict[int, Curves] = {}  # if hurdles need them, of those with a fitness
        self._initial_curves: Curves = ()
        self._outcomes = records.outcome_summaries()  # by fingerprint
        self._known = records.fingerprints()  # of the recorded individuals
        self._in_flight: set[str] = set()
        self._born: deque[_Born] = deque()

    def run(self) -> Generator[Progress, None, None]:
        """Runs to the end, yielding now and then; everything yielded is recorded."""
        for row in self._records.rows(self.progress.num_programs - self._num_remembered):
            self._remember(row, identify(row.individual.program))
        self._check_reference()
        start = time.monotonic()
        while self.progress.num_programs < self.progress.total:
            self._breed_ahead()
            is_known = bool(self._born) and self._born[0].identity.fingerprint in self._outcomes
            seconds = 0.0 if is_known else 0.2  # what is known may let more be bred
            self._record_outcomes(self._pool.wait(seconds) if self._in_flight else [])
            self._record_individuals()
            self._records.commit()
            self.progress.seconds = time.monotonic() - start
            yield self.progress

    def _check_reference(self) -> None:
        """Records the scores of the initial program, or compares them with the recorded ones."""
        name = fingerprint(self._initial)
        recorded = self._records.measurement(name)
        self._initial_curves = (recorded or self._reference).curves
        if recorded is None:
            self._record_outcomes([(name, self._reference)])
        elif recorded.scores != self._reference.scores:
            raise RecordError(
                f"here the initial program scores {list(self._reference.scores)}, where the run "
                f"was made {list(recorded.scores)}; go on with it there, or start a new one"
            )

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
                individual = breed(
                    self._history,
                    self._rank.__getitem__,
                    index,
                    seed=self._config.seed,
                    population_size=evolution.population_size,
                    tournament_size=evolution.tournament_size,
                    lag=evolution.lag,
                    space=self._space,
                )
            self._born.append(self._examine(individual))

    def _examine(self, individual: Individual) -> _Born:
        """Names what an individual computes, and sends it out if that is new."""
        parent = individual.parent
        identity = identify(
            individual.program, None if parent is None else self._identities[parent]
        )
        name = identity.fingerprint
        if name not in self._outcomes and name not in self._in_flight:
            self._in_flight.add(name)
            bytecode = assemble_canonical(identity.canonical)
            self._pool.submit(Job(name, bytecode, hurdles=self._hurdles(individual.index)))
        return _Born(individual, identity)

    def _hurdles(self, index: int) -> Hurdles | None:
        """Those of child `index`, which is the first with its fingerprint."""
        evolution, hurdles = self._config.evolution, self._config.hurdles
        elders = {
            self._identities[elder].fingerprint: self._curves[elder]
            for elder in window(index, evolution.population_size, evolution.lag)
            if elder in self._curves
        }
        return set_hurdles(self._initial_curves, elders.values(), hurdles.slack, hurdles.percentile)

    def _record_outcomes(self, measured: list[tuple[str, Measurement]]) -> None:
        for name, measurement in measured:
            outcome = to_outcome(
                measurement,
                self._reference,
                self._directions,
                self._config.evaluation.combination,
            )
            self._in_flight.discard(name)
            self._outcomes[name] = (outcome.fitness, measurement.reason)
            self._records.add_outcome(name, outcome)

    def _record_individuals(self) -> None:
        """Records, in order of birth, every child that has an outcome."""
        while self._born and self._born[0].identity.fingerprint in self._outcomes:
            individual, identity = self._born.popleft()
            fitness, reason = self._outcomes[identity.fingerprint]
            num_statements = len(individual.program.statements)
            row = Row(
                individual,
                identity.fingerprint,
                num_statements,
                len(identity.needed),
                fitness,
                reason,
            )
            self._records.add_individual(row)
            self._remember(row, identity)
            self.progress.add(row, is_new=row.fingerprint not in self._known)
            self._known.add(row.fingerprint)

    def _remember(self, row: Row, identity: Identity) -> None:
        """Takes an individual into the history, and forgets one that is nobody's elder any more."""
        index = row.individual.index
        self._history[index] = row.individual
        self._identities[index] = identity
        self._rank[index] = row.rank
        if row.fitness is not None and self._config.hurdles.percentile is not None:
            measurement = self._records.measurement(row.fingerprint)
            assert measurement is not None  # of a recorded individual
            self._curves[index] = measurement.curves
        for remembered in (self._history, self._identities, self._rank, self._curves):
            remembered.pop(index - self._num_remembered, None)
