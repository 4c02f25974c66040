"""What a person sees: the live display of a run, its summary, and a program examined.

What is shown is first gathered in plain dictionaries: `--json` prints these as they are.
"""

import difflib
import json
import math
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.progress_bar import ProgressBar
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from dsl import liveness
from dsl.fingerprint import fingerprint
from dsl.infer import infer
from dsl.program import InvalidProgram, Program
from dsl.text import to_line
from search.fitness import task_fitness
from search.progress import Progress
from search.records import Records, Row
from search.source import Source

NEEDED, WITHIN_STEP, REDUNDANT = "needed", "needed only within the step", "redundant"


def describe_program(source: Source) -> dict[str, Any]:
    """Everything that is known of a program without running it."""
    program = source.program
    described: dict[str, Any] = {"name": source.name, "program": str(program)}
    try:
        kinds = infer(program)
    except InvalidProgram as error:
        return described | {"valid": False, "reason": error.reason, "statement": error.index}
    alive = liveness.analyse(program)
    marks = [
        NEEDED if needed else WITHIN_STEP if within else REDUNDANT
        for needed, within in zip(alive.needed, alive.needed_within_step, strict=True)
    ]
    states = zip(program.states, alive.live_states, strict=True)
    described |= {
        "valid": True,
        "statements": len(program.statements),
        "needed_within_step": sum(alive.needed_within_step),
        "needed": sum(alive.needed),
        "states": list(program.states),
        "live_state": [name for name, is_live in states if is_live],
        "fingerprint": fingerprint(program),
        "simplified": str(liveness.simplify(program)),
        "listing": [
            {"statement": to_line(statement), "kind": kind.name.lower(), "mark": mark}
            for statement, kind, mark in zip(program.statements, kinds, marks, strict=True)
        ],
    }
    if source.row is not None:
        described |= _describe_row(source.row) | {
            "run": str(source.run),
            "improvements": _improvements(source.lineage),
        }
    return described


def _describe_row(row: Row) -> dict[str, Any]:
    return {
        "index": row.individual.index,
        "fitness": row.fitness,
        "reason": row.reason.value,
        "parent": row.individual.parent,
        "mutation": row.individual.mutation,
        "statements": row.num_statements,
        "needed": row.num_needed,
        "fingerprint": row.fingerprint,
    }


def _improvements(lineage: tuple[Row, ...]) -> list[dict[str, Any]]:
    """The ancestors that were fitter than all before them in the line, and what was changed."""
    steps = []
    best = -math.inf
    before = lineage[0]
    for row in lineage:
        if row.fitness is not None and row.fitness > best:
            changed = _changes(before.individual.program, row.individual.program)
            steps.append(
                {
                    "index": row.individual.index,
                    "fitness": row.fitness,
                    "mutation": row.individual.mutation,
                    "changes": changed,
                }
            )
            best = row.fitness
            before = row
    return steps


def _changes(old: Program, new: Program) -> list[str]:
    """Lines taken away (-) and added (+), of the needed statements."""

    def lines(program: Program) -> list[str]:
        return [to_line(statement) for statement in liveness.simplify(program).statements]

    return [line for line in difflib.ndiff(lines(old), lines(new)) if line[0] in "+-"]


def describe_run(records: Records) -> dict[str, Any]:
    """The summary of a run."""
    info = records.info()
    config = info["config"]
    progress = Progress.of_records(
        records, config["num_programs"], config["evolution"]["population_size"]
    )
    summary: dict[str, Any] = {
        "run": str(records.path),
        "complete": progress.num_programs >= progress.total,
        "programs": progress.num_programs,
        "total": progress.total,
        "evaluated": progress.num_evaluated,
        "cache_hits": progress.num_hits,
        "cache_hit_rate": progress.num_hits / max(1, progress.num_children),
        "redundant_share": progress.redundant_share,
        "outcomes": {reason.value: count for reason, count in progress.reasons.items()},
        "evaluation_seconds": records.seconds(),
        "history_digest": records.history_digest(),
        "tasks": info["tasks"],
        "versions": info["versions"],
        "machine": info["machine"],
        "config": config,
    }
    for name, row in (("initial", progress.first), ("best", progress.best)):
        summary[name] = None if row is None else _describe_scored(records, row, progress.first)
    return summary


def _describe_scored(records: Records, row: Row, first: Row | None) -> dict[str, Any]:
    """A row, its simplified program and its scores."""
    described = _describe_row(row)
    described["program"] = str(liveness.simplify(row.individual.program))
    measurement = records.measurement(row.fingerprint)
    reference = records.measurement(first.fingerprint) if first else None
    if measurement and reference:
        described["scores"] = {
            task["name"]: {
                "score": score,
                "fitness": task_fitness(score, initial, task["higher_is_better"]),
            }
            for task, score, initial in zip(
                records.info()["tasks"], measurement.scores, reference.scores, strict=False
            )
        }
    return described


