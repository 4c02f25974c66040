"""What a person sees of a selection: its progress, its tables, its report in Markdown."""

import shlex
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.syntax import Syntax
from rich.table import Table as Grid
from rich.text import Text

from lionhunt.search.reporting.tables import Table, to_markdown, to_rich
from lionhunt.search.selection.stage import SelectionProgress

PLOT_NAME = "meta_overfitting"
REPORT_NAME = "report"


def selection_progress_line(progress: SelectionProgress) -> str:
    """One line for where there is no terminal."""
    return f"{progress.part}, {progress.step}: {progress.done} of {progress.total} measured"


def selection_progress_display(progress: SelectionProgress) -> Grid:
    """The live display."""
    grid = Grid.grid(padding=(0, 2, 0, 0))
    bar = ProgressBar(total=progress.total, completed=progress.done, width=40)
    grid.add_row(Text(selection_progress_line(progress)), bar)
    return grid


def tables(described: dict[str, Any]) -> list[Table]:
    """One table a stage, and two of meta-validation."""
    last = described["stages"][-1]["name"] if not described["skipped_stages"] else None
    stages = [_stage_table(stage, stage["name"] == last) for stage in described["stages"]]
    return [*stages, *_meta_tables(described["meta_validation"])]


def _stage_table(stage: dict[str, Any], is_last: bool) -> Table:
    tasks = ", ".join(task["name"] for task in stage["tasks"])
    rows = [_stage_row(entry, stage["bar"], is_last) for entry in stage["contenders"]]
    heads = ("program", "search", "tuned", "against the bar", "tuning", "verdict")
    return Table(f"{stage['name']}: {tasks}; the bar is {stage['bar']}", heads, rows)


def _stage_row(entry: dict[str, Any], bar: str, is_last: bool) -> tuple[str, ...]:
    searched = entry["search_fitness"]
    return (
        entry["name"],
        "" if searched is None else _percent(searched),
        _interval(entry["final"]["fitness"]) or entry["final"]["reason"],
        "" if entry["name"] == bar else _interval(entry["advantage"]),
        _tuning(entry["tuning"]),
        _verdict(entry, bar, is_last),
    )


def _verdict(entry: dict[str, Any], bar: str, is_last: bool) -> str:
    if entry["is_baseline"]:
        return "the bar" if entry["name"] == bar else "baseline"
    if entry["goes_on"]:
        return "selected" if is_last else "goes on"
    if entry["beats"]:
        return "beats it, others by more"
    advantage = entry["advantage"]
    if advantage is None:
        return "rejected: does not train"
    return "rejected: worse" if advantage["high"] < 0 else "rejected: not shown to be better"


def _tuning(tuning: dict[str, Any] | None) -> str:
    if tuning is None:
        return ""
    changes = [f"{c['from']:.4g} is {c['to']:.4g}" for c in tuning["constants"]]
    if tuning["learning_rate"] != 1.0:
        changes.insert(0, f"update x {tuning['learning_rate']:.4g}")
    return ", ".join(changes) or "as it is"


def _meta_tables(meta: dict[str, Any]) -> list[Table]:
    tasks = ", ".join(task["name"] for task in meta["tasks"])
    points = [(run["run"], point) for run in meta["runs"] for point in run["points"]]
    rows = [
        (
            run,
            f"{point['progress']:.0%}",
            str(point["index"]),
            _percent(point["search_fitness"]),
            _interval(point["meta_validation"]) or point["reason"],
        )
        for run, point in points
    ]
    verdicts = [(run["run"], run["verdict"], _interval(run["fall"])) for run in meta["runs"]]
    heads = ("run", "progress", "best program", "search fitness", "meta-validation fitness")
    return [
        Table(f"best programs so far on {tasks}, {len(meta['seeds'])} seeds", heads, rows),
        Table("meta-overfitting", ("run", "verdict", "fall from the peak to the end"), verdicts),
    ]


def _percent(value: float) -> str:
    return f"{value:+.2%}"


def _interval(found: dict[str, float] | None) -> str:
    if found is None:
        return ""
    return f"{_percent(found['mean'])} ± {found['high'] - found['mean']:.2%}"


def explanation(described: dict[str, Any]) -> str:
    """How to read the tables."""
    rule = {
        "interval": "the lower end of its interval is above 0, paired by seed; of candidates that "
        "are as good as the bar, one in 40 passes by luck, and nothing corrects for their number",
        "mean": "its mean is above 0, paired by seed, which luck alone may do",
    }
    return (
        f"Fitness is the {described['combination']} over the tasks of the gain over the runs' "
        "initial program as it is, trained with the same seed, as a share of its score. "
        f"After ±: half of the {described['confidence']:.0%} confidence interval over the seeds. "
        "Baselines and candidates were tuned with the same number of trials; fresh seeds "
        "compared the best of each. The bar is the best baseline. A candidate beats it if its "
        f"advantage holds: {rule[described['beats']]}."
    )


def conclusion(described: dict[str, Any]) -> str:
    """One line: what was selected."""
    winners = described["winners"]
    if winners:
        return f"selected: {', '.join(winner['name'] for winner in winners)}"
    last = described["stages"][-1]["name"]
    skipped = ", ".join(described["skipped_stages"])
    return f"no candidate beat the bar of {last}" + (f"; not run: {skipped}" if skipped else "")


def winner_file(folder: Path, number: int) -> Path:
    """Where the tuned program of a winner is written."""
    return folder / f"selected_{number}.txt"


def commands(described: dict[str, Any], folder: Path) -> list[str]:
    """What shows the winners."""
    lines = []
    for number, winner in enumerate(described["winners"], start=1):
        tuned = shlex.quote(str(winner_file(folder, number)))
        lines.append(f"lionhunt show {shlex.quote(winner['name'])}    # how it came about")
        lines.append(f"lionhunt export {tuned} --to optax    # as tuned")
    return lines


def print_selection(console: Console, described: dict[str, Any], folder: Path) -> None:
    """Prints the tables, the winners and where the report is."""
    for table in tables(described):
        console.print(Text(table.title, style="bold"))
        console.print(to_rich(table))
    console.print(conclusion(described), soft_wrap=True)
    for winner in described["winners"]:
        console.print(Text(f"\n{winner['name']}, tuned", style="bold"), soft_wrap=True)
        console.print(Syntax(winner["tuned"], "python", background_color="default"))
    report = folder / f"{REPORT_NAME}.md"
    for line in (
        f"\nreport: {report}, with a plot of meta-overfitting",
        f"every measurement and trial: {described['selection']}",
        *(f"  {command}" for command in commands(described, folder)),
    ):
        console.print(line, soft_wrap=True)


def to_report(described: dict[str, Any], folder: Path) -> str:
    """The report as Markdown."""
    runs = [
        f"- {run['path']}: seed {run['seed']}, history {run['history_digest']}"
        for run in described["runs"]
    ]
    winners = [
        f"### {winner['name']}, tuned\n\n```\n{winner['tuned']}\n```"
        for winner in described["winners"]
    ]
    shell = [f"```\n{text}\n```" for text in ["\n".join(commands(described, folder))] if text]
    parts = [
        "# Selection",
        "\n".join(runs),
        explanation(described),
        f"**{conclusion(described)}**",
        *winners,
        *shell,
        *map(to_markdown, tables(described)),
        f"![Search fitness and meta-validation fitness over progress]({PLOT_NAME}.png)",
        f"digest of all measurements, trials and verdicts: {described['digest']}",
    ]
    return "\n\n".join(parts) + "\n"
