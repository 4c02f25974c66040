"""Summary of an ablation in plain dictionaries, for the report and `--json`.

A value is the advantage of a program over the tuned reference, as a share of the reference's score.
It is a mean over the final seeds of the comparison, and over the tasks of a place. Intervals are
over the search seeds. Each seed has one program of a variant.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean, median
from typing import Any, NamedTuple

from lionhunt.dsl.analysis.properties import REQUIREMENTS, describe, find_properties
from lionhunt.dsl.analysis.state_size import measure_state
from lionhunt.dsl.program import Program
from lionhunt.search.campaign.ablation.config import AblationConfig
from lionhunt.search.campaign.ablation.result import AblationResult, FoundProgram
from lionhunt.search.comparison.setup import PreparedComparison
from lionhunt.search.comparison.summary import (
    BETTER,
    NO_DIFFERENCE,
    NOT_COMPARED,
    WORSE,
    known,
    summarize_comparison,
)
from lionhunt.search.driver.summary import summarize_run
from lionhunt.search.environment import summarize_environment
from lionhunt.search.paper.replication.summary import summarize_study_run
from lionhunt.search.statistics import CONFIDENCE, interval, sign
from lionhunt.search.storage.run_store import RunStore

SEARCH_TASKS = "tasks of the search"
"""The place of all tasks of the search together, with fresh seeds."""
LOOKED_FOR = ("uses_learning_rate", "no_drift")
"""Properties that a usable optimizer has, by the words of `[space] require`."""

Summary = dict[str, Any]
Values = Sequence[float | None]
"""Values of the search seeds, in order; None where there is no program, or its training failed."""


def summarize_ablation(name: str, config: AblationConfig, result: AblationResult) -> Summary:
    """Return the table by variant, what every search found, and the comparison.

    Args:
        name: of the ablation.
        config: of the ablation.
        result: of all searches.
    """
    places, unseen = find_places(name, config)
    compared = None if result.comparison is None else summarize_comparison(result.comparison)
    cells = {} if compared is None else {(c["optimizer"], c["task"]): c for c in compared["cells"]}
    searches = [
        [_summarize_search(found, places, cells) for found in of_variant]
        for of_variant in result.found
    ]
    variants = [
        {"name": variant.name, "settings": variant.settings, "searches": of_variant}
        | {"gains": _gains(of_variant, places), "beside_first": _beside(of_variant, searches[0])}
        for variant, of_variant in zip(config.variants, searches, strict=True)
    ]
    variants[0]["beside_first"] = None
    num_compared = (len(variants) - 1) * len(places)
    return {
        "ablation": name,
        "config": config.model_dump(mode="json"),
        "seeds": [config.run.seed + number for number in range(config.num_repeats)],
        "reference": config.compare.reference or config.compare.optimizers[0].label,
        "places": places,
        "unseen": unseen,
        "variants": variants,
        "num_compared": num_compared,
        "num_expected_by_chance": num_compared * (1 - CONFIDENCE),
        "known": [] if compared is None else _known(config, places, cells),
        "comparison": compared,
        "comparison_seconds": result.comparison_seconds,
    } | summarize_environment()


class ComparedPlaces(NamedTuple):
    """The places at which programs are compared.

    Attributes:
        tasks: names of tasks by place: all of the search together, then each task by itself.
        unseen: names of the tasks that no search saw.
    """

    tasks: dict[str, list[str]]
    unseen: list[str]


def find_places(name: str, config: AblationConfig) -> ComparedPlaces:
    """Return the places of an ablation; a search on one task has no other place for it."""
    compare = config.to_comparison({})
    names = [task.name for task in PreparedComparison(name, compare).tasks]
    num_seen = len(config.run.tasks)
    alone = names if num_seen > 1 else names[num_seen:]
    together = {SEARCH_TASKS: names[:num_seen]}
    return ComparedPlaces(together | {name: [name] for name in alone}, names[num_seen:])


def _summarize_search(
    found: FoundProgram,
    places: Mapping[str, Sequence[str]],
    cells: Mapping[tuple[str, str], Summary],
) -> Summary:
    with RunStore.open_to_read(found.run.folder) as records:
        run = summarize_study_run(records)
        whole = summarize_run(records)
    summary = {
        "name": found.name,
        "run": f"{found.run.folder.parent.name}/{found.run.folder.name}",
        "search": run,
        "has_all_programs": whole["programs"] >= whole["total"],
        "luck": whole["luck"],
    }
    if found.program is None:
        keys = ("program", "statements", "state", "properties", "lacks")
        nothing = dict.fromkeys((*keys, "gain_in_search", "optimism"))
        return summary | nothing | {"values": dict.fromkeys(places)}
    values = {place: _value(found.name, tasks, cells) for place, tasks in places.items()}
    gain = fmean(score["fitness"] for score in whole["best"]["scores"].values())
    fresh = values[SEARCH_TASKS]
    gains = {"gain_in_search": gain, "optimism": None if fresh is None else gain - fresh}
    return summary | _summarize_program(found.program) | gains | {"values": values}


def _summarize_program(program: Program) -> Summary:
    state = measure_state(program)
    found = find_properties(program)
    return {
        "program": str(program),
        "statements": len(program.statements),
        "state": state._asdict() | {"text": str(state)},
        "properties": list(describe(found)),
        "lacks": [name for name in LOOKED_FOR if not REQUIREMENTS[name](found)],
    }


def _value(
    name: str, tasks: Sequence[str], cells: Mapping[tuple[str, str], Summary]
) -> float | None:
    """Return the mean over tasks; None if a training failed, of the program or the reference."""
    values = []
    for task in tasks:
        cell = cells[name, task]
        difference = cell["relative_difference"]
        if difference is None or cell["num_failures"]:
            return None
        values.append(difference["mean"])
    return fmean(values)


def _gains(searches: Sequence[Summary], places: Mapping[str, Any]) -> Summary:
    """Return the means over search seeds, with their intervals, of all columns of the table."""
    columns = {place: [search["values"][place] for search in searches] for place in places}
    for key in ("gain_in_search", "optimism"):
        columns[key] = [search[key] for search in searches]
    return {column: summarize_values(values) for column, values in columns.items()}


def summarize_values(values: Values) -> Summary:
    """Return mean, interval and median of the values that there are, and how many are missing."""
    there = [value for value in values if value is not None]
    found = None if not there else interval(there)
    return {
        "interval": found and {key: known(value) for key, value in found._asdict().items()},
        "median": median(there) if there else None,
        "num_missing": len(values) - len(there),
    }


def _beside(searches: Sequence[Summary], first: Sequence[Summary]) -> Summary:
    """Return the difference of a variant to the first one at each place, paired by search seed."""
    return {
        place: compare_values(
            [search["values"][place] for search in searches],
            [search["values"][place] for search in first],
        )
        for place in searches[0]["values"]
    }


def compare_values(values: Values, first: Values) -> Summary:
    """Return the paired difference to the first variant, and the verdict.

    A variant with a missing value is never rated better, nor worse than a first one with such.
    """
    pairs = [(a, b) for a, b in zip(values, first, strict=True) if a is not None and b is not None]
    differences = [a - b for a, b in pairs]
    return summarize_values(differences) | {
        "num_missing": len(values) - len(pairs),
        "num_better": sum(difference > 0 for difference in differences),
        "num_pairs": len(pairs),
        "verdict": _verdict(differences, None in values, None in first),
    }


def _verdict(differences: Sequence[float], lacks: bool, first_lacks: bool) -> str:
    if not differences:
        return NOT_COMPARED
    side = sign(interval(differences))
    if side > 0 and not lacks:
        return BETTER
    return WORSE if side < 0 and not first_lacks else NO_DIFFERENCE


def _known(
    config: AblationConfig,
    places: Mapping[str, Sequence[str]],
    cells: Mapping[tuple[str, str], Summary],
) -> list[Summary]:
    """Return the values of the known optimizers; they have no search seeds."""
    reference = config.compare.reference or config.compare.optimizers[0].label
    labels = [optimizer.label for optimizer in config.compare.optimizers]
    return [
        {
            "name": label,
            "values": {place: _value(label, tasks, cells) for place, tasks in places.items()},
        }
        for label in labels
        if label != reference
    ]
