"""What a person sees: the live display of a run, its summary, and a program examined."""

import math
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.progress_bar import ProgressBar
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from lionhunt.search.driver.hall_of_fame import hall_table
from lionhunt.search.driver.progress import RunProgress
from lionhunt.search.driver.summary import NEEDED, REDUNDANT, WITHIN_STEP
from lionhunt.search.reporting.text import _counts, _number


def print_program(console: Console, described: dict[str, Any]) -> None:
    """Prints a described program."""
    console.print(Text(described["name"], style="bold"))
    if described["summary"]:
        console.print(Text(described["summary"]))
    head, *_, end = described["program"].splitlines()
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    styles = {NEEDED: "", WITHIN_STEP: "yellow", REDUNDANT: "dim"}
    table.add_row("", head, "", "")
    for number, line in enumerate(described["listing"]):
        style = styles[line["mark"]]
        cells = (str(number), f"  {line['statement']}", line["kind"], line["mark"])
        table.add_row(*(Text(cell, style=style, overflow="fold") for cell in cells))
    table.add_row("", end, "", "")
    console.print(table)
    console.print(
        f"{described['statements']} statements, {described['needed_within_step']} needed within "
        f"the step, {described['needed']} needed; live state: "
        f"{', '.join(described['live_state']) or 'none'}"
    )
    console.print(f"fingerprint {described['fingerprint']}")
    if "index" in described:
        _show_origin(console, described)


def print_library(console: Console, programs: list[dict[str, str]]) -> None:
    """Prints the names of programs and what they are."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for program in programs:
        table.add_row(program["name"], Text(program["summary"], overflow="fold"))
    console.print(table)


def _show_origin(console: Console, described: dict[str, Any]) -> None:
    fitness = described["fitness"]
    outcome = f"fitness {_number(fitness)}" if fitness is not None else described["reason"]
    parent = described["parent"]
    origin = "the initial program" if parent is None else f"{described['mutation']} of {parent}"
    console.print(f"program {described['index']} of {described['run']}: {outcome}, {origin}\n")
    table = Table("program", "fitness", "mutation", "changes of needed statements", box=box.SIMPLE)
    for step in described["improvements"]:
        changes = "\n".join(step["changes"])
        cells = (str(step["index"]), _number(step["fitness"]), step["mutation"], changes)
        table.add_row(*map(Text, cells))
    console.print(Text("improvements along its line", style="bold"))
    console.print(table)


def print_run(console: Console, summary: dict[str, Any]) -> None:
    """Prints the summary of a run: its best program, the scores, and the counts."""
    best, initial = summary["best"], summary["initial"]
    if best is not None and initial is not None and initial["scores"]:
        title = f"best program: {best['index']}, what is not needed removed"
        console.print(Text(title, style="bold"))
        console.print(Syntax(best["program"], "python", background_color="default"))
        console.print(_scores_table(summary))
        console.print(Text("best by length, where more statements are fitter", style="bold"))
        console.print(hall_table(summary["hall"]))
    counts = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, value in (
        ("programs", f"{summary['programs']:,} of {summary['total']:,}"),
        ("evaluated", f"{summary['evaluated']:,}"),
        (
            "cache hits",
            f"{summary['cache_hits']:,} ({summary['cache_hit_rate']:.1%} of children)"
            + _options(summary["functional_hits"], summary["reevaluated"]),
        ),
        ("outcomes", _counts(summary["outcomes"])),
        ("training saved", f"{summary['training_saved']:.1%} of the steps, by stopping early"),
        ("redundant share", f"{summary['redundant_share']:.1%} of the last population"),
        ("history digest", summary["history_digest"]),
        ("file", summary["run"]),
    ):
        counts.add_row(name, Text(value, overflow="fold"))
    console.print(counts)


def _scores_table(summary: dict[str, Any]) -> Table:
    reference = summary["config"].get("reference")  # None in older records too
    gain_head = f"gain over {reference}" if reference else "gain"  # else over the initial program
    table = Table("", "initial", "best", gain_head, box=box.SIMPLE)
    best, initial = summary["best"], summary["initial"]
    for task in summary["tasks"]:
        name = task["name"]
        scores = [program["scores"][name]["score"] for program in (initial, best)]
        gain = best["scores"][name]["fitness"]
        table.add_row(f"{name}: {task['metric']}", *map(_number, scores), f"{gain:+.1%}")
    evaluation = summary["config"]["evaluation"]
    combination = "weighted mean" if evaluation.get("weights") else evaluation["combination"]
    fitness = (_number(program["fitness"]) for program in (initial, best))
    table.add_row(f"fitness ({combination} of the gains)", *fitness, "")
    return table


def next_commands(run: str) -> str:
    """What a person may want to do with a finished run."""
    return (
        f"next:\n  lionhunt show {run}:best    # how it came about, line by line\n"
        f"  lionhunt show {run}    # this summary again; --json for other programs\n"
        "  lionhunt show raw_lion    # the program that became Lion"
    )


def progress_line(progress: RunProgress) -> str:
    """One line for where there is no terminal."""
    best = "none" if progress.best is None else _number(progress.best.fitness or 0.0)
    return (
        f"programs {progress.num_programs}/{progress.expected_total}  "
        f"evaluated {progress.num_evaluated}  "
        f"hits {progress.num_hits}{_options(progress.num_equivalent, progress.num_reevaluated)}  "
        f"redundant {progress.redundant_share:.0%}  "
        f"{_counts(_by_name(progress))}  {progress.children_per_second:.0f}/s  best {best}  "
        f"left {_clock(progress.seconds_left)}"
    )


def progress_display(progress: RunProgress) -> Group:
    """The live display."""
    best = "none yet" if progress.best is None else _number(progress.best.fitness or 0.0)
    share = progress.num_hits / max(1, progress.num_children)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, value in (
        ("programs", f"{progress.num_programs:,} of {progress.expected_total:,}"),
        ("evaluated", f"{progress.num_evaluated:,}"),
        (
            "cache hits",
            f"{progress.num_hits:,} ({share:.0%} of children)"
            + _options(progress.num_equivalent, progress.num_reevaluated),
        ),
        ("outcomes", _counts(_by_name(progress))),
        ("redundant share", f"{progress.redundant_share:.0%}"),
        ("children a second", f"{progress.children_per_second:.0f}"),
        ("best fitness", f"{best} (the reference has 0)"),
        ("time left", _clock(progress.seconds_left)),
    ):
        table.add_row(Text(name, style="bold"), Text(value))
    bar = ProgressBar(total=progress.expected_total, completed=progress.num_programs, width=60)
    return Group(table, bar)


def _options(num_equivalent: int, num_reevaluated: int) -> str:
    """What the second level of the cache and evaluation with other seeds add to the hits."""
    functional = f", {num_equivalent:,} functional" if num_equivalent else ""
    return functional + (f", {num_reevaluated:,} reevaluated" if num_reevaluated else "")


def _by_name(progress: RunProgress) -> dict[str, int]:
    return {reason.value: count for reason, count in progress.statuses.items()}


def _clock(seconds: float) -> str:
    if not math.isfinite(seconds):
        return "unknown"
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
