"""A closer look at the selected programs, on seeds that no decision saw.

Baselines and selected programs enter one more stage. Ablations enter it too: a selected program
without one of its functions or states. Their learning rates are tuned as all others are. Then
baselines and selected programs train for fewer steps, each with its whole schedule.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from lionhunt.dsl.edits.ablations import list_ablations
from lionhunt.dsl.program import Program
from lionhunt.search.evolution.hyperparameters import untuned
from lionhunt.search.fields import TaskOptions
from lionhunt.search.selection.config import SelectConfig
from lionhunt.search.selection.measurements import Scoreboard
from lionhunt.search.selection.result import (
    Ablation,
    CloserLook,
    Entry,
    LengthScores,
    StageOptimizer,
    StageResult,
)
from lionhunt.search.selection.setup import WINNERS, shorter_part
from lionhunt.search.selection.stage import FunnelStage, SelectionProgress
from lionhunt.search.selection.store import SelectionStore

OpenScoreboard = Callable[
    [dict[str, Any], Sequence[TaskOptions], Sequence[Program]], AbstractContextManager[Scoreboard]
]
"""Opens the measurements of a part, given its tasks and programs."""


def look_closer(
    config: SelectConfig,
    parts: Mapping[str, dict[str, Any]],
    last_stage: StageResult,
    records: SelectionStore,
    open_scoreboard: OpenScoreboard,
) -> Generator[SelectionProgress, None, CloserLook]:
    """Look closer at the programs that the last stage selected; all that is yielded is recorded.

    Args:
        config: config of the selection.
        parts: its parts by name.
        last_stage: result of the last stage.
        records: store of the selection.
        open_scoreboard: opens the measurements of a part.
    """
    selected = [entry for entry in last_stage.entries if entry.is_promoted]
    baselines = [entry for entry in last_stage.entries if entry.optimizer.is_baseline]
    ablations = tuple(_list_ablations(selected) if config.winners.drop_one else ())
    fitness = {entry.optimizer.name: entry.optimizer.search_fitness for entry in selected}
    optimizers = [entry.to_next_stage() for entry in (*baselines, *selected)]
    optimizers += [
        StageOptimizer(a.name, a.removal.program, untuned(a.removal.program), fitness[a.winner])
        for a in ablations
    ]
    tasks, part = config.winners_tasks, parts[WINNERS]
    with open_scoreboard(part, tasks, [optimizer.program for optimizer in optimizers]) as board:
        stage = FunnelStage(
            WINNERS,
            board,
            records,
            config.winners.tuning,
            part["tuning_seeds"],
            part["final_seeds"],
            config.seed,
            "interval",
            num_promoted=0,
        )
        result = yield from stage.run(optimizers)
        look = CloserLook(result, ablations, ())
        full = _length_scores(board, tasks, look.timed, part["final_seeds"])
    lengths = []
    for share in config.winners.horizons:
        name = shorter_part(share)
        shorter = [task.shortened(share) for task in tasks]
        programs = [entry.tuned for entry in look.timed]
        with open_scoreboard(parts[name], shorter, programs) as board:
            for done, total in board.measure(programs, part["final_seeds"]):
                yield SelectionProgress(name, "final seeds", done, total)
            lengths.append(_length_scores(board, shorter, look.timed, part["final_seeds"]))
    return look._replace(lengths=(*lengths, full))


def _list_ablations(selected: Sequence[Entry]) -> list[Ablation]:
    return [
        Ablation(entry.optimizer.name, number, removal)
        for entry in selected
        for number, removal in enumerate(list_ablations(entry.tuned), start=1)
    ]


def _length_scores(
    board: Scoreboard, tasks: Sequence[TaskOptions], entries: Sequence[Entry], seeds: Sequence[int]
) -> LengthScores:
    return LengthScores(
        tuple(task.scaled_steps for task in tasks),
        {
            # An optimizer whose trials all failed has no final trainings.
            entry.optimizer.name: tuple(board.task_scores(entry.tuned, seed) for seed in seeds)
            if entry.best
            else ((),) * len(seeds)
            for entry in entries
        },
    )
