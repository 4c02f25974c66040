"""What a run tells of itself in its log: how it begins, goes on and ends."""

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
"""Wall clock between two lines on how far a run is."""


@contextmanager
def log_run(file: Path, num_programs: int, **fields: Any) -> Iterator[None]:
    """Writes what is told in the body, and how that begins and ends.

    Args:
        file: of the log.
        num_programs: that the run has; it is gone on with if there are any.
        fields: more to tell of the beginning.
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
    """Passes on what happens in a run, and tells how far it is now and then, and at the end."""
    last, progress = 0.0, None
    for progress in events:
        if progress.seconds - last >= PROGRESS_SECONDS:
            log("progress", **_fields(progress))
            last = progress.seconds
        yield progress
    if progress is not None and progress.seconds > last:
        log("progress", **_fields(progress))


def log_stopped(name: str, measurement: Measurement) -> None:
    """Tells of a candidate, by its fingerprint, that did not end by itself."""
    reason = measurement.status
    if reason in MAX_TRIES:
        told: dict[str, Any] = {"candidate": name, "seconds": measurement.seconds}
        if reason is Status.RAISED:
            told["error"], _, told["message"] = measurement.error.partition(": ")
        log(f"candidate_{reason.value}", **told)


def _fields(progress: RunProgress) -> dict[str, Any]:
    best = progress.best
    return {
        "programs": progress.num_programs,
        "total": progress.total,
        "evaluated": progress.num_evaluated,
        "equivalent": progress.num_equivalent,
        "evaluated_again": progress.num_reevaluated,
        "cache_hits": progress.num_hits,
        "redundant_share": round(progress.redundant_share, 4),
        "outcomes": {reason.value: count for reason, count in progress.statuses.items()},
        "best": None if best is None else best.individual.index,
        "best_fitness": None if best is None else best.fitness,
        "seconds": round(progress.seconds, 3),
        "children_per_second": round(progress.children_per_second, 3),
    }
