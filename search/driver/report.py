"""Reports on the terminal: the progress of a run, its summary, and a single program."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from lionhunt.dsl.analysis.state_size import StateSize
from lionhunt.dsl.analysis.work import Work
from lionhunt.search.driver.hall_of_fame import hall_table
from lionhunt.search.driver.objectives.front import front_table
from lionhunt.search.driver.progress import RunProgress
from lionhunt.search.driver.summary import NEEDED, REDUNDANT, WITHIN_STEP
from lionhunt.search.driver.validation.report import validation_table, validation_text
from lionhunt.search.errors import command_line
from lionhunt.search.reporting.activity_bar import make_bar
from lionhunt.search.reporting.code import to_code
from lionhunt.search.reporting.text import clock, counts_text, four_decimals
from lionhunt.search.user_code.reference import Reference


def print_program(console: Console, summary: dict[str, Any]) -> None:
    """Print the result of `summarize_program`."""
    console.print(Text(summary["name"], style="bold"))
    if summary["summary"]:
        console.print(Text(summary["summary"]))
    head, *_, end = summary["program"].splitlines()
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    styles = {NEEDED: "bold", WITHIN_STEP: "", REDUNDANT: "dim"}
    table.add_row("", head, "", "")
    for number, line in enumerate(summary["listing"]):
        style = styles[line["mark"]]
        cells = (str(number), f"  {line['statement']}", line["kind"], line["mark"])
        table.add_row(*(Text(cell, style=style, overflow="fold") for cell in cells))
    table.add_row("", end, "", "")
    console.print(table)
    console.print(
        f"{summary['statements']} statements, {summary['needed_within_step']} needed within "
        f"the step, {summary['needed']} needed; live state: "
        f"{', '.join(summary['live_state']) or 'none'}"
    )
    unknown = ["functions of your own are not executed here, so its properties are unknown"]
    properties = summary["properties"] or {"in_words": unknown}
    console.print("; ".join(properties["in_words"]))
    console.print(f"state: {StateSize(**summary['state_size'])}; a step: {Work(**summary['work'])}")
    console.print(f"fingerprint {summary['fingerprint']}")
    if "index" in summary:
        _print_origin(console, summary)


def print_library(console: Console, programs: list[dict[str, Any]]) -> None:
    """Print the name and the summary of each program."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for program in programs:
        table.add_row(program["name"], Text(program["summary"], overflow="fold"))
    console.print(table)


def _print_origin(console: Console, summary: dict[str, Any]) -> None:
    fitness = summary["fitness"]
    outcome = f"fitness {four_decimals(fitness)}" if fitness is not None else summary["reason"]
    if summary["rank"] != fitness:
        outcome += f", rank {four_decimals(summary['rank'])}"
    parent = summary["parent"]
    origin = "the initial program" if parent is None else f"{summary['mutation']} of {parent}"
    if (second := summary["second_parent"]) is not None:
        origin += f" with {second}"
    multiples = ", ".join(f"{multiple:g}" for multiple in summary["multiples"])
    sizes = f", update as bred times {multiples} (for each task)" if multiples else ""
    console.print(f"program {summary['index']} of {summary['run']}: {outcome}, {origin}{sizes}\n")
    table = Table("program", "fitness", "mutation", "changes of needed statements", box=box.SIMPLE)
    for step in summary["improvements"]:
        changes = "\n".join(step["changes"])
        cells = (str(step["index"]), four_decimals(step["fitness"]), step["mutation"], changes)
        table.add_row(*map(Text, cells))
    console.print(Text("improvements along its line", style="bold"))
    console.print(table)


def print_run(console: Console, summary: dict[str, Any]) -> None:
    """Print the summary of a run: its best program, the scores, and the counts."""
    best, initial = summary["best"], summary["initial"]
    if best is not None and initial is not None and initial["scores"]:
        title = f"best program: {best['index']}, what is not needed removed"
        console.print(Text(title, style="bold"))
        console.print(to_code(best["program"]))
        console.print(_scores_table(summary))
        console.print(Text("best by length, where more statements rank higher", style="bold"))
        console.print(hall_table(summary["hall"]))
        if summary["front"]:
            console.print(Text("programs that no other beats in rank and cost", style="bold"))
            console.print(front_table(summary["front"]))
    if (validation := summary["validation"]) is not None:
        console.print(Text("gain of the best so far, on validation tasks", style="bold"))
        console.print(validation_table(validation))
        if validation["early_stopped"]:
            console.print("ended by early_stop: no new best on the validation tasks")
    counts = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, value in (
        ("programs", f"{summary['programs']:,} of {summary['total']:,}"),
        ("evaluated", f"{summary['evaluated']:,}"),
        (
            "cache hits",
            f"{summary['cache_hits']:,} ({summary['cache_hit_rate']:.1%} of children)"
            + _functional(summary["functional_hits"]),
        ),
        *luck_rows(summary),
        ("outcomes", counts_text(summary["outcomes"])),
        *_invalid_rows(summary["invalid_mutants"]),
        ("training saved", f"{summary['training_saved']:.1%} of the steps, by stopping early"),
        ("redundant share", f"{summary['redundant_share']:.1%} of the last population"),
        ("history digest", summary["history_digest"]),
        ("file", summary["run"]),
    ):
        counts.add_row(name, Text(value, overflow="fold"))
    console.print(counts)


