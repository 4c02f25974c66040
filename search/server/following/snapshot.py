"""A snapshot of a run: what its page shows, computed once for all who look."""

import dataclasses
import enum
from collections import Counter
from collections.abc import Sequence
from typing import Any

from lionhunt.search.driver.progress import is_at_end
from lionhunt.search.report_page import charts
from lionhunt.search.report_page.contributions import summarize_mutations
from lionhunt.search.report_page.history import HistoryColumns, summarize_parts
from lionhunt.search.report_page.run import row_of_best
from lionhunt.search.report_page.thinning import running_maxima, thin
from lionhunt.search.storage.run_store import RunStore

NUM_BESTS = 50
"""Rows of the table of new bests, the last ones."""


class RunState(enum.StrEnum):
    """The state of a run."""

    RUNNING = "running"
    STOPPED = "stopped"
    COMPLETE = "complete"


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """A run at one moment.

    Attributes:
        state: of the run.
        count: programs that were read.
        recorded: programs of the file.
        total: largest number of programs.
        best: number of the best program; None if none has a fitness.
        bests: new bests by rank, the last first.
        hall: the best program of each length that ranks above all shorter ones.
        outcomes: programs by the end of their evaluation.
        mutations: see `summarize_mutations`.
        charts: see `search.report_page.charts`.
        line: births and fitness of the new bests, for a comparison of runs.
        config: of the run.
        tasks: name, metric and direction of each task.
    """

    state: RunState
    count: int
    recorded: int
    total: int
    best: dict[str, Any] | None
    bests: list[dict[str, Any]]
    hall: list[dict[str, Any]]
    outcomes: dict[str, int]
    mutations: list[dict[str, Any]]
    charts: dict[str, charts.Chart]
    line: tuple[list[int], list[float | None]]
    config: dict[str, Any]
    tasks: list[dict[str, Any]]

    @property
    def version(self) -> str:
        """Return a text that changes with the snapshot."""
        return f"{self.count}-{self.recorded}-{self.state}"

    @property
    def is_last(self) -> bool:
        """Return True if nothing will change any more."""
        return self.state is RunState.COMPLETE and self.count == self.recorded


def take_snapshot(records: RunStore, history: HistoryColumns, is_running: bool) -> Snapshot:
    """Return the snapshot of the programs that were read.

    Args:
        records: of the run.
        history: columns of the programs that were read.
        is_running: a process writes the run.
    """
    info, recorded = records.info(), records.count()
    state = RunState.RUNNING if is_running else RunState.STOPPED
    if not is_running and is_at_end(records):
        state = RunState.COMPLETE
    maxima = running_maxima(history.rank)
    hall = _best_by_length(history)
    parts = summarize_parts(history)
    shown = thin(history.fitness, [*hall, *maxima[-NUM_BESTS:]])
    return Snapshot(
        state,
        len(history),
        recorded,
        info["config"]["num_programs"],
        row_of_best(history, maxima[-1]) if maxima else None,
        [row_of_best(history, index) for index in reversed(maxima[-NUM_BESTS:])],
        [row_of_best(history, index) for index in hall],
        dict(Counter(history.reason).most_common()),
        summarize_mutations(history),
        {
            "history": charts.history_chart(history, shown, hall, (), "best of each length"),
            "shares": charts.shares_chart(parts),
            "outcomes": charts.outcomes_chart(parts),
        },
        (maxima, [history.fitness[index] for index in maxima]),
        info["config"],
        info["tasks"],
    )


def _best_by_length(history: HistoryColumns) -> Sequence[int]:
    """Return the first best program of each length, if it ranks above all shorter ones."""
    best: dict[int, tuple[float, int]] = {}
    for index, (length, rank) in enumerate(zip(history.num_needed, history.rank, strict=True)):
        if rank is not None and (length not in best or rank > best[length][0]):
            best[length] = (rank, index)
    members, highest = [], float("-inf")
    for _, (rank, index) in sorted(best.items()):
        if rank > highest:
            members.append(index)
            highest = rank
    return members
