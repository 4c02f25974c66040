"""The curves of a run over its number of programs, for TensorBoard."""

from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path

from lionhunt.search.driver.progress import RunProgress
from lionhunt.search.log import log
from lionhunt.search.trackers.event_file import EventFile

TENSORBOARD = "tensorboard"
"""The folder of event files, beside the records."""
NUM_POINTS, MAX_APART = 1000, 1000
"""Points of a curve, about; more where they would be further apart, in programs. It is programs,
not seconds, so that a run that is gone on with has the points of one that was not stopped."""


def draw_progress(
    events: Iterator[RunProgress], folder: Path
) -> Generator[RunProgress, None, None]:
    """Passes on what happens in a run, and draws it into event files in `folder`.

    Where they cannot be written, that is logged, and this session draws no more.
    """
    curves = None
    try:
        for progress in events:
            curves = curves or _Curves(folder, progress)
            curves.draw(progress)
            yield progress
    finally:
        if curves is not None:
            curves.close()


class _Curves:
    """The curves of a run, as far as they are drawn."""

    def __init__(self, folder: Path, progress: RunProgress):
        self._folder = folder
        self._every = max(1, min(progress.total // NUM_POINTS, MAX_APART))
        self._num_programs, self._seconds = progress.num_before, 0.0  # at the last point
        self._file: EventFile | None = None
        self._is_failed = False

    def draw(self, progress: RunProgress) -> None:
        """Adds a point if it is time for one."""
        is_next = progress.num_programs // self._every > self._num_programs // self._every
        if self._is_failed or not (is_next or progress.is_done):
            return
        try:
            if self._file is None:
                first_step = progress.num_before + 1 if progress.num_before else 0
                self._file = EventFile(self._folder, first_step)
            self._file.add(progress.num_programs, self._values(progress))
        except OSError as error:
            self._is_failed = True
            log("tensorboard_failed", message=str(error))
        self._num_programs, self._seconds = progress.num_programs, progress.seconds

    def close(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()

    def _values(self, progress: RunProgress) -> dict[str, float]:
        """The point of each curve; the pace is that since the last points."""
        seconds = progress.seconds - self._seconds
        values = {
            "cache_hit_rate": progress.num_hits / max(1, progress.num_children),
            "redundant_share": progress.redundant_share,
        }
        if seconds > 0:
            values["programs_per_second"] = (progress.num_programs - self._num_programs) / seconds
        if progress.best is not None:
            values["best_fitness"] = progress.best.fitness_or_neg_inf
        outcomes = {f"outcomes/{reason.value}": n for reason, n in progress.statuses.items()}
        return values | outcomes
