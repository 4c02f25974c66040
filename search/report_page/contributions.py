"""Counts of children that are better than their parents, by mutation and by function."""

import re
from collections import Counter
from collections.abc import Collection
from typing import Any

from lionhunt.dsl.op_table import OPS
from lionhunt.search.report_page.history import HistoryColumns
from lionhunt.search.report_page.thinning import running_maxima
from lionhunt.search.storage.run_store import RunStore

MAX_COMPARED = 5_000
"""Children whose statements are compared with those of their parents, at equal distances."""

_BY_SYMBOL = {op.symbol: op.name for op in OPS.values() if op.symbol}
_CALL = re.compile(r"\s*\S+ = (\w+)\(")
_INFIX = re.compile(r"\s*\S+ = \S+ (\S) \S+$")


def summarize_mutations(history: HistoryColumns) -> list[dict[str, Any]]:
    """Return counts for each kind of mutation, the commonest first.

    Returns:
        For each kind the `children`, those with a `new` program, those that `failed`, those of a
        higher rank than their parent (`better`), the largest such `gain`, and the new `bests`.
    """
    counts: dict[str, Counter[str]] = {}
    gains: dict[str, float] = {}
    bests = set(running_maxima(history.rank))
    for child, parent in enumerate(history.parent):
        if parent is None:
            continue
        kind = history.mutation[child]
        count = counts.setdefault(kind, Counter())
        gain = _gain(history, child, parent)
        count["children"] += 1
        count["new"] += history.is_new[child]
        count["failed"] += history.rank[child] is None
        count["better"] += gain > 0
        count["bests"] += child in bests
        gains[kind] = max(gains.get(kind, 0.0), gain)
    names = ("children", "new", "failed", "better", "bests")
    rows = [
        {"mutation": kind, "gain": gains[kind]} | {name: count[name] for name in names}
        for kind, count in counts.items()
    ]
    return sorted(rows, key=lambda row: (-row["children"], row["mutation"]))


def _gain(history: HistoryColumns, child: int, parent: int) -> float:
    """Return the gain in rank of a child over a parent; 0 if either has none."""
    new, old = history.rank[child], history.rank[parent]
    return 0.0 if new is None or old is None else new - old


def summarize_functions(
    records: RunStore, history: HistoryColumns, max_compared: int = MAX_COMPARED
) -> dict[str, Any]:
    """Return how often each function was added and removed, and how often the child was better.

    Returns:
        `compared`, the number of children, and `functions`, a row for each function: `added`,
        `added_better`, `removed` and `removed_better`.
    """
    children = [i for i, parent in enumerate(history.parent) if parent is not None]
    children = children[:: max(1, -(-len(children) // max_compared))]
    wanted = {*children, *(history.parent[i] for i in children)}
    texts = _texts(records, wanted)
    counts: dict[str, Counter[str]] = {}
    for child in children:
        parent = history.parent[child]
        assert parent is not None
        is_better = _gain(history, child, parent) > 0
        new, old = (Counter(texts[i].splitlines()) for i in (child, parent))
        for verb, lines in (("added", new - old), ("removed", old - new)):
            for name in {name for line in lines if (name := _function(line)) is not None}:
                count = counts.setdefault(name, Counter())
                count[verb] += 1
                count[f"{verb}_better"] += is_better
    names = ("added", "added_better", "removed", "removed_better")
    rows: list[dict[str, Any]] = [
        {"function": function} | {name: count[name] for name in names}
        for function, count in counts.items()
    ]
    rows.sort(key=lambda row: (-row["added_better"], -row["added"], row["function"]))
    return {"compared": len(children), "functions": rows}


def _texts(records: RunStore, wanted: Collection[int | None]) -> dict[int, str]:
    """Return the texts of some individuals, as bred."""
    return {i: text for i, (text,) in enumerate(records.columns("program")) if i in wanted}


def _function(line: str) -> str | None:
    """Return the function of a line of program text; None if it is no statement."""
    if (call := _CALL.match(line)) is not None:
        return call[1] if call[1] in OPS else None
    infix = _INFIX.match(line)
    return None if infix is None else _BY_SYMBOL.get(infix[1])
