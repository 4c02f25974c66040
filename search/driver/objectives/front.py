"""The Pareto front of a recorded run, for its summary."""

from typing import Any

from rich import box
from rich.table import Table

from lionhunt.dsl.analysis.canonical import canonicalize
from lionhunt.dsl.analysis.properties import faults, find_properties
from lionhunt.dsl.analysis.work import Cost, measure_cost
from lionhunt.search.config import parse_config
from lionhunt.search.driver.objectives.axes import Axes
from lionhunt.search.driver.objectives.config import ObjectivesConfig
from lionhunt.search.driver.objectives.cost_book import CostBook
from lionhunt.search.evaluation.outcome import EvaluationId
from lionhunt.search.evolution.front import Front
from lionhunt.search.reporting.text import four_decimals
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.stored_program import StoredProgram


def read_front(records: RunStore) -> list[tuple[StoredProgram, Cost]]:
    """Return the members of a run's front with their costs, the cheapest first.

    Returns:
        No member for a run whose front has no axes; its best program would be the only one.
    """
    return [(row, cost) for row, cost, _ in _members(records)]


def _members(records: RunStore) -> list[tuple[StoredProgram, Cost, tuple[float, ...]]]:
    """Return the members of the front with their costs and with the user's objectives."""
    # A run of an earlier version has no objectives.
    raw = records.info()["config"].get("objectives", {})
    objectives = parse_config(raw, str(records.path), ObjectivesConfig)
    costs = CostBook(objectives, records)
    axes, front = Axes(objectives, costs, records), Front(num_remembered=1)
    if not axes:
        return []
    for index, name, outcome, rank in records.columns("index", "fingerprint", "outcome", "rank"):
        front.add(index, axes.point(name, EvaluationId.parse(outcome), rank))
    return [
        (
            row,
            costs.find(row.fingerprint) or measure_cost(canonicalize(row.individual.program)),
            axes.objectives(row.outcome),
        )
        for row in map(records.row, front.at(records.count()))
    ]


def summarize_front(records: RunStore) -> list[dict[str, Any]]:
    """Return the members of a run's front as plain dictionaries; see `read_front`."""
    return [
        {
            "index": row.individual.index,
            "fitness": row.fitness,
            "rank": row.rank,
            **cost._asdict(),
            "objectives": list(objectives),
            "faults": list(faults(find_properties(row.individual.program))),
        }
        for row, cost, objectives in _members(records)
    ]


def front_table(front: list[dict[str, Any]]) -> Table:
    """Return a table of the result of `summarize_front`."""
    # The first number that the user's function returns is the fitness.
    further = [f"objective {i + 2}" for i in range(len(front[0]["objectives"]) if front else 0)]
    heads = ("state", "length", "work", "fitness", *further, "rank", "program", "")
    table = Table(*heads, box=box.SIMPLE)
    for member in front:
        costs = (str(member[name]) for name in ("state", "length", "work"))
        values = (member["fitness"], *member["objectives"], member["rank"])
        faults_text = ", ".join(member["faults"])
        table.add_row(*costs, *map(four_decimals, values), str(member["index"]), faults_text)
    return table
