"""How often the functional fingerprint merges programs of a run, and how often it is wrong."""

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lionhunt.dsl.analysis.canonical import canonicalize
from lionhunt.dsl.analysis.functional_equivalence import (
    KEPT_BITS,
    name_of_updates,
    updates_on_probe,
)
from lionhunt.search.evaluation.outcome import Measurement
from lionhunt.search.storage.run_store import RunStore

SAME = 0.02
"""Relative difference of scores up to which two trainings count as one. Rounding makes as much: an
update times 1 + 2**-23 changed the scores of 60 programs by up to 0.017 (results/LOG.md)."""

TRIED_BITS = (8, 12, KEPT_BITS, 20, 24)


def bench_functional(records: RunStore) -> dict[str, Any]:
    """What the functional fingerprint would have merged, also with other bits of the mantissa.

    All programs of the run with different fingerprints were trained, unless its config has a
    functional cache, in which those that it merged do not count. Those with one functional
    fingerprint would have shared the outcome of the first of them; a merge is false where the
    outcome of its own is another: another reason, or a score that differs by more than `SAME`.
    """
    evaluated: dict[str, tuple[dict[int, str], Measurement]] = {}
    for row in records.rows():
        if row.fingerprint in evaluated:
            continue
        measurement = records.measurement(row.fingerprint)
        if measurement is not None:  # it did not take the outcome of another
            updates = updates_on_probe(canonicalize(row.individual.program))
            names = {bits: name_of_updates(updates, bits) for bits in TRIED_BITS}
            evaluated[row.fingerprint] = names, measurement
    by_bits = [
        {"bits": bits, **_count_merges((names[bits], seen) for names, seen in evaluated.values())}
        for bits in TRIED_BITS
    ]
    chosen = by_bits[TRIED_BITS.index(KEPT_BITS)]
    return {
        "run": str(records.path),
        "evaluated": len(evaluated),
        **chosen,
        "by_bits": by_bits,
    }


def _count_merges(programs: Iterable[tuple[str, Measurement]]) -> dict[str, Any]:
    """Counts merges by what came of them.

    Args:
        programs: functional fingerprints, and what was seen of each, in order of birth.
    """
    first_of: dict[str, Measurement] = {}
    counts = Counter[str]()
    worst = 0.0
    for name, measurement in programs:
        first = first_of.setdefault(name, measurement)
        if first is measurement:
            continue
        difference = _difference(first, measurement)
        counts["merged"] += 1
        counts["equal"] += difference == 0.0
        counts["false"] += difference > SAME
        worst = max(worst, difference)
    return {
        "merged": counts["merged"],
        "equal": counts["equal"],
        "rounding": counts["merged"] - counts["equal"] - counts["false"],
        "false": counts["false"],
        "largest_difference": worst,
    }


def _difference(one: Measurement, other: Measurement) -> float:
    """The largest relative difference of their scores; infinite if one did not end as the other."""
    if one.status is not other.status:
        return math.inf
    scores = zip(one.scores, other.scores, strict=True)
    return max((abs(a - b) / max(abs(a), abs(b), 1e-30) for a, b in scores), default=0.0)


def print_bench_functional(console: Console, figures: dict[str, Any]) -> None:
    """Prints the counts, a line for each number of bits."""
    heads = ("bits kept", "merged", "same scores", "differ by rounding", "false")
    table = Table(*heads, "largest difference", box=box.SIMPLE)
    for found in figures["by_bits"]:
        counts = (found[key] for key in ("bits", "merged", "equal", "rounding", "false"))
        table.add_row(*(f"{count:,}" for count in counts), f"{found['largest_difference']:.3g}")
    console.print(Text(figures["run"], style="bold"))
    console.print(f"{figures['evaluated']:,} programs evaluated; {figures['bits']} bits are kept")
    console.print(table)
