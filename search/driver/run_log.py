"""Events of a run in its log: its beginning, its progress and its end."""

import os
import platform
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lionhunt.search.driver.progress import RunProgress
from lionhunt.search.environment import summarize_environment
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.log import log, write_log
from lionhunt.search.workers.retry import MAX_TRIES

PROGRESS_SECONDS = 30.0
"""Wall clock between two events about the progress of a run."""


@contextmanager
def log_run(file: Path, num_programs: int, **fields: Any) -> Iterator[None]:
    """Log the beginning and the end of the body, and all events between them.

    Args:
        file: log of the run.
        num_programs: programs that the run has; with any, the run is resumed.
        fields: further fields of the first event.
    """
    with write_log(file):
        place = {"pid": os.getpid(), "host": platform.node()} | summarize_environment()
        event = "resumed" if num_programs else "started"
        log(event, programs=num_programs, **fields, **place)
        try:
            yield
        except KeyboardInterrupt:
            log("interrupted")
            raise
        except Exception as error:
            log("failed", error=type(error).__name__, message=str(error))
            raise
        log("ended")


def log_progress(events: Iterator[RunProgress]) -> Generator[RunProgress, None, None]:
    """Pass on the events of a run; log its progress at intervals, and at the end."""
    last, progress = 0.0, None
    for progress in events:
        if progress.seconds - last >= PROGRESS_SECONDS:
            log("progress", **_fields(progress))
            last = progress.seconds
        yield progress
    if progress is not None and progress.seconds > last:
        log("progress", **_fields(progress))


def log_stopped(name: str, measurement: Measurement) -> None:
    """Log a candidate, by its fingerprint, if its training did not end by itself."""
    status = measurement.status
    if status in MAX_TRIES:
        fields: dict[str, Any] = {"candidate": name, "seconds": measurement.seconds}
        if status is Status.RAISED:
            fields["error"], _, fields["message"] = measurement.error.partition(": ")
        log(f"candidate_{status.value}", **fields)


def _fields(progress: RunProgress) -> dict[str, Any]:
    best = progress.best
    return {
        "programs": progress.num_programs,
        "total": progress.total,
        "evaluated": progress.num_evaluated,
        "equivalent": progress.num_equivalent,
        "raced": progress.num_raced,
        "race_trainings": progress.num_race_trainings,
        "cache_hits": progress.num_hits,
        "redundant_share": round(progress.redundant_share, 4),
        "outcomes": {status.value: count for status, count in progress.statuses.items()},
        "best": None if best is None else best.individual.index,
        "best_fitness": None if best is None else best.fitness,
        "seconds": round(progress.seconds, 3),
        "children_per_second": round(progress.children_per_second, 3),
    }
