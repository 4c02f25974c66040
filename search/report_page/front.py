"""The programs that no other beats in rank, length and memory, for a run of any config."""

import heapq
from typing import Any

from lionhunt.dsl.analysis.canonical import canonicalize
from lionhunt.dsl.analysis.work import Cost, measure_cost
from lionhunt.search.evaluation.ranking import or_neg_inf
from lionhunt.search.evolution.front import Front, Point
from lionhunt.search.report_page.history import HistoryColumns
from lionhunt.search.storage.run_store import RunStore

BEST_OF_LENGTH = 10
"""Programs of each length, the best by rank, whose memory is measured if the run has no costs."""


def summarize_memory_front(records: RunStore, history: HistoryColumns) -> dict[str, Any]:
    """Return the front of rank, length and memory.

    Returns:
        `is_whole`, False if only the best of each length were compared, and `members`, the
        cheapest first: `index`, `rank`, and the costs `state` and `length`.
    """
    recorded = dict(records.costs())
    candidates = _first_births(history) if recorded else _best_of_each_length(history)
    front, costs = Front(num_remembered=1), {}
    for index in candidates:
        cost = recorded.get(history.fingerprint[index]) or _measure(records, index)
        costs[index] = cost
        front.add(index, Point(or_neg_inf(history.rank[index]), (cost.length, cost.state)))
    members = front.at(candidates[-1] + 1) if candidates else ()
    return {
        "is_whole": bool(recorded),
        "members": [
            {"index": i, "rank": history.rank[i], **costs[i]._asdict()}
            for i in members
            if history.rank[i] is not None
        ],
    }


def _measure(records: RunStore, index: int) -> Cost:
    return measure_cost(canonicalize(records.row(index).individual.program))


def _first_births(history: HistoryColumns) -> list[int]:
    """Return the individuals with a rank whose program is new, by birth."""
    return [i for i, is_new in enumerate(history.is_new) if is_new and history.rank[i] is not None]


def _best_of_each_length(history: HistoryColumns) -> list[int]:
    """Return the best new programs of each length by rank, in order of birth."""
    by_length: dict[int, list[tuple[float, int]]] = {}
    for index in _first_births(history):
        best = by_length.setdefault(history.num_needed[index], [])
        entry = (or_neg_inf(history.rank[index]), -index)
        if len(best) < BEST_OF_LENGTH:
            heapq.heappush(best, entry)
        else:
            heapq.heappushpop(best, entry)
    return sorted(-index for best in by_length.values() for _, index in best)
