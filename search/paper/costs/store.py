"""Files of measured speeds. Times of another environment do not count."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lionhunt.search.environment import environment_differences, summarize_environment
from lionhunt.search.errors import RecordError
from lionhunt.search.paper.costs.speed import LeftOut, Speed, Speeds
from lionhunt.search.reporting.replaced_file import write_whole
from lionhunt.search.statistics import Interval


def read_or_measure(path: Path, measure: Callable[[], Speeds]) -> Speeds:
    """Return the speeds of a file; if there are none, measure them and write the file.

    Speeds of another machine, other versions or another source are measured again. So are speeds
    that left a size out.

    Raises:
        RecordError: the file cannot be read or written.
    """
    environment = summarize_environment()
    try:
        if path.exists():
            record = json.loads(path.read_text("utf-8"))
            is_same = not any(environment_differences(record["environment"], environment))
            if is_same and not record["left_out"]:
                return _from_json(record)
        measured = measure()
        record = {
            "speeds": [speed._asdict() for speed in measured.speeds],
            "left_out": [size._asdict() for size in measured.left_out],
            "environment": environment,
        }
        write_whole(path, json.dumps(record, indent=1))
    except OSError as error:
        raise RecordError(f"cannot use {path}: {error.strerror}; make room") from None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise RecordError(f"{path} is damaged; remove it to measure again") from None
    return measured


def _from_json(record: dict[str, Any]) -> Speeds:
    speeds = [Speed(**speed | {"ratio": Interval(*speed["ratio"])}) for speed in record["speeds"]]
    return Speeds(speeds, [LeftOut(**size) for size in record["left_out"]])
