"""Tables of a closer look at the selected programs."""

from typing import Any

from lionhunt.search.reporting.steps import EXPLANATION, steps_table
from lionhunt.search.reporting.tables import Table

Summary = dict[str, Any]
"""The part "closer_look" of the summary of a selection."""


def look_tables(look: Summary) -> list[Table]:
    """Return the tables: fresh scores, steps, and one of ablations for each selected program."""
    tasks = ", ".join(task["name"] for task in look["tasks"])
    rows = [
        (
            entry["name"],
            percent_interval(entry["final"]["fitness"]) or entry["final"]["reason"],
            "" if entry["name"] == look["bar"] else percent_interval(entry["advantage"]),
            _lead(entry, look["bar"]),
        )
        for entry in look["contenders"]
    ]
    title = f"on {len(look['final_seeds'])} fresh seeds: {tasks}; the threshold is {look['bar']}"
    tables = [Table(title, ("program", "tuned", "against the threshold", ""), rows)]
    if look["steps"]:
        entries = [(f"{e['winner']}\nover {e['baseline']}", e) for e in look["steps"]]
        tables.append(steps_table("steps to the final score of a baseline", entries))
    for winner in dict.fromkeys(each["winner"] for each in look["drop_one"]):
        own = [each for each in look["drop_one"] if each["winner"] == winner]
        tables.append(_ablations_table(winner, own))
    return tables


def _lead(entry: Summary, threshold: str) -> str:
    if entry["name"] == threshold:
        return "the threshold"
    if entry["is_baseline"]:
        return "baseline"
    return "beats it" if entry["beats"] else "not shown to be better"


def _ablations_table(winner: str, ablations: list[Summary]) -> Table:
    rows = [
        (
            each["without"],
            each["kept"],
            percent_interval(each["loss"]) or each["reason"],
            percent_interval(each["advantage"]),
            "yes" if each["still_wins"] else "not shown",
            each["verdict"],
        )
        for each in ablations
    ]
    heads = ("without", "in its place", "fitness lost", "against the threshold", "still wins")
    return Table(f"{winner}: does it still win without?", (*heads, "verdict"), rows)


def percent_interval(interval: dict[str, float] | None) -> str:
    """Print a share in per cent, with half of its interval."""
    if interval is None:
        return ""
    return f"{interval['mean']:+.2%} ± {interval['high'] - interval['mean']:.2%}"


def look_explanation(look: Summary) -> str:
    """Return a paragraph on how to read the tables."""
    count = len(look["drop_one"])
    parts = [
        f"The closer look has {len(look['final_seeds'])} seeds that no decision saw. There, "
        "learning rates are tuned once more, with as many trials for all.",
        "Steps are those of trainings of several lengths. Each has its whole schedule, and the "
        f"tuning of the full length. {EXPLANATION}"
        if look["steps"]
        else "",
        "Each function of a selected program is removed in turn, and an argument takes its place. "
        "Each state is removed too, and is read as 0. A factor that is a number stays, as tuning "
        "the learning rate would undo its removal. Needed: the interval of the lost fitness is "
        "above 0. Hurts: it is below 0. Does nothing: no loss is seen, and the rest still beats "
        f"the threshold. Of {count} parts without any effect, luck alone would call about "
        f"{0.05 * count:.1f} needed or harmful."
        if count
        else "",
    ]
    return " ".join(filter(None, parts))