def _scores_table(summary: dict[str, Any]) -> Table:
    # Older records have no such key. Without a reference, the gain is over the initial program.
    reference = summary["config"].get("reference")
    gain_head = f"gain over {reference}" if reference else "gain"
    table = Table("", "initial", "best", gain_head, box=box.SIMPLE)
    best, initial = summary["best"], summary["initial"]
    for task in summary["tasks"]:
        name = task["name"]
        scores = [program["scores"][name]["score"] for program in (initial, best)]
        gain = best["scores"][name]["fitness"]
        table.add_row(f"{name}: {task['metric']}", *map(four_decimals, scores), f"{gain:+.1%}")
    evaluation = summary["config"]["evaluation"]
    combination = "weighted mean" if evaluation.get("weights") else evaluation["combination"]
    head = f"fitness ({combination} of the gains)"
    if own := evaluation.get("fitness"):
        head = f"fitness ({Reference.parse(own).short_name})"
    fitness = (four_decimals(program["fitness"]) for program in (initial, best))
    table.add_row(head, *fitness, "")
    return table


def next_commands(run: Path) -> str:
    """Return the commands that lead on after a run."""
    # A path beats a program of the library, and is never taken for an option.
    best = Path(f"{run}:best")
    compared = f"optimizers.0.program={json.dumps(str(best))}"
    beside = run.with_name(f"{run.name}-compared")
    lines = [
        (("report", run), "one page to look at; 'lionhunt serve' shows all runs"),
        (("show", best), "the best program and its ancestors"),
        (("simplify", best), "as short as it can be, in minutes"),
        (("classify", run), "the known optimizers that the best are nearest to"),
        (("compare", "compare_found", "--out", beside, "--set", compared), "with tuned AdamW"),
        (("export", best, "--to", "optax"), "its code; also --to torch"),
    ]
    return "\n".join(["next:", *(f"  {command_line(*words)}    # {why}" for words, why in lines)])


def progress_line(progress: RunProgress) -> str:
    """Return the progress as one line, for a stream that is no terminal."""
    best = "none" if progress.best is None else four_decimals(progress.best.fitness or 0.0)
    validation = validation_text(progress.validation)
    return (
        f"programs {progress.num_programs}/{progress.expected_total}  "
        f"evaluated {progress.num_evaluated}  "
        f"hits {progress.num_hits}{_functional(progress.num_equivalent)}  "
        + (f"raced {progress.num_raced}  " if progress.num_raced else "")
        + f"redundant {progress.redundant_share:.0%}  "
        + (f"invalid {counts_text(progress.invalid_mutants)}  " if progress.invalid_mutants else "")
        + f"{counts_text(_by_name(progress))}  {progress.children_per_second:.0f}/s  best {best}  "
        f"{f'validation {validation}  ' if validation else ''}"
        f"left {clock(progress.seconds_left)}"
    )


def progress_display(progress: RunProgress) -> Group:
    """Return the live display: the counts so far above a progress bar."""
    best = "none yet" if progress.best is None else four_decimals(progress.best.fitness or 0.0)
    share = progress.num_hits / max(1, progress.num_children)
    counts = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, value in (
        ("evaluated", f"{progress.num_evaluated:,}"),
        (
            "cache hits",
            f"{progress.num_hits:,} ({share:.0%} of children)"
            + _functional(progress.num_equivalent),
        ),
        *([("raced", f"{progress.num_raced:,}")] if progress.num_raced else []),
        ("outcomes", counts_text(_by_name(progress))),
        *_invalid_rows(progress.invalid_mutants),
        ("redundant share", f"{progress.redundant_share:.0%}"),
        ("pace", f"{progress.children_per_second:.0f} children a second"),
        ("best fitness", best if progress.has_own_fitness else f"{best} (the reference has 0)"),
    ):
        counts.add_row(Text(name, style="bold"), Text(value))
    if validation := validation_text(progress.validation):
        counts.add_row(Text("validation", style="bold"), Text(validation))
    total = progress.expected_total
    count = f"{progress.num_programs:,} of {total:,} programs"
    bar = make_bar()
    bar.add_task(
        "", total=total, completed=progress.num_programs, count=count, left=progress.seconds_left
    )
    return Group(counts, bar)


def luck_rows(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what a run with races says about luck, as names and texts."""
    luck = summary["luck"]
    if luck is None:
        return []
    raced, trainings = summary["raced"], summary["race_trainings"]
    rows = [
        ("raced", f"{raced:,} programs, {trainings:,} trainings on further seeds"),
        ("best's gain", _gain_text(luck["search"])),
        ("on fresh seeds", _gain_text(luck["fresh"])),
    ]
    if luck["optimism"] is not None:
        rows.append(("optimism", f"{luck['optimism']:+.4f}, the first gain less the second"))
    return rows


def _gain_text(found: dict[str, Any]) -> str:
    """Return a mean gain over seeds with its interval."""
    if found["gain"] is None:
        return "not trained" if not found["seeds"] else f"failed on all {found['seeds']} seeds"
    low, high = found["low"], found["high"]
    between = "" if low is None else f", likely between {low:.4f} and {high:.4f}"
    num_seeds = found["seeds"] - found["failed"]
    failed = f", failed on {found['failed']} more" if found["failed"] else ""
    return f"{found['gain']:.4f} on {num_seeds} seed{'s' * (num_seeds != 1)}{failed}{between}"


def _invalid_rows(counts: Mapping[str, int]) -> list[tuple[str, str]]:
    """Return the invalid draws of the user's mutations as a row, if there are any."""
    return [("invalid mutants", counts_text(counts))] if counts else []


def _functional(num_equivalent: int) -> str:
    """Return the count of functional hits, in words."""
    return f", {num_equivalent:,} functional" if num_equivalent else ""


def _by_name(progress: RunProgress) -> dict[str, int]:
    return {status.value: count for status, count in progress.statuses.items()}
