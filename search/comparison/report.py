"""Report of a comparison: tables and sentences, for the terminal and as Markdown."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from lionhunt.search.activity import Activity
from lionhunt.search.comparison.loop import ComparisonProgress
from lionhunt.search.comparison.result import Comparison, printed_factor
from lionhunt.search.comparison.summary import BETTER, NOT_COMPARED, WORSE
from lionhunt.search.reporting.report_files import write_report
from lionhunt.search.reporting.steps import EXPLANATION, ratio_text, steps_table
from lionhunt.search.reporting.tables import Table, to_markdown, to_rich

FIGURES = {
    "learning_curves.png": "Training loss and validation metric over steps, mean and interval",
    "difference.png": "Paired differences to the reference with their intervals",
    "grid.png": "Scores over learning rate and weight decay",
    "batch_size.png": "Scores over batch size",
}
"""Captions of the figures of a report, by file name."""

Summary = dict[str, Any]
"""A dictionary of `search.comparison.summary`, or a part of it."""


def to_activity(event: ComparisonProgress) -> Activity:
    """Return the progress of a comparison as an activity."""
    done = f"{event.num_done} of {event.num_cells} pairs of optimizer and task done"
    return Activity(f"{event.name}, {done}", event.num_trainings, event.total, "trainings")


def tables(summary: Summary) -> list[Table]:
    """Return the tables: scores, comparisons with the reference, steps, tuned points, tasks."""
    names, reference = summary["optimizers"], summary["reference"]
    others = [name for name in names if name != reference]
    percent = f"{summary['confidence']:.0%}"
    title = f"final scores: mean ± half of the {percent} interval"
    scores = _by_task(summary, title, names, _score, with_metric=True)
    comparisons = []
    if others:
        title = f"how often a run is better than one of {reference} [{percent} interval]"
        comparisons = [
            _by_task(summary, f"better than {reference} by", others, _difference, with_metric=True),
            _overall(summary),
            _by_task(summary, title, others, _probability),
            *_steps_tables(summary),
        ]
    tuned = _by_task(summary, "tuned learning rate, weight decay", names, _tuned)
    return [scores, *comparisons, tuned, _tasks(summary)]


def _by_task(
    summary: Summary,
    title: str,
    optimizers: Sequence[str],
    show: Callable[[Summary, Summary], str],
    with_metric: bool = False,
) -> Table:
    """Build a table of optimizers and tasks; `show` prints a cell, given the cell and its task."""
    tasks = summary["tasks"]
    cells = {(cell["optimizer"], cell["task"]): cell for cell in summary["cells"]}
    rows = [
        (name, *(show(cells[name, task["name"]], task) for task in tasks)) for name in optimizers
    ]
    heads = (task["name"] + (f"\n{_label(task)}" if with_metric else "") for task in tasks)
    return Table(title, ("optimizer", *heads), rows)


def _overall(summary: Summary) -> Table:
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
        for entry in summary["overall"]
    ]
    heads = ("optimizer", "better", "worse", "no difference seen", NOT_COMPARED)
    last = f"better in the mean by, in % of {summary['reference']}'s scores"
    return Table("over all tasks", (*heads, "failed final trainings", last), rows)


def _steps_tables(summary: Summary) -> list[Table]:
    reference, steps = summary["reference"], summary["steps_to_target"]
    titles = {
        "by_length": f"steps to {reference}'s final score, by trainings of several lengths",
        "by_curve": f"steps to {reference}'s final score, read off the curve of each training",
    }
    return [
        steps_table(title, [(entry["optimizer"], entry) for entry in steps[key]])
        for key, title in titles.items()
        if steps[key]
    ]


def _tasks(summary: Summary) -> Table:
    rows = [
        (
            task["name"],
            task["metric"],
            "higher" if task["higher_is_better"] else "lower",
            f"{task['num_steps']:,}",
            f"{task['batch_size']:,}",
            f"{task['num_parameters']:,}",
        )
        for task in summary["tasks"]
    ]
    return Table("tasks", ("task", "metric", "better", "steps", "batch", "parameters"), rows)


def _label(task: Summary) -> str:
    return task["metric"] + (" (%)" if printed_factor(task["metric"]) != 1 else "")


def _score(cell: Summary, task: Summary) -> str:
    if cell["score"] is None:
        return "all failed"
    shown = _measured(cell["score"], printed_factor(task["metric"]))
    return f"{shown}\n{cell['num_failures']} failed" if cell["num_failures"] else shown


def _difference(cell: Summary, task: Summary) -> str:
    if cell["difference"] is None:
        return NOT_COMPARED
    shown = _measured(cell["difference"], printed_factor(task["metric"]), "+")
    return f"{shown}\n{cell['verdict']}" if cell["verdict"] in (BETTER, WORSE) else shown


def _measured(interval: dict[str, float | None], factor: float = 1.0, sign: str = "") -> str:
    """Print a mean and half of its symmetric interval, with two digits of the half."""
    mean, high = interval["mean"], interval["high"]
    assert mean is not None
    if high is None:
        return f"{factor * mean:{sign}.4g} (one run)"
    half = factor * (high - mean)
    if half == 0:
        return f"{factor * mean:{sign}.4g} ± 0"
    num_decimals = max(0, 1 - math.floor(math.log10(half)))
    return f"{factor * mean:{sign}.{num_decimals}f} ± {half:.{num_decimals}f}"


def _relative(interval: dict[str, float | None] | None) -> str:
    return "" if interval is None else f"{_measured(interval, 100.0, '+')} %"


def _probability(cell: Summary, _: Summary) -> str:
    share = cell["probability_of_improvement"]
    if share is None:
        return NOT_COMPARED
    return f"{share['mean']:.0%} [{100 * share['low']:.0f}, {100 * share['high']:.0f}]"


def _tuned(cell: Summary, _: Summary) -> str:
    best = cell["best"]
    if best is None:
        return "all failed"
    return ", ".join(
        f"{value:.3g}" + (" (edge)" if coordinate in cell["at_edge"] else "")
        for coordinate, value in best.items()
    )


def explanation(summary: Summary) -> str:
    """Return a paragraph on the protocol, and how to read the tables."""
    num_tuning, num_final = len(summary["tuning_seeds"]), len(summary["final_seeds"])
    return (
        f"Every optimizer had {_count(summary['num_trials'], 'trial')} on every task, each with "
        f"{_count(num_tuning, 'seed')}; the best point trained with "
        f"{_count(num_final, 'fresh seed')}. A fresh seed means other first weights and other "
        "batches; the validation examples stay the same. "
        f"The convention: {summary['convention']}. (edge): the best point was still at an edge of "
        "the tried points. Differences are paired by seed, and positive where better. The verdict "
        "is better or worse only where the interval excludes 0. Seeds with which one of the two "
        "failed are left out, and an optimizer with a failed final seed is never called better. "
        "How often a run is better is counted over all pairs of runs, a tie as half. Intervals are "
        f"over seeds, by Student's t, at {summary['confidence']:.0%}, for these tasks and for the "
        "points that tuning chose."
    )


def steps_explanation(summary: Summary) -> str:
    """Return a paragraph on the steps to the reference's final score; empty for one optimizer."""
    if not summary["overall"]:
        return ""
    curves = (
        "A point of a curve is not the result of a shorter training, since the schedule has not "
        "decayed there."
    )
    lengths = (
        "Trainings of several lengths have their whole schedules, and the point that was tuned for "
        "the full length; the sentences on the optimizers have their ratios."
    )
    has_lengths = summary["steps_to_target"]["by_length"]
    return " ".join([EXPLANATION, curves, *([lengths] if has_lengths else [])])


