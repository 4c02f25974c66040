"""The search among the programs of a run."""

import math
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from lionhunt.dsl.op_table import OPS
from lionhunt.search.server import render
from lionhunt.search.server.following.program_index import IndexEntry, ProgramQuery
from lionhunt.search.server.following.snapshot import Snapshot
from lionhunt.search.server.names import to_run
from lionhunt.search.storage.run_store import RunStore

NUM_ROWS = 50
"""Rows of a page."""
MAX_SECONDS = 0.1
"""Time after which a page ends with what it has, and leads to the rest."""
MAX_TEXT = 200
"""Characters of a text that is looked for."""


class Choices(NamedTuple):
    """Values that a run has, for the fields of the form."""

    mutations: list[str]
    reasons: list[str]
    functions: list[str]


class Found(NamedTuple):
    """Programs of one page.

    Attributes:
        entries: the programs, the best rank first.
        after: `place` and `index` where the next page begins; None if there are no more programs.
        num_seen: programs that were compared with the query.
    """

    entries: list[IndexEntry]
    after: tuple[float, int] | None
    num_seen: int


def show(request: Request) -> Response:
    """Return the page of the programs that fulfil the query of the address."""
    served, name = request.app.state.served, request.path_params["name"]
    folder = to_run(served.root, name)
    follower = served.followers.of(folder)
    snapshot = follower.look()
    given = request.query_params
    query, problem = _read_query(given)
    with RunStore.open_to_read(folder) as records:
        entries = follower.index.find(query, _read_place(given))
        found = _take(entries, query.texts, records)
    rest = None
    if found.after is not None:
        rest = {**given, "place": repr(found.after[0]), "index": str(found.after[1])}
    return render.page(
        "live_find.html",
        name=name,
        title=folder.resolve().name,
        given=dict(given),
        choices=choices(snapshot),
        found=found,
        rest=rest,
        problem=problem,
        snapshot=snapshot,
    )


def choices(snapshot: Snapshot | None) -> Choices:
    """Return the values for the form of a run."""
    mutations = {row["mutation"] for row in snapshot.mutations} if snapshot else set()
    reasons = set(snapshot.outcomes) if snapshot else set()
    return Choices(sorted(mutations), sorted(reasons), sorted(OPS))


def _read_query(given: QueryParams) -> tuple[ProgramQuery, str]:
    """Return the query of an address, and what is wrong with it."""
    problem, min_fitness = "", None
    if text := given.get("fitness", "").strip():
        try:
            min_fitness = float(text)
        except ValueError:
            problem = f"the fitness is no number: {text[:MAX_TEXT]}"
    texts = [" ".join(given.get("text", "")[:MAX_TEXT].split())]
    if (op := OPS.get(given.get("function", ""))) is not None:
        texts.append(f" {op.symbol} " if op.symbol else f"{op.name}(")
    query = ProgramQuery(
        tuple(text.lower() for text in texts if text),
        given.get("fingerprint", "").strip().lower()[:MAX_TEXT],
        given.get("mutation", ""),
        given.get("reason", ""),
        None if min_fitness is None or math.isnan(min_fitness) else min_fitness,
    )
    return query, problem


def _read_place(given: QueryParams) -> tuple[float, int] | None:
    try:
        return float(given["place"]), min(int(given["index"]), 2**62)
    except (KeyError, ValueError):
        return None


def _take(entries: Iterator[IndexEntry], texts: tuple[str, ...], records: RunStore) -> Found:
    """Return the first programs that have all texts."""
    end = time.monotonic() + MAX_SECONDS
    taken: list[IndexEntry] = []
    for number, entry in enumerate(entries):
        if not texts or _has(records.text(entry.index), texts):
            taken.append(entry)
        if len(taken) == NUM_ROWS or time.monotonic() > end:
            return Found(taken, (entry.place, entry.index), number + 1)
    return Found(taken, None, len(taken))


def _has(program: str, texts: tuple[str, ...]) -> bool:
    lowered = program.lower()
    return all(text in lowered for text in texts)


def to_row(entry: IndexEntry) -> dict[str, Any]:
    """Return an entry as tables of programs take it."""
    return {
        "index": entry.index,
        "fitness": entry.fitness,
        "rank": entry.place if math.isfinite(entry.place) else None,
        "needed": entry.num_needed,
        "mutation": entry.mutation,
        "parent": entry.parent,
        "reason": entry.reason,
    }
