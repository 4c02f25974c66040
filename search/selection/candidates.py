"""Candidates of a selection, the fittest programs of its runs, and the baselines to beat."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from lionhunt.dsl.analysis.canonical import canonicalize
from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.dsl.analysis.functional_equivalence import functional_fingerprint
from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.program import Program
from lionhunt.search.driver.config import parse_run_config
from lionhunt.search.errors import ConfigError, SourceError
from lionhunt.search.selection.config import BaselineConfig
from lionhunt.search.selection.meta_overfitting import Checkpoint, checkpoints
from lionhunt.search.storage.program_ref import find_program
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.stored_program import StoredProgram


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A program of a run.

    Attributes:
        name: RUN:INDEX.
        program: its live statements.
        fitness: fitness in its run.
        rank: rank in its run.
    """

    name: str
    program: Program
    fitness: float
    rank: float


@dataclasses.dataclass(frozen=True)
class RunSummary:
    """The contribution of a run to a selection.

    Attributes:
        path: path of the run, as given.
        digest: digest of its history.
        info: its config and tasks, and the program of fitness 0 as "initial".
        candidates: its fittest programs, the fittest first, without duplicates.
        checkpoints: its best program so far, at points of its progress.
    """

    path: str
    digest: str
    info: dict[str, Any]
    candidates: tuple[Candidate, ...]
    checkpoints: tuple[Checkpoint, ...]

    @property
    def seed(self) -> int:
        return self.info["config"]["seed"]


def summarize_candidates_of_run(
    path: Path, num_candidates: int, num_checkpoints: int, skip_equivalent: bool
) -> RunSummary:
    """Read the candidates and checkpoints of a run.

    Raises:
        RecordError: there is no run, or it is damaged.
    """
    with RunStore.open_to_read(path) as records:
        records.check()
        fittest = (to_candidate(path, row) for row in records.fittest())
        return RunSummary(
            str(path),
            records.history_digest(),
            records.info() | {"initial": str(records.reference())},
            tuple(first_of_kind(fittest, num_candidates, skip_equivalent)),
            tuple(checkpoints(records, num_checkpoints)),
        )


def to_candidate(path: Path, row: StoredProgram) -> Candidate:
    """Return a program of a run as a candidate.

    Args:
        path: folder of the run.
        row: its record.
    """
    name = f"{path}:{row.individual.index}"
    program = simplify(row.program)
    return Candidate(name, program, row.fitness_or_neg_inf, row.rank_or_neg_inf)


def first_of_kind(
    candidates: Iterable[Candidate], num_candidates: int, skip_equivalent: bool
) -> Iterator[Candidate]:
    """Yield the first candidates, without repeated programs.

    Args:
        candidates: candidates in order.
        num_candidates: the largest number to yield.
        skip_equivalent: whether programs that agree on a probe count as repeated, too.
    """
    name_of: Callable[[Program], str] = _functional if skip_equivalent else fingerprint
    names: set[str] = set()
    for candidate in candidates:
        if len(names) == num_candidates:
            return
        name = name_of(candidate.program)
        if name not in names:
            names.add(name)
            yield candidate


def _functional(program: Program) -> str:
    return functional_fingerprint(canonicalize(program))


def choose_candidates(
    runs: Sequence[RunSummary], num_candidates: int, skip_equivalent: bool
) -> tuple[Candidate, ...]:
    """Return the fittest programs of all runs.

    Raises:
        ConfigError: the runs cannot be ranked together, or have no program with a fitness.
    """
    first = runs[0]
    for number, run in enumerate(runs):
        for key, value in _measure_of_fitness(run).items():
            if value != _measure_of_fitness(first)[key]:
                raise ConfigError(
                    f"{first.path} and {run.path} differ in their {key}, so that their fitness "
                    "cannot be compared; select from each by itself"
                )
        if run.digest in (other.digest for other in runs[:number]):
            raise ConfigError(f"{run.path} is given twice, or a copy of it; name each run once")
    ranked = sorted(
        (candidate for run in runs for candidate in run.candidates),
        key=lambda candidate: -candidate.rank,
    )
    chosen = tuple(first_of_kind(ranked, num_candidates, skip_equivalent))
    if not chosen:
        raise ConfigError(f"{first.path} has no program with a fitness yet; resume it first")
    return chosen


def _measure_of_fitness(run: RunSummary) -> dict[str, Any]:
    """Return the settings that define fitness; they agree in comparable runs."""
    config = parse_run_config(run.info["config"], run.path, loads_code=False)
    evaluation = config.evaluation
    return {
        "tasks": run.info["tasks"],
        "initial": run.info["initial"],
        "combination": evaluation.combination,
        "weights": evaluation.weights,
        "racing": config.racing,
    }


def load_baseline(config: BaselineConfig) -> Program:
    """Return the live statements of a baseline; raise `ConfigError` if there is no program."""
    try:
        return simplify(find_program(config.program).program)
    except SourceError as error:
        raise ConfigError(f"baselines: {error}") from None