def luck(summary: Summary) -> str:
    """Return a sentence on the number of verdicts that luck alone would bring."""
    chance = 1 - summary["confidence"]
    return (
        f"{_count(summary['num_comparisons'], 'comparison')} with {summary['reference']}: "
        f"{summary['num_seen']} came out better or worse. If no optimizer differed, about "
        f"{summary['num_expected_by_chance']:.1f} would by chance ({chance:.0%}). There is no "
        "correction for their number."
    )


def conclusions(summary: Summary) -> list[str]:
    """Return a sentence on each optimizer except the reference."""
    return [_conclusion(summary, entry) for entry in summary["overall"]]


def _conclusion(summary: Summary, entry: Summary) -> str:
    name, reference = entry["optimizer"], summary["reference"]
    by_verdict: dict[str, list[str]] = {}
    for cell in summary["cells"]:
        if cell["optimizer"] == name:
            by_verdict.setdefault(cell["verdict"], []).append(cell["task"])

    def listed(verdict: str, of: str = "") -> str:
        tasks = by_verdict.get(verdict, [])
        return f"{len(tasks)}{of}" + (f" ({', '.join(tasks)})" if tasks else "")

    num_tasks = _count(len(summary["tasks"]), "task")
    parts = [
        f"{name} is better than {reference} on {listed(BETTER, f' of {num_tasks}')}",
        f"worse on {listed(WORSE)}",
    ]
    if entry["not_compared"]:
        parts.append(f"{NOT_COMPARED} on {listed(NOT_COMPARED)}, as one of the two fails there")
    if entry["relative_difference"] is not None:
        mean = _relative(entry["relative_difference"])
        parts.append(f"{mean} in the mean over {_count(entry['num_tasks'], 'task')}")
    steps = summary["steps_to_target"]
    ratios = {each["optimizer"]: each for each in steps["by_length"] or steps["by_curve"]}[name]
    if ratios["ratio"] is not None:
        over = _count(ratios["num_tasks"], "task")
        parts.append(f"{ratio_text(ratios['ratio'])} of the steps of {reference} over {over}")
    edges = [f"{each} on {task}" for each in (name, reference) for task in _edges(summary, each)]
    if edges:
        parts.append(f"at an edge of the grid: {', '.join(edges)}")
    return "; ".join(parts)


