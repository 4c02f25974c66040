"""What a person sees of a comparison: its tables and sentences, and its report in Markdown."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from lionhunt.search.comparison.summary import BETTER, NOT_COMPARED, WORSE
from lionhunt.search.reporting.tables import Table, to_markdown, to_rich

FIGURES = {
    "learning_curves.png": "Training loss and validation metric over steps, mean and interval",
    "difference.png": "Paired differences to the reference with their intervals",
    "grid.png": "Scores over learning rate and weight decay",
    "batch_size.png": "Scores over batch size",
}
"""Pictures that a report can show, with what they are."""

Described = dict[str, Any]
"""What `search.comparison.summary` gives, or a part of it."""


def tables(described: Described) -> list[Table]:
    """Scores, differences to the reference, both over all tasks, what was tuned, and the tasks."""
    names, reference = described["optimizers"], described["reference"]
    others = [name for name in names if name != reference]
    percent = f"{described['confidence']:.0%}"
    title = f"final scores: mean ± half of the {percent} interval"
    found = [_by_task(described, title, names, _score, with_metric=True)]
    if others:
        title = f"how often a run is better than one of {reference} [{percent} interval]"
        found += [
            _by_task(
                described, f"better than {reference} by", others, _difference, with_metric=True
            ),
            _overall(described),
            _by_task(described, title, others, _probability),
        ]
    found.append(_by_task(described, "tuned learning rate, weight decay", names, _tuned))
    return [*found, _tasks(described)]


def _by_task(
    described: Described,
    title: str,
    optimizers: Sequence[str],
    show: Callable[[Described, Described], str],
    with_metric: bool = False,
) -> Table:
    """A row for each optimizer, a column for each task; `show` takes a cell and its task."""
    tasks = described["tasks"]
    cells = {(cell["optimizer"], cell["task"]): cell for cell in described["cells"]}
    rows = [
        (name, *(show(cells[name, task["name"]], task) for task in tasks)) for name in optimizers
    ]
    heads = (task["name"] + (f"\n{_label(task)}" if with_metric else "") for task in tasks)
    return Table(title, ("optimizer", *heads), rows)


def _overall(described: Described) -> Table:
    rows = [
        (
            entry["optimizer"],
            str(entry["wins"]),
            str(entry["losses"]),
            str(entry["ties"]),
            str(entry["not_compared"]),
            str(entry["num_failures"]),
            _relative(entry["relative_difference"]),
        )
        for entry in described["overall"]
    ]
    heads = ("optimizer", "better", "worse", "no difference seen", NOT_COMPARED)
    last = f"better in the mean by, in % of {described['reference']}'s scores"
    return Table("over all tasks", (*heads, "failed final trainings", last), rows)


def _tasks(described: Described) -> Table:
    rows = [
        (
            task["name"],
            task["metric"],
            "higher" if task["higher_is_better"] else "lower",
            f"{task['num_steps']:,}",
            f"{task['batch_size']:,}",
            f"{task['num_parameters']:,}",
        )
        for task in described["tasks"]
    ]
    return Table("tasks", ("task", "metric", "better", "steps", "batch", "parameters"), rows)


def _label(task: Described) -> str:
    return task["metric"] + (" (%)" if _factor(task) != 1 else "")


def _factor(task: Described) -> float:
    """What scores are multiplied by: accuracies are printed in per cent."""
    return 100.0 if "accuracy" in task["metric"] else 1.0


def _score(cell: Described, task: Described) -> str:
    if cell["score"] is None:
        return "all failed"
    shown = _measured(cell["score"], _factor(task))
    return f"{shown}\n{cell['num_failures']} failed" if cell["num_failures"] else shown


def _difference(cell: Described, task: Described) -> str:
    if cell["difference"] is None:
        return NOT_COMPARED
    shown = _measured(cell["difference"], _factor(task), "+")
    return f"{shown}\n{cell['verdict']}" if cell["verdict"] in (BETTER, WORSE) else shown


def _measured(found: dict[str, float | None], factor: float = 1.0, sign: str = "") -> str:
    """A mean and half of its interval, which is symmetric, with two digits of the half."""
    mean, high = found["mean"], found["high"]
    assert mean is not None
    if high is None:
        return f"{factor * mean:{sign}.4g} (one run)"
    half = factor * (high - mean)
    if half == 0:
        return f"{factor * mean:{sign}.4g} ± 0"
    num_decimals = max(0, 1 - math.floor(math.log10(half)))
    return f"{factor * mean:{sign}.{num_decimals}f} ± {half:.{num_decimals}f}"


def _relative(found: dict[str, float | None] | None) -> str:
    return "" if found is None else f"{_measured(found, 100.0, '+')} %"


def _probability(cell: Described, _: Described) -> str:
    found = cell["probability_of_improvement"]
    if found is None:
        return NOT_COMPARED
    return f"{found['mean']:.0%} [{100 * found['low']:.0f}, {100 * found['high']:.0f}]"


def _tuned(cell: Described, _: Described) -> str:
    best = cell["best"]
    if best is None:
        return "all failed"
    return ", ".join(
        f"{value:.3g}" + (" (edge)" if coordinate in cell["at_edge"] else "")
        for coordinate, value in best.items()
    )


def explanation(described: Described) -> str:
    """What was compared, and how to read the tables."""
    num_tuning, num_final = len(described["tuning_seeds"]), len(described["final_seeds"])
    return (
        f"Every optimizer had {_count(described['num_trials'], 'trial')} on every task, each with "
        f"{_count(num_tuning, 'seed')}; the best trained with {_count(num_final, 'fresh seed')}. "
        f"The convention: {described['convention']}. (edge): the best was still at an edge of what "
        "was tried. Differences are paired by seed, and positive where better; better and worse "
        "are said only where the interval excludes 0. Seeds with which one of the two failed are "
        "left out, and who failed with a final seed is never called better. How often a run is "
        "better is counted over all pairs of runs, a tie as half. Intervals are over "
        f"seeds, by bootstrap, at {described['confidence']:.0%}, for these tasks and for the "
        "points that tuning chose. A fresh seed means other first weights and other batches; what "
        "is validated on is the same in tuning and after it, for every optimizer."
    )


def luck(described: Described) -> str:
    """How many of the comparisons luck alone would decide."""
    chance = 1 - described["confidence"]
    return (
        f"{_count(described['num_comparisons'], 'comparison')} with {described['reference']}: "
        f"{described['num_seen']} came out better or worse. If nobody differed, about "
        f"{described['num_expected_by_chance']:.1f} would by chance ({chance:.0%}): nothing "
        "corrects for their number."
    )


def conclusions(described: Described) -> list[str]:
    """A sentence on each optimizer, in the words of the data."""
    return [_conclusion(described, entry) for entry in described["overall"]]


def _conclusion(described: Described, entry: Described) -> str:
    name, reference = entry["optimizer"], described["reference"]
    by_verdict: dict[str, list[str]] = {}
    for cell in described["cells"]:
        if cell["optimizer"] == name:
            by_verdict.setdefault(cell["verdict"], []).append(cell["task"])

    def listed(verdict: str, of: str = "") -> str:
        tasks = by_verdict.get(verdict, [])
        return f"{len(tasks)}{of}" + (f" ({', '.join(tasks)})" if tasks else "")

    num_tasks = _count(len(described["tasks"]), "task")
    parts = [
        f"{name} is better than {reference} on {listed(BETTER, f' of {num_tasks}')}",
        f"worse on {listed(WORSE)}",
    ]
    if entry["not_compared"]:
        parts.append(f"{NOT_COMPARED} on {listed(NOT_COMPARED)}, as one of the two fails there")
    if entry["relative_difference"] is not None:
        mean = _relative(entry["relative_difference"])
        parts.append(f"{mean} in the mean over {_count(entry['num_tasks'], 'task')}")
    return "; ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def print_comparison(console: Console, described: Described) -> None:
    """Prints the tables, and what they say."""
    for table in tables(described):
        console.print(Text(table.title, style="bold"))
        console.print(to_rich(table))
    for line in (explanation(described), luck(described)):
        console.print(Text(f"{line}\n"))
    for line in conclusions(described):
        console.print(Text(line))


def to_report(described: Described, command: str, figures: Sequence[str] = ()) -> str:
    """The report as Markdown.

    Args:
        described: what `describe_comparison` gives.
        command: what made it.
        figures: names of pictures beside the report, in order.
    """
    parts = [
        f"# Comparison {described['comparison']}",
        f"```\n{command}\n```",
        "\n".join(f"- {line}" for line in conclusions(described)),
        luck(described),
        explanation(described),
        *(f"![{FIGURES.get(name, name)}]({name})" for name in figures),
        *map(to_markdown, tables(described)),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"
