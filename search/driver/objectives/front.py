"""The Pareto front of a recorded run, for its summary."""

from typing import Any

from rich import box
from rich.table import Table

from lionhunt.dsl.analysis.properties import faults, known_properties
from lionhunt.dsl.analysis.work import Cost
from lionhunt.search.config import parse_config
from lionhunt.search.driver.objectives.config import ObjectivesConfig
from lionhunt.search.driver.objectives.cost_book import CostBook
from lionhunt.search.evaluation.ranking import or_neg_inf
from lionhunt.search.evolution.front import Front, Point
from lionhunt.search.reporting.text import four_decimals
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.stored_program import StoredProgram


def read_front(records: RunStore) -> list[tuple[StoredProgram, Cost]]:
    """Return the members of a run's front with their costs, the cheapest first.

    Returns:
        No member for a run whose front has no axes; its best program would be the only one.
    """
    # A run of an earlier version has no objectives.
    raw = records.info()["config"].get("objectives", {})
    objectives = parse_config(raw, str(records.path), ObjectivesConfig)
    if not objectives.front:
        return []
    costs, front = CostBook(objectives, records), Front(num_remembered=1)
    for index, name, rank in records.columns("index", "fingerprint", "rank"):
        front.add(index, Point(or_neg_inf(rank), objectives.axes(costs.find(name))))
    rows = map(records.row, front.at(records.count()))
    return [(row, cost) for row in rows if (cost := costs.find(row.fingerprint)) is not None]


def summarize_front(records: RunStore) -> list[dict[str, Any]]:
    """Return the members of a run's front as plain dictionaries; see `read_front`."""
    return [
        {
            "index": row.individual.index,
            "fitness": row.fitness,
            "rank": row.rank,
            **cost._asdict(),
            "faults": list(faults(known_properties(row.individual.program))),
        }
        for row, cost in read_front(records)
    ]


def front_table(front: list[dict[str, Any]]) -> Table:
    """Return a table of the result of `summarize_front`."""
    table = Table("state", "length", "work", "fitness", "rank", "program", "", box=box.SIMPLE)
    for member in front:
        costs = (str(member[name]) for name in ("state", "length", "work"))
        values = (four_decimals(member["fitness"]), four_decimals(member["rank"]))
        faults_text = ", ".join(member["faults"])
        table.add_row(*costs, *values, str(member["index"]), faults_text)
    return table