def _edges(summary: Summary, optimizer: str) -> list[str]:
    """Return the tasks on which the best point of an optimizer is at an edge of the grid."""
    cells = (cell for cell in summary["cells"] if cell["optimizer"] == optimizer)
    return [cell["task"] for cell in cells if cell["at_edge"]]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def print_comparison(console: Console, summary: Summary) -> None:
    """Print the tables and the sentences on them."""
    for table in tables(summary):
        console.print(Text(table.title, style="bold"))
        console.print(to_rich(table))
    for line in filter(None, (explanation(summary), steps_explanation(summary), luck(summary))):
        console.print(Text(f"{line}\n"))
    for line in conclusions(summary):
        console.print(Text(line))


def to_report(summary: Summary, command: str, figures: Sequence[str] = ()) -> str:
    """Return the report as Markdown.

    Args:
        summary: the dictionary of `summarize_comparison`.
        command: the command that made the report.
        figures: file names of the figures beside the report, in order.
    """
    parts = [
        f"# Comparison {summary['comparison']}",
        f"```\n{command}\n```",
        "\n".join(f"- {line}" for line in conclusions(summary)),
        luck(summary),
        explanation(summary),
        steps_explanation(summary),
        *(f"![{FIGURES.get(name, name)}]({name})" for name in figures),
        *map(to_markdown, tables(summary)),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def write_comparison_report(
    folder: Path, comparison: Comparison, summary: Summary, command: str
) -> None:
    """Write the report and its figures beside the records.

    Args:
        folder: folder of the comparison.
        comparison: source of the figures.
        summary: the dictionary of `summarize_comparison`.
        command: the command that made the report.

    Raises:
        LionhuntError: a file cannot be written.
    """
    # Importing matplotlib takes half a second.
    from lionhunt.search.comparison.figures import comparison_figures

    figures = comparison_figures(comparison)
    names = [f"{name}.png" for name in figures]
    write_report(folder, summary, to_report(summary, command, names), figures)
