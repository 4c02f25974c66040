"""Hall of fame of a run: the best program of every length, and the gain by a longer one.

Cranmer, 2023 (arXiv:2305.01582), has such a table and such a score for symbolic regression.
"""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from rich import box
from rich.table import Table

from lionhunt.dsl.analysis.properties import faults, known_properties
from lionhunt.search.reporting.text import four_decimals
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.stored_program import StoredProgram


class Member(NamedTuple):
    """The best program of a length, the number of statements that it needs.

    Attributes:
        row: its record.
        score: gain in rank over the best shorter program, for each further statement. None if
            there is no gain, or no shorter program.
        is_fitter: True if its rank is above that of every shorter one.
    """

    row: StoredProgram
    score: float | None
    is_fitter: bool


def hall_of_fame(records: RunStore) -> Iterator[Member]:
    """Yield the members, the shortest first."""
    fittest: StoredProgram | None = None
    for row in records.best_by_length():
        score, is_fitter = None, row.rank_or_neg_inf > -math.inf
        if fittest is not None:
            gain = row.rank_or_neg_inf - fittest.rank_or_neg_inf
            is_fitter = gain > 0
            score = gain / (row.num_needed - fittest.num_needed) if is_fitter else None
        yield Member(row, score, is_fitter)
        fittest = row if is_fitter else fittest


def summarize_hall_of_fame(records: RunStore) -> list[dict[str, Any]]:
    """Return the members as plain dictionaries."""
    return [
        {
            "length": member.row.num_needed,
            "index": member.row.individual.index,
            "fitness": member.row.fitness,
            "rank": member.row.rank,
            "score": member.score,
            "is_fitter": member.is_fitter,
            "faults": list(faults(known_properties(member.row.program))),
        }
        for member in hall_of_fame(records)
    ]


def hall_table(hall: list[dict[str, Any]]) -> Table:
    """Return a table of the members that rank above every shorter one."""
    # Without races and costs, the rank of a program is its fitness.
    is_ranked = any(member["rank"] != member["fitness"] for member in hall)
    ranks = ("rank",) if is_ranked else ()
    heads = ("statements", "fitness", *ranks, "gain by statement", "program", "")
    table = Table(*heads, box=box.SIMPLE)
    for member in hall:
        if member["is_fitter"]:
            numbers = [member[key] for key in ("fitness", *ranks)]
            score = "" if member["score"] is None else f"{member['score']:.4f}"
            cells = (member["length"], *map(four_decimals, numbers), score, member["index"])
            table.add_row(*map(str, cells), ", ".join(member["faults"]))
    return table