def print_json(value: dict[str, Any]) -> None:
    """Prints a dictionary for another program to read."""
    print(json.dumps(value, indent=2))


def show_program(console: Console, described: dict[str, Any]) -> None:
    """Prints a described program."""
    console.print(Text(described["name"], style="bold"))
    if not described["valid"]:
        lines = described["program"].splitlines()
        for number, line in enumerate(lines):
            at = number - 1 == described["statement"]
            console.print(Text(f"{'->' if at else '  '} {line}", style="red" if at else ""))
        return
    head, *_, end = described["program"].splitlines()
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    styles = {NEEDED: "", WITHIN_STEP: "yellow", REDUNDANT: "dim"}
    table.add_row("", head, "", "")
    for number, line in enumerate(described["listing"]):
        style = styles[line["mark"]]
        cells = (str(number), f"  {line['statement']}", line["kind"], line["mark"])
        table.add_row(*(Text(cell, style=style, no_wrap=True) for cell in cells))
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


def show_run(console: Console, summary: dict[str, Any]) -> None:
    """Prints the summary of a run: its best program, the scores, and the counts."""
    best, initial = summary["best"], summary["initial"]
    if best is not None and initial is not None:
        title = f"best program: {best['index']}, what is not needed removed"
        console.print(Text(title, style="bold"))
        console.print(Syntax(best["program"], "python", background_color="default"))
        console.print(_scores_table(summary))
    counts = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, value in (
        ("programs", f"{summary['programs']:,} of {summary['total']:,}"),
        ("evaluated", f"{summary['evaluated']:,}"),
        (
            "cache hits",
            f"{summary['cache_hits']:,} ({summary['cache_hit_rate']:.1%} of children)",
        ),
        ("outcomes", _counts(summary["outcomes"])),
        ("redundant share", f"{summary['redundant_share']:.1%} of the last population"),
        ("history digest", summary["history_digest"]),
        ("file", summary["run"]),
    ):
        counts.add_row(name, Text(value))
    console.print(counts)


def _scores_table(summary: dict[str, Any]) -> Table:
    table = Table("", "initial", "best", "gain", box=box.SIMPLE)
    best, initial = summary["best"], summary["initial"]
    for task in summary["tasks"]:
        name = task["name"]
        scores = [program["scores"][name]["score"] for program in (initial, best)]
        gain = best["scores"][name]["fitness"]
        table.add_row(f"{name}: {task['metric']}", *map(_number, scores), f"{gain:+.1%}")
    combination = summary["config"]["evaluation"]["combination"]
    fitness = (_number(program["fitness"]) for program in (initial, best))
    table.add_row(f"fitness ({combination} of the gains)", *fitness, "")
    return table


def _number(value: float) -> str:
    return f"{value:.4f}"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items())) or "none"


def next_commands(run: str) -> str:
    """What a person may want to do with a finished run."""
    return (
        f"next:\n  lionhunt show {run}:best    # how it came about, line by line\n"
        f"  lionhunt show {run}    # this summary again; --json for other programs\n"
        "  lionhunt show raw_lion    # the program that became Lion"
    )


def progress_line(progress: Progress) -> str:
    """One line for where there is no terminal."""
    best = "none" if progress.best is None else _number(progress.best.fitness or 0.0)
    return (
        f"programs {progress.num_programs}/{progress.total}  evaluated {progress.num_evaluated}  "
        f"hits {progress.num_hits}  redundant {progress.redundant_share:.0%}  "
        f"{_counts(_by_name(progress))}  {progress.children_per_second:.0f}/s  best {best}  "
        f"left {_clock(progress.seconds_left)}"
    )


def progress_display(progress: Progress) -> Group:
    """The live display."""
    best = "none yet" if progress.best is None else _number(progress.best.fitness or 0.0)
    share = progress.num_hits / max(1, progress.num_children)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, value in (
        ("programs", f"{progress.num_programs:,} of {progress.total:,}"),
        ("evaluated", f"{progress.num_evaluated:,}"),
        ("cache hits", f"{progress.num_hits:,} ({share:.0%} of children)"),
        ("outcomes", _counts(_by_name(progress))),
        ("redundant share", f"{progress.redundant_share:.0%}"),
        ("children a second", f"{progress.children_per_second:.0f}"),
        ("best fitness", f"{best} (the initial program has 0)"),
        ("time left", _clock(progress.seconds_left)),
    ):
        table.add_row(Text(name, style="bold"), Text(value))
    bar = ProgressBar(total=progress.total, completed=progress.num_programs, width=60)
    return Group(table, bar)


def _by_name(progress: Progress) -> dict[str, int]:
    return {reason.value: count for reason, count in progress.reasons.items()}


def _clock(seconds: float) -> str:
    if not math.isfinite(seconds):
        return "unknown"
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
