"""The history of a run as columns, read in one pass, and its counts over equal parts."""

import dataclasses
from collections import Counter
from collections.abc import Iterable
from typing import Any

from lionhunt.search.storage.run_store import RunStore

COLUMNS = (
    *("parent", "mutation", "fitness", "rank", "reason"),
    *("num_statements", "num_needed", "fingerprint"),
)
"""Columns of the records that make a history, in order."""
NUM_PARTS = 60
"""Equal parts of the history over which counts are shown."""


@dataclasses.dataclass(frozen=True)
class HistoryColumns:
    """One value an individual in each list, by birth.

    Attributes:
        parent: number of the parent; None for an initial individual.
        mutation: kind of its mutation.
        fitness, rank: None for a failure.
        reason: end of its evaluation.
        num_statements, num_needed: statements, and needed ones.
        is_new: True if no individual before it has its fingerprint.
        fingerprint: of its program.
        known: one object for each text, which takes less memory.
    """

    parent: list[int | None]
    mutation: list[str]
    fitness: list[float | None]
    rank: list[float | None]
    reason: list[str]
    num_statements: list[int]
    num_needed: list[int]
    is_new: list[bool]
    fingerprint: list[str]
    known: dict[str, str]

    @classmethod
    def empty(cls) -> "HistoryColumns":
        """Return the columns of no individuals."""
        return cls([], [], [], [], [], [], [], [], [], {})

    def __len__(self) -> int:
        return len(self.parent)

    def extend(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Append the next individuals, as rows of `COLUMNS`."""
        known = self.known
        for *values, fingerprint in rows:
            parent, mutation, fitness, rank, reason, num_statements, num_needed = values
            self.parent.append(parent)
            self.mutation.append(known.setdefault(mutation, mutation))
            self.fitness.append(fitness)
            self.rank.append(rank)
            self.reason.append(known.setdefault(reason, reason))
            self.num_statements.append(num_statements)
            self.num_needed.append(num_needed)
            self.is_new.append(fingerprint not in known)
            self.fingerprint.append(known.setdefault(fingerprint, fingerprint))


def read_history(records: RunStore) -> HistoryColumns:
    """Read the columns of all individuals; the file was checked before."""
    history = HistoryColumns.empty()
    history.extend(records.columns(*COLUMNS))
    return history


def summarize_parts(history: HistoryColumns, num_parts: int = NUM_PARTS) -> list[dict[str, Any]]:
    """Return counts over equal parts of the history, in order, without empty parts.

    Returns:
        For each part its `end`, the share of children whose program was known (`hits`; None
        without children), the share of redundant statements, and the outcomes by reason.
    """
    count, parts = len(history), []
    for number in range(num_parts):
        start, end = (-(-count * k // num_parts) for k in (number, number + 1))
        if start == end:
            continue
        births = range(start, end)
        children = [i for i in births if history.parent[i] is not None]
        num_new = sum(history.is_new[i] for i in children)
        num_statements = sum(history.num_statements[start:end])
        num_needed = sum(history.num_needed[start:end])
        parts.append(
            {
                "end": end,
                "hits": 1 - num_new / len(children) if children else None,
                "redundant": 1 - num_needed / num_statements if num_statements else 0.0,
                "outcomes": dict(Counter(history.reason[start:end])),
            }
        )
    return parts
