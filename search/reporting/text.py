"""Texts of values: durations, counts, JSON."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text


def duration(seconds: float) -> str:
    """Return seconds in the unit that suits them, to two digits."""
    for unit, length, limit in (("s", 1, 100), ("min", 60, 6000), ("h", 3600, 36 * 3600)):
        if seconds < limit:
            return f"{_two_digits(seconds / length)} {unit}"
    return f"{_two_digits(seconds / 86400)} days"


def clock(seconds: float) -> str:
    """Return seconds as hours, minutes and seconds; "unknown" for infinity."""
    if not math.isfinite(seconds):
        return "unknown"
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


def _two_digits(value: float) -> str:
    if value <= 0:
        return "0"
    num_decimals = 1 - math.floor(math.log10(value))
    return f"{round(value, num_decimals):,.{min(max(0, num_decimals), 6)}f}"


def finite_or_none(value: float) -> float | None:
    """Return a value for JSON, which has neither NaN nor infinity."""
    return float(value) if math.isfinite(value) else None


def print_json(value: dict[str, Any] | Sequence[dict[str, Any]]) -> None:
    """Print JSON on standard output."""
    print(json.dumps(value, indent=2))


def print_counts(console: Console, counts: dict[str, Any]) -> None:
    """Print named values, one a line."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, value in counts.items():
        is_number = isinstance(value, int | float)
        text = f"{value:,}" if isinstance(value, int) else f"{value:.3g}" if is_number else value
        table.add_row(name.replace("_", " "), Text(text, overflow="fold"))
    console.print(table)


def four_decimals(value: float) -> str:
    return f"{value:.4f}"


def counts_text(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items())) or "none"
