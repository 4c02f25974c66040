"""Report of a selection: its progress, its tables, and the report in Markdown."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from lionhunt.search.activity import Activity
from lionhunt.search.errors import command_line
from lionhunt.search.reporting.code import to_code
from lionhunt.search.reporting.replaced_file import write_whole
from lionhunt.search.reporting.report_files import write_report
from lionhunt.search.reporting.tables import Table, to_markdown, to_rich
from lionhunt.search.selection.stage import SelectionProgress
from lionhunt.search.selection.winners.report import (
    look_explanation,
    look_tables,
    percent_interval,
)

PLOT_NAME = "meta_overfitting"
REPORT_NAME = "report"

Summary = dict[str, Any]
"""A dictionary of `search.selection.summary`, or a part of it."""


def to_activity(progress: SelectionProgress) -> Activity:
    """Return the progress of a step as an activity."""
    text = f"{progress.part}, {progress.step}"
    return Activity(text, progress.done, progress.total, "measurements")


def tables(summary: Summary) -> list[Table]:
    """Return one table a stage, those of the closer look, and two of meta-validation."""
    last = summary["stages"][-1]["name"] if not summary["skipped_stages"] else None
    stages = [_stage_table(stage, stage["name"] == last) for stage in summary["stages"]]
    look = summary["closer_look"]
    return [
        *stages,
        *(look_tables(look) if look else ()),
        *_meta_tables(summary["meta_validation"]),
    ]


def _stage_table(stage: Summary, is_last: bool) -> Table:
    tasks = ", ".join(task["name"] for task in stage["tasks"])
    rows = [_stage_row(entry, stage["bar"], is_last) for entry in stage["contenders"]]
    heads = ("program", "search", "tuned", "against the threshold", "tuning", "verdict")
    return Table(f"{stage['name']}: {tasks}; the threshold is {stage['bar']}", heads, rows)


def _stage_row(entry: Summary, threshold: str, is_last: bool) -> tuple[str, ...]:
    search_fitness = entry["search_fitness"]
    return (
        entry["name"],
        "" if search_fitness is None else _percent(search_fitness),
        percent_interval(entry["final"]["fitness"]) or entry["final"]["reason"],
        "" if entry["name"] == threshold else percent_interval(entry["advantage"]),
        _tuning(entry["tuning"]) + (" (edge)" if entry["at_edge"] else ""),
        _verdict(entry, threshold, is_last),
    )


def _verdict(entry: Summary, threshold: str, is_last: bool) -> str:
    if entry["is_baseline"]:
        return "the threshold" if entry["name"] == threshold else "baseline"
    if entry["goes_on"]:
        return "selected" if is_last else "promoted"
    if entry["beats"]:
        return "beats it, others by more"
    advantage = entry["advantage"]
    if advantage is None:
        return "rejected: does not train"
    return "rejected: worse" if advantage["high"] < 0 else "rejected: not shown to be better"


def _tuning(tuning: Summary | None) -> str:
    if tuning is None:
        return ""
    changes = [f"{c['from']:.4g} is {c['to']:.4g}" for c in tuning["constants"]]
    if tuning["learning_rate"] != 1.0:
        changes.insert(0, f"update x {tuning['learning_rate']:.4g}")
    return ", ".join(changes) or "as it is"


def _meta_tables(meta: Summary) -> list[Table]:
    tasks = ", ".join(task["name"] for task in meta["tasks"])
    rows = [
        (
            run["run"],
            f"{point['progress']:.0%}",
            str(point["index"]),
            _percent(point["search_fitness"]),
            percent_interval(point["meta_validation"]) or point["reason"],
        )
        for run in meta["runs"]
        for point in run["points"]
    ]
    verdicts = [(run["run"], run["verdict"], percent_interval(run["fall"])) for run in meta["runs"]]
    heads = ("run", "progress", "best program", "search fitness", "meta-validation fitness")
    return [
        Table(f"best programs so far on {tasks}, {len(meta['seeds'])} seeds", heads, rows),
        Table("meta-overfitting", ("run", "verdict", "fall from the peak to the end"), verdicts),
    ]


def _percent(value: float) -> str:
    return f"{value:+.2%}"


def explanation(summary: Summary) -> str:
    """Return a paragraph on how to read the tables."""
    rule = {
        "interval": "the lower end of its interval is above 0, paired by seed. Of candidates that "
        "are as good as the threshold, one in 40 passes by luck. There is no correction for their "
        "number",
        "mean": "its mean is above 0, paired by seed, which luck alone may do",
    }
    return (
        f"Fitness is the {summary['combination']} over the tasks of the gain over the runs' "
        "initial program, as a share of its score. That program is untuned, and trained with the "
        f"same seed. After ±: half of the {summary['confidence']:.0%} confidence interval over the "
        "seeds. Baselines and candidates were tuned with the same number of trials; fresh seeds "
        "compared the best of each. The threshold is the best baseline. A candidate beats it if "
        f"its advantage holds: {rule[summary['beats']]}. (edge): no learning rate beyond the best "
        "one was tried on one side, in as many trials as all others had."
    )


def conclusion(summary: Summary) -> str:
    """Return the selected programs in one line."""
    winners = summary["winners"]
    if winners:
        return f"selected: {', '.join(map(_winner, winners))}"
    last = summary["stages"][-1]["name"]
    skipped = ", ".join(summary["skipped_stages"])
    return f"no candidate beat the threshold of {last}" + (
        f"; not run: {skipped}" if skipped else ""
    )


def _winner(winner: Summary) -> str:
    edge = " (its learning rate is at an edge of the tried ones)" if winner["at_edge"] else ""
    return f"{winner['name']}{edge}"


def winner_file(folder: Path, number: int) -> Path:
    """Return the path of the tuned program of a winner."""
    return folder / f"selected_{number}.txt"


def commands(summary: Summary, folder: Path) -> list[str]:
    """Return commands that show and export the winners."""
    lines = []
    for number, winner in enumerate(summary["winners"], start=1):
        tuned = command_line("export", winner_file(folder, number), "--to", "optax")
        lines.append(f"{command_line('show', winner['name'])}    # its lineage")
        lines.append(f"{tuned}    # as tuned")
    return lines


def print_selection(console: Console, summary: Summary, folder: Path) -> None:
    """Print the tables, the winners, and the path of the report."""
    for table in tables(summary):
        console.print(Text(table.title, style="bold"))
        console.print(to_rich(table))
    console.print(conclusion(summary), soft_wrap=True)
    for winner in summary["winners"]:
        console.print(Text(f"\n{winner['name']}, tuned", style="bold"), soft_wrap=True)
        console.print(to_code(winner["tuned"]))
    report = folder / f"{REPORT_NAME}.md"
    for line in (
        f"\nreport: {report}, with a plot of meta-overfitting",
        f"every measurement and trial: {summary['selection']}",
        *(f"  {command}" for command in commands(summary, folder)),
    ):
        console.print(line, soft_wrap=True)


def to_report(summary: Summary, folder: Path) -> str:
    """Return the report as Markdown."""
    runs = [
        f"- {run['path']}: seed {run['seed']}, history {run['history_digest']}"
        for run in summary["runs"]
    ]
    winners = [
        f"### {winner['name']}, tuned\n\n```\n{winner['tuned']}\n```"
        for winner in summary["winners"]
    ]
    shell = "\n".join(commands(summary, folder))
    parts = [
        "# Selection",
        "\n".join(runs),
        explanation(summary),
        *([look_explanation(summary["closer_look"])] if summary["closer_look"] else []),
        f"**{conclusion(summary)}**",
        *winners,
        *([f"```\n{shell}\n```"] if shell else []),
        *map(to_markdown, tables(summary)),
        f"![Search fitness and meta-validation fitness over progress]({PLOT_NAME}.png)",
        f"digest of all measurements, trials and verdicts: {summary['digest']}",
    ]
    return "\n\n".join(parts) + "\n"


def write_selection_report(folder: Path, summary: Summary) -> None:
    """Write the report, its figure and the tuned winners beside the records.

    Raises:
        OSError: the file of a winner cannot be written.
        LionhuntError: another file cannot be written.
    """
    # Importing matplotlib takes half a second.
    from lionhunt.search.selection.figures import meta_figure

    for number, winner in enumerate(summary["winners"], start=1):
        head = f"# {winner['name']}, tuned by a selection"
        write_whole(winner_file(folder, number), f"{head}\n{winner['tuned']}\n")
    figures = {PLOT_NAME: meta_figure(summary["meta_validation"])}
    write_report(folder, summary, to_report(summary, folder), figures, name=REPORT_NAME, indent=2)
