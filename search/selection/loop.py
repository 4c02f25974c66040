"""A selection: builds its parts, loops over the stages, and yields how far it is."""

import dataclasses
import functools
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from lionhunt.dsl.analysis.identities import reachable
from lionhunt.dsl.program import Program
from lionhunt.dsl.text.parser import parse
from lionhunt.search.config import parse_config
from lionhunt.search.driver.scoring import open_pool
from lionhunt.search.evolution.hyperparameters import untuned
from lionhunt.search.fields import TaskOptions
from lionhunt.search.selection.config import SelectConfig
from lionhunt.search.selection.measurements import Scoreboard
from lionhunt.search.selection.meta_overfitting import CheckpointScore
from lionhunt.search.selection.promotion import Scores
from lionhunt.search.selection.setup import META
from lionhunt.search.selection.stage import Contender, FunnelStage, SelectionProgress, StageResult
from lionhunt.search.selection.store import SelectionStore
from lionhunt.search.workers.pool import Pool

MakePool = Callable[[Sequence[TaskOptions], int, frozenset[str]], AbstractContextManager[Pool]]
"""Opens a pool for tasks, from the seed of its first score and the functions of its candidates."""


@dataclasses.dataclass(frozen=True)
class RunCurve:
    """Meta-validation over the progress of a run.

    Attributes:
        path: of the run.
        points: in order.
    """

    path: str
    points: tuple[CheckpointScore, ...]


@dataclasses.dataclass(frozen=True)
class SelectionResult:
    """What came of a selection.

    Attributes:
        stages: those that candidates reached.
        curves: one a run.
    """

    stages: tuple[StageResult, ...]
    curves: tuple[RunCurve, ...]


def open_pools(config: SelectConfig, num_workers: int, cache: Path) -> MakePool:
    """The real pools of a selection."""
    return functools.partial(
        open_pool,
        num_workers=num_workers,
        candidate_seconds=config.evaluation.candidate_seconds,
        cache=cache,
        ray_address=config.evaluation.ray_address,
    )


class Selection:
    """The loop of a selection: a function of what its file says it is, and nothing else.

    Args:
        records: open to write; what is there already is not measured again.
        make_pool: where programs are measured.
    """

    def __init__(self, records: SelectionStore, make_pool: MakePool):
        info = records.info()
        self._config = parse_config(info["config"], str(records.path), SelectConfig)
        self._info = info
        self._initial = parse(info["initial"])
        self._records = records
        self._make_pool = make_pool

    def run(self) -> Generator[SelectionProgress, None, SelectionResult]:
        """Runs to the end, yielding now and then; everything yielded is recorded."""
        stages = yield from self._run_stages()
        curves = yield from self._run_meta_validation()
        return SelectionResult(tuple(stages), tuple(curves))

    def _run_stages(self) -> Generator[SelectionProgress, None, list[StageResult]]:
        baselines, candidates = self._contenders()
        results: list[StageResult] = []
        sizes = [stage.num_candidates for stage in self._config.stages]
        for number, config in enumerate(self._config.stages):
            contenders = [*baselines, *candidates]
            part = self._info["parts"][number]
            with self._scoreboard(part, config.tasks, [c.program for c in contenders]) as board:
                stage = FunnelStage(
                    part["name"],
                    board,
                    self._records,
                    config.tuning,
                    part["tuning_seeds"],
                    part["final_seeds"],
                    self._config.seed,
                    self._config.beats,
                    num_promoted=sizes[min(number + 1, len(sizes) - 1)],
                )
                result = yield from stage.run(contenders)
            results.append(result)
            baselines = [e.promoted() for e in result.entries if e.contender.is_baseline]
            candidates = [e.promoted() for e in result.entries if e.goes_on]
            if not candidates:
                break
        return results

    def _contenders(self) -> tuple[list[Contender], list[Contender]]:
        """The baselines and the candidates as they enter the first stage."""
        baselines = [
            _contender(baseline["name"], baseline["program"], baseline["learning_rate"], None)
            for baseline in self._info["baselines"]
        ]
        candidates = [
            _contender(candidate["name"], candidate["program"], 1.0, candidate["fitness"])
            for candidate in self._info["candidates"]
        ]
        return baselines, candidates

    def _run_meta_validation(self) -> Generator[SelectionProgress, None, list[RunCurve]]:
        part = self._info["parts"][-1]
        seeds = part["final_seeds"]
        runs = [
            (run["path"], [(point, parse(point["program"])) for point in run["checkpoints"]])
            for run in self._info["runs"]
        ]
        programs = [program for _, points in runs for _, program in points]
        with self._scoreboard(part, self._config.meta_tasks, programs) as board:
            for done, total in board.measure(programs, seeds):
                yield SelectionProgress(META, "best programs so far", done, total)
            return [
                RunCurve(path, tuple(_point(p, board.scores(q, seeds)) for p, q in points))
                for path, points in runs
            ]

    def _scoreboard(
        self, part: dict[str, Any], tasks: Sequence[TaskOptions], programs: Sequence[Program]
    ) -> Scoreboard:
        names = {s.op for program in (self._initial, *programs) for s in program.statements}
        seed = (part["tuning_seeds"] or part["final_seeds"])[0]
        # Tuning multiplies updates.
        functions = reachable(names | {"multiply"})
        return Scoreboard(
            part["name"],
            self._records,
            self._initial,
            seed,
            [task["higher_is_better"] for task in part["tasks"]],
            self._config.evaluation.combination,
            functools.partial(self._make_pool, tasks, seed, functions),
        )


def _contender(
    name: str, text: str, learning_rate: float, search_fitness: float | None
) -> Contender:
    program = parse(text)
    return Contender(name, program, untuned(program, learning_rate), search_fitness)


def _point(checkpoint: dict[str, Any], scores: Scores) -> CheckpointScore:
    return CheckpointScore(
        checkpoint["progress"],
        checkpoint["index"],
        checkpoint["fitness"],
        scores.by_seed,
        scores.status,
    )
