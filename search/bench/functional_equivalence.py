"""Merges by the functional fingerprint in a run, and false ones among them."""

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

from lionhunt.dsl.analysis.canonical import canonicalize
from lionhunt.dsl.analysis.functional_equivalence import (
    KEPT_BITS,
    name_of_updates,
    updates_on_probe,
)
from lionhunt.search.evaluation.outcome import Measurement
from lionhunt.search.storage.run_store import RunStore

SAME = 0.02
"""Relative difference of scores up to which two trainings count as equal.

Rounding causes as much (results/LOG.md): updates times 1 + 2**-23 changed the scores of 60 programs
by up to 0.017.
"""

TRIED_BITS = (8, 12, KEPT_BITS, 20, 24)


def bench_functional(records: RunStore) -> dict[str, Any]:
    """Count the merges that the functional fingerprint would have made in a run.

    Programs with one functional fingerprint would share the outcome of the first of them. Each of
    them was trained, unless the run has a functional cache; programs that it merged do not count.
    A merge is false if its own outcome has another status, or a score that differs by more than
    `SAME`. The count is repeated with other numbers of bits of the mantissa.
    """
    evaluated: dict[str, tuple[dict[int, str], Measurement]] = {}
    for row in records.rows():
        if row.fingerprint in evaluated:
            continue
        measurement = records.measurement(row.fingerprint)
        # A program that the cache merged has no measurement of its own.
        if measurement is not None:
            updates = updates_on_probe(canonicalize(row.individual.program))
            names = {bits: name_of_updates(updates, bits) for bits in TRIED_BITS}
            evaluated[row.fingerprint] = names, measurement
    by_bits = [
        {"bits": bits, **_count_merges((names[bits], own) for names, own in evaluated.values())}
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
    """Count merges by their result.

    Args:
        programs: functional fingerprint and measurement of each program, in order of birth.
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
    """Return the largest relative difference of their scores; infinite if the status differs."""
    if one.status is not other.status:
        return math.inf
    scores = zip(one.scores, other.scores, strict=True)
    return max((abs(a - b) / max(abs(a), abs(b), 1e-30) for a, b in scores), default=0.0)
