"""Report of a campaign: what every seed found, and the verdict on the aim."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from lionhunt.dsl.classification.classifier import Likeness
from lionhunt.search.campaign.aim import behavior_text, difference_text, ratio_text
from lionhunt.search.comparison.report import explanation as comparison_explanation
from lionhunt.search.comparison.report import tables as comparison_tables
from lionhunt.search.reporting.blocks import (
    Block,
    Code,
    Heading,
    Paragraph,
    print_blocks,
    to_markdown_report,
)
from lionhunt.search.reporting.replaced_file import write_whole
from lionhunt.search.reporting.report_files import write_report
from lionhunt.search.reporting.tables import Table
from lionhunt.search.reporting.text import duration
from lionhunt.search.selection.report import conclusion as selection_conclusion
from lionhunt.search.selection.report import tables as selection_tables
from lionhunt.search.simplification.report import summary_blocks

FIGURES = {
    "best_fitness": "Best fitness over progress of the searches, mean and standard error",
    "meta_overfitting": "Search fitness and fitness on the tasks of the selection, over progress",
    "differences": "Found programs beside known optimizers on unseen tasks",
    "learning_curves": "Training loss and validation metric over steps, on unseen tasks",
}
"""Captions of the figures, by file name without suffix."""

Summary = dict[str, Any]
"""The summary of a campaign by `search.campaign.summary`, or a part of it."""


def verdict(summary: Summary) -> str:
    """Return the verdict on the aim in a sentence."""
    asked = summary["config"]["aim"]["min_seeds"]
    reached = f"{summary['num_reached']} of {summary['num_seeds']} seeds reach it"
    word = "reached" if summary["is_reached"] else "missed"
    return f"The aim is {word}: {reached}, and at least {asked} have to."


def aim_text(summary: Summary) -> str:
    """Return the conditions of the aim in a sentence; empty if no seed was judged."""
    judged = (seed["conditions"] for seed in summary["seeds"] if seed["conditions"])
    texts = [condition["text"] for condition in next(judged, ())]
    return f"A seed reaches it if its simplified program {', and '.join(texts)}." if texts else ""


def conclusions(summary: Summary) -> list[str]:
    """Return a sentence on each seed."""
    return [_conclusion(seed) for seed in summary["seeds"]]


def _conclusion(seed: Summary) -> str:
    if seed["program"] is None:
        return f"{seed['name']}: no candidate trains on the tasks of the selection"
    missed = [condition for condition in seed["conditions"] if not condition["is_met"]]
    text = f"{seed['name']} found a program that {_class_text(seed)}"
    if not missed:
        return f"{text}; it reaches the aim"
    reasons = "; ".join(f"{each['text']} ({each['seen']})" for each in missed)
    return f"{text}; it misses: {reasons}"


def _class_text(seed: Summary) -> str:
    found = seed["class"]
    if found["likeness"] == Likeness.SAME:
        return f"is {' or '.join(found['optimizers'])}, up to constants"
    if not found["behavior"]["optimizers"]:
        return found["behavior"]["nearest"]
    return f"is nearest to {behavior_text(found)} in behavior"


def found_table(summary: Summary) -> Table:
    """Return the table over seeds: form, memory, family, and differences to known optimizers."""
    labels = summary["optimizers"]
    heads = ("seed", "statements", "state", "by form", "by behavior")
    rows = [_found_row(seed, labels) for seed in summary["seeds"]]
    title = "found programs, and how much better they are on the unseen tasks"
    return Table(title, (*heads, *(f"than {label}" for label in labels), "aim"), rows)


def _found_row(seed: Summary, labels: Sequence[str]) -> tuple[str, ...]:
    if seed["program"] is None:
        return (seed["name"], *("" for _ in range(4 + len(labels))), "missed")
    found = seed["class"]
    names = " or ".join(found["optimizers"])
    form = {
        Likeness.SAME: names,
        Likeness.CHANGED: f"{names} with changes ({found['distance']:.2f})",
        Likeness.UNLIKE: "unlike anything known",
    }[Likeness(found["likeness"])]
    differences = (
        difference_text(seed["against"][label]["relative_difference"]) for label in labels
    )
    return (
        seed["name"],
        str(seed["statements"]),
        seed["state"]["text"],
        form,
        behavior_text(found),
        *differences,
        "reached" if seed["is_reached"] else "missed",
    )


def search_table(summary: Summary) -> Table:
    """Return the table of the searches."""
    rows = [
        (
            seed["name"],
            f"{seed['search']['programs']:,}",
            f"{seed['search']['evaluated']:,}",
            f"{seed['search']['trainings']:,.0f}",
            _percent(seed["search"]["best_fitness"]),
            _percent((seed["chosen"] and seed["chosen"]["fitness"] or {}).get("mean")),
            _overfitting(seed),
            _times(seed["training_seconds"]),
        )
        for seed in summary["seeds"]
    ]
    heads = ("seed", "programs", "evaluated", "trainings", "best fitness", "chosen, elsewhere")
    title = "searches; fitness is the gain over their reference, of the chosen one in selection"
    return Table(title, (*heads, "over its progress", "time of trainings"), rows)


def _times(seconds: Mapping[str, float]) -> str:
    return ", ".join(f"{part} {duration(time)}" for part, time in seconds.items())


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:+.2%}"


def _overfitting(seed: Summary) -> str:
    return "; ".join(run["verdict"] for run in seed["selection"]["meta_validation"]["runs"])


def task_table(summary: Summary) -> Table:
    """Return the table of differences on each unseen task."""
    labels = summary["optimizers"]
    rows = _rows_by_task(
        summary, "tasks", lambda task: difference_text(task["relative_difference"])
    )
    heads = ("seed", "task", *(f"better than {label} by" for label in labels))
    return Table("found programs on each unseen task", heads, rows)


def steps_table(summary: Summary) -> Table:
    """Return the table of steps beside those of known optimizers, on each unseen task."""
    labels = summary["optimizers"]
    rows = _rows_by_task(summary, "steps", lambda task: ratio_text(task["ratio"]))
    heads = ("seed", "task", *(f"of {label}" for label in labels))
    return Table("steps to the worse of both final scores, as a share of the steps", heads, rows)


def _rows_by_task(
    summary: Summary, key: str, to_text: Callable[[Summary], str]
) -> list[tuple[str, ...]]:
    """Return a row for each found program and unseen task, with a cell for each known optimizer.

    Args:
        summary: of the campaign.
        key: of the list of tasks in what a seed has beside an optimizer.
        to_text: from an entry of that list to a cell.
    """
    rows = []
    for seed in summary["seeds"]:
        if seed["program"] is not None:
            beside = [seed["against"][label][key] for label in summary["optimizers"]]
            # All optimizers have the same tasks.
            for tasks in zip(*beside, strict=True):
                rows.append((seed["name"], tasks[0]["task"], *map(to_text, tasks)))
    return rows


def explanation(summary: Summary) -> str:
    """Return a paragraph on how a campaign works, and how to read the tables."""
    config = summary["config"]
    search, unseen = (
        ", ".join(task["kind"] for task in tasks)
        for tasks in (config["run"]["tasks"], config["compare"]["tasks"])
    )
    return (
        f"Each seed had a search on {search}. Its candidates were the fittest programs, and the "
        "fittest of every number of states. A selection tuned them on other tasks, beside tuned "
        "baselines. The best on its tuning seeds was chosen, simplified and classified. Then one "
        f"comparison trained all simplified programs and the known optimizers on {unseen}, which "
        "nothing before saw, each tuned on the same budget. Differences are means over these "
        "tasks, as a share of the other's score, paired by seed, with their 95 % intervals. "
        "Positive is better. A share of steps below 1 is faster. Times are sums over all "
        f"trainings; those of the comparison took {duration(summary['comparison_seconds'])}."
    )


def head_blocks(summary: Summary) -> Iterator[Block]:
    """Yield the verdict, a line for each seed, and the tables over seeds."""
    yield Paragraph(" ".join(filter(None, (verdict(summary), aim_text(summary)))))
    yield Paragraph("\n".join(f"- {line}" for line in conclusions(summary)))
    yield found_table(summary)
    if summary["comparison"] is not None:
        yield task_table(summary)
        yield steps_table(summary)
    yield search_table(summary)


def seed_blocks(seed: Summary) -> Iterator[Block]:
    """Yield what a seed found: the program, the conditions of the aim, the way to the program."""
    if seed["program"] is None:
        return
    yield Heading(f"{seed['name']}: {seed['chosen']['program']}, simplified")
    yield Code(seed["program"])
    yield Paragraph(f"state: {seed['state']['text']}; {'; '.join(seed['properties'])}.")
    yield Paragraph(f"It {seed['class']['behavior']['nearest']}.")
    for text in (seed["class"]["differences"], seed["class"]["behavior"]["differences"]):
        if text:
            yield Paragraph("\n".join(f"- {phrase}" for phrase in text))
    if seed["conditions"]:
        rows = [
            (each["text"], each["seen"], "yes" if each["is_met"] else "no")
            for each in seed["conditions"]
        ]
        yield Table(f"{seed['name']}: the aim", ("condition", "seen", "met"), rows)


def way_blocks(seed: Summary) -> Iterator[Block]:
    """Yield the selection of a seed, and the steps of the simplification."""
    yield Heading(f"{seed['name']}: the way from search to program")
    yield Paragraph(f"Selection: {selection_conclusion(seed['selection'])}.")
    yield from selection_tables(seed["selection"])
    if seed["simplification"] is not None:
        yield from summary_blocks(seed["simplification"])


def print_campaign(console: Console, summary: Summary) -> None:
    """Print the verdict, the tables over seeds and the found programs."""
    found = [block for seed in summary["seeds"] for block in seed_blocks(seed)]
    print_blocks(console, [*head_blocks(summary), *found, Paragraph(explanation(summary))])


def to_report(summary: Summary, command: str, figures: Sequence[str] = ()) -> str:
    """Return the report as Markdown.

    Args:
        summary: the summary of a campaign.
        command: the command that made it.
        figures: file names of the figures without suffix.
    """
    compared = summary["comparison"]
    parts: list[Block] = [Code(command), *head_blocks(summary), Paragraph(explanation(summary))]
    parts += [Paragraph(f"![{FIGURES[name]}]({name}.png)") for name in figures]
    for seed in summary["seeds"]:
        parts += seed_blocks(seed)
    if compared is not None:
        parts += [Heading("All on the unseen tasks"), *comparison_tables(compared)]
        parts.append(Paragraph(comparison_explanation(compared)))
    for seed in summary["seeds"]:
        parts += way_blocks(seed)
    digests = (
        f"- {seed['run']}: history {seed['search']['history_digest']}" for seed in summary["seeds"]
    )
    parts.append(Paragraph("\n".join(digests)))
    return to_markdown_report(f"Campaign {summary['campaign']}", parts)


def write_campaign_report(
    folder: Path, summary: Summary, command: str, figures: Mapping[str, Any]
) -> Path:
    """Write the report, its figures, and each found program as a file; return its path.

    Raises:
        LionhuntError: a file cannot be written.
    """
    path = write_report(folder, summary, to_report(summary, command, list(figures)), figures)
    for seed in summary["seeds"]:
        if seed["program"] is not None:
            head = f"# {seed['chosen']['program']}, simplified by a campaign"
            write_whole(folder / f"found_{seed['seed']}.txt", f"{head}\n{seed['program']}\n")
    return path
