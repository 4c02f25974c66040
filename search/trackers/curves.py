"""Curves of a run over its number of programs, for any tool that keeps points."""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import suppress
from typing import Protocol

from lionhunt.search.driver.progress import RunProgress
from lionhunt.search.log import log

NUM_POINTS, MAX_APART = 1000, 1000
"""Number of points of a curve, and the largest number of programs between two of them.

Points depend on programs, not on seconds: a resumed run has the points of an undisturbed one.
"""


class PointSink(Protocol):
    """A tool that keeps the points of one session."""

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Add a point to each curve, by its name."""

    def close(self, is_done: bool) -> None:
        """End the session; `is_done` says that the run is at its end."""


OpenSink = Callable[[int], PointSink]
"""Opens the tool for a session, given the programs that earlier sessions have recorded."""


def draw_curves(
    events: Iterator[RunProgress], tool: str, open_sink: OpenSink
) -> Generator[RunProgress, None, None]:
    """Pass on the events of a run, and draw its curves.

    If the tool fails, this logs the error, and the session draws no more.

    Args:
        events: of the run.
        tool: its name in the log.
        open_sink: called before the first point.
    """
    curves = None
    try:
        for progress in events:
            curves = curves or _Curves(tool, open_sink, progress)
            curves.draw(progress)
            yield progress
    finally:
        if curves is not None:
            curves.close()


class _Curves:
    """The curves that this session has drawn so far."""

    def __init__(self, tool: str, open_sink: OpenSink, progress: RunProgress):
        self._tool, self._open_sink = tool, open_sink
        self._every = max(1, min(progress.total // NUM_POINTS, MAX_APART))
        self._num_before = progress.num_before
        # Of the last point.
        self._num_programs, self._seconds = progress.num_before, 0.0
        self._sink: PointSink | None = None
        self._is_done = self._is_failed = False

    def draw(self, progress: RunProgress) -> None:
        """Add a point if one is due."""
        self._is_done = progress.is_done
        is_next = progress.num_programs // self._every > self._num_programs // self._every
        if self._is_failed or not (is_next or progress.is_done):
            return
        try:
            if self._sink is None:
                self._sink = self._open_sink(self._num_before)
            self._sink.add(progress.num_programs, self._values(progress))
        # A tool of others, with a network below it, may raise anything. The run goes on.
        except Exception as error:
            self._is_failed = True
            log(f"{self._tool}_failed", message=str(error) or type(error).__name__)
        self._num_programs, self._seconds = progress.num_programs, progress.seconds

    def close(self) -> None:
        if self._sink is not None:
            with suppress(Exception):
                self._sink.close(self._is_done)

    def _values(self, progress: RunProgress) -> dict[str, float]:
        """Return the point of each curve; the pace is the mean since the last point."""
        seconds = progress.seconds - self._seconds
        values = {
            "cache_hit_rate": progress.num_hits / max(1, progress.num_children),
            "redundant_share": progress.redundant_share,
        }
        if seconds > 0:
            values["programs_per_second"] = (progress.num_programs - self._num_programs) / seconds
        if progress.best is not None:
            values["best_fitness"] = progress.best.fitness_or_neg_inf
        outcomes = {f"outcomes/{status.value}": n for status, n in progress.statuses.items()}
        return values | outcomes
