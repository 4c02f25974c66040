"""The loop of a selection: its stages, then meta-validation; it yields its progress."""

import functools
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from lionhunt.dsl.analysis.identities import reachable
from lionhunt.dsl.program import Program
from lionhunt.dsl.text.parser import parse
from lionhunt.search.config import parse_config
from lionhunt.search.driver.scoring import open_pool
from lionhunt.search.evaluation.seed_scores import SeedScores
from lionhunt.search.evolution.hyperparameters import untuned
from lionhunt.search.fields import TaskOptions
from lionhunt.search.selection.config import SelectConfig
from lionhunt.search.selection.measurements import Scoreboard
from lionhunt.search.selection.meta_overfitting import CheckpointScore
from lionhunt.search.selection.result import (
    CloserLook,
    RunCurve,
    SelectionResult,
    StageOptimizer,
    StageResult,
)
from lionhunt.search.selection.setup import META, WINNERS, complete_config
from lionhunt.search.selection.stage import FunnelStage, SelectionProgress
from lionhunt.search.selection.store import SelectionStore
from lionhunt.search.selection.winners.closer_look import look_closer
from lionhunt.search.workers.pool import Pool

MakePool = Callable[[Sequence[TaskOptions], int, frozenset[str]], AbstractContextManager[Pool]]
"""Opens a pool for tasks, given the seed of its first score and the functions of its programs."""


def open_pools(config: SelectConfig, num_workers: int) -> MakePool:
    """Return the maker of pools that train."""
    return functools.partial(
        open_pool,
        num_workers=num_workers,
        candidate_seconds=config.evaluation.candidate_seconds,
        ray_address=config.evaluation.ray_address,
    )


class SelectionLoop:
    """The loop of a selection; its result depends on the info in its records alone.

    Args:
        records: the store, open to write; its measurements are not repeated.
        make_pool: opens pools that measure programs.
    """

    def __init__(self, records: SelectionStore, make_pool: MakePool):
        info = records.info()
        config = complete_config(info["config"])
        self._config = parse_config(config, str(records.path), SelectConfig)
        self._info = info
        self._parts: dict[str, Any] = {part["name"]: part for part in info["parts"]}
        self._initial = parse(info["initial"])
        self._records = records
        self._make_pool = make_pool

    def run(self) -> Generator[SelectionProgress, None, SelectionResult]:
        """Run to the end and return the result; whatever is yielded is recorded already."""
        stages = yield from self._run_stages()
        look = yield from self._look_closer(stages)
        curves = yield from self._run_meta_validation()
        return SelectionResult(tuple(stages), tuple(curves), look)

    def _run_stages(self) -> Generator[SelectionProgress, None, list[StageResult]]:
        baselines = [
            _stage_optimizer(baseline["name"], baseline["program"], baseline["learning_rate"])
            for baseline in self._info["baselines"]
        ]
        candidates = [
            _stage_optimizer(candidate["name"], candidate["program"], 1.0, candidate["fitness"])
            for candidate in self._info["candidates"]
        ]
        results: list[StageResult] = []
        sizes = [stage.num_candidates for stage in self._config.stages]
        for number, config in enumerate(self._config.stages):
            optimizers = [*baselines, *candidates]
            part = self._info["parts"][number]
            programs = [optimizer.program for optimizer in optimizers]
            with self._scoreboard(part, config.tasks, programs) as board:
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
                result = yield from stage.run(optimizers)
            results.append(result)
            baselines = [e.to_next_stage() for e in result.entries if e.optimizer.is_baseline]
            candidates = [e.to_next_stage() for e in result.entries if e.is_promoted]
            if not candidates:
                break
        return results

    def _look_closer(
        self, stages: Sequence[StageResult]
    ) -> Generator[SelectionProgress, None, CloserLook | None]:
        """Look closer at the selected programs; None if there is none, or the config asks not."""
        is_complete = len(stages) == len(self._config.stages)
        if not is_complete or not any(entry.is_promoted for entry in stages[-1].entries):
            return None
        if WINNERS not in self._parts:
            return None
        return (
            yield from look_closer(
                self._config, self._parts, stages[-1], self._records, self._scoreboard
            )
        )

    def _run_meta_validation(self) -> Generator[SelectionProgress, None, list[RunCurve]]:
        part = self._parts[META]
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


def _stage_optimizer(
    name: str, text: str, learning_rate: float, search_fitness: float | None = None
) -> StageOptimizer:
    program = parse(text)
    return StageOptimizer(name, program, untuned(program, learning_rate), search_fitness)


def _point(checkpoint: dict[str, Any], scores: SeedScores) -> CheckpointScore:
    return CheckpointScore(
        checkpoint["progress"], checkpoint["index"], checkpoint["fitness"], *scores
    )
