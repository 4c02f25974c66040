"""Classification of programs: one by one, and counted over the best of a run."""

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lionhunt.dsl.classification.classifier import Classification, Likeness, classify
from lionhunt.dsl.program import Program
from lionhunt.search.activity import OnActivity, ignore
from lionhunt.search.behavior.summary import find_behavior, summarize_behavior
from lionhunt.search.storage.program_ref import Source
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.stored_program import StoredProgram

TYPICAL = 3
"""Differences printed for a family, the commonest first."""


def summarize_class(
    source: Source, with_behavior: bool, on_activity: OnActivity = ignore
) -> dict[str, Any]:
    """Return the known optimizer nearest to a program, as a plain dictionary.

    Args:
        source: the program.
        with_behavior: also compare it by its updates on recorded gradients.
        on_activity: called with what is being done.
    """
    with source.functions:
        nearest = classify(source.program, source.notes)
        summary = {"name": source.name, **_summarize(nearest), "constants": nearest.constants}
        if with_behavior:
            summary["behavior"] = _behavior(source.program, nearest, on_activity)
    return summary


def _behavior(program: Program, nearest: Classification, on_activity: OnActivity) -> dict[str, Any]:
    is_unlike = nearest.likeness is Likeness.UNLIKE
    like = () if is_unlike else nearest.optimizers
    return summarize_behavior(find_behavior(program, like, on_activity))


def _summarize(nearest: Classification) -> dict[str, Any]:
    return {
        "likeness": nearest.likeness.value,
        "optimizers": list(nearest.optimizers),
        "distance": round(nearest.distance, 4),
        "differences": list(nearest.differences),
    }


def summarize_families(
    records: RunStore,
    top: int,
    with_behavior: bool,
    on_activity: OnActivity = ignore,
    max_needed: float = math.inf,
) -> dict[str, Any]:
    """Return the families of the best programs of a run, the largest first, as a plain dictionary.

    Args:
        records: store of the run.
        top: number of programs, of different fingerprints.
        with_behavior: also compare the best program of each family by its updates.
        on_activity: called with what is being done.
        max_needed: programs that need more statements are left out; long ones take seconds.
    """
    members: dict[tuple[str, ...], list[tuple[StoredProgram, Classification]]] = {}
    best = itertools.islice(records.fittest(), top)
    rows = [row for row in best if row.num_needed <= max_needed]
    for row in rows:
        nearest = classify(row.program)
        is_unlike = nearest.likeness is Likeness.UNLIKE
        members.setdefault(() if is_unlike else nearest.optimizers, []).append((row, nearest))
    families = sorted(members.items(), key=lambda item: -len(item[1]))
    summaries = [_summarize_family(names, family) for names, family in families]
    if with_behavior:
        for summary, (_, [(row, nearest), *_]) in zip(summaries, families, strict=True):
            found = _behavior(row.program, nearest, on_activity)
            summary["best"]["behavior"] = found
    return {"run": str(records.path.parent), "programs": len(rows), "families": summaries}


def _summarize_family(
    names: tuple[str, ...], family: Sequence[tuple[StoredProgram, Classification]]
) -> dict[str, Any]:
    """Summarize one family; its members are best first.

    A family without names has the programs that are unlike every known optimizer.
    """
    best, nearest = family[0]
    common = Counter(phrase for _, member in family for phrase in member.differences)
    return {
        "optimizers": list(names),
        "count": len(family),
        "same": sum(member.likeness is Likeness.SAME for _, member in family),
        "best_fitness": best.fitness,
        "best": {"index": best.individual.index, **_summarize(nearest)},
        "differences": dict(common.most_common()),
    }


def print_classes(console: Console, summaries: Sequence[dict[str, Any]]) -> None:
    """Print the results of `summarize_class` and `summarize_families`."""
    for summary in summaries:
        if "families" in summary:
            _print_families(console, summary)
        else:
            _print_class(console, summary)


def _print_class(console: Console, summary: dict[str, Any]) -> None:
    console.print(Text(f"{summary['name']} {_sentence(summary)}", style="bold"))
    for phrase in summary["differences"]:
        console.print(Text(f"  {phrase}"))
    if summary["constants"]:
        values = ", ".join(f"{name} = {x:.6g}" for name, x in summary["constants"].items())
        console.print(Text(f"  constants: {values}"))
    if "behavior" in summary:
        _print_behavior(console, summary["behavior"], "it")


def _print_behavior(console: Console, behavior: dict[str, Any], name: str) -> None:
    """Print a second opinion below the first."""
    console.print(Text(f"  {name} {behavior['nearest']}", style="bold"), soft_wrap=True)
    for phrase in behavior["differences"]:
        console.print(Text(f"    {phrase}"))
    others = [
        f"{' or '.join(other['names'])} ({other['fitted_cosine']:.3f})"
        for other in behavior["optimizers"][1:]
    ]
    if others:
        console.print(Text(f"    next: {', '.join(others)}"))


def _sentence(summary: dict[str, Any]) -> str:
    names = " or ".join(summary["optimizers"]) or "none"
    return {
        Likeness.SAME: f"is {names}, up to constants",
        Likeness.CHANGED: f"is {names} with changes (distance {summary['distance']:.2f})",
        Likeness.UNLIKE: f"is unlike anything known (nearest: {names}, "
        f"distance {summary['distance']:.2f})",
    }[Likeness(summary["likeness"])]


def _print_families(console: Console, summary: dict[str, Any]) -> None:
    title = f"families of the best {summary['programs']} programs of {summary['run']}"
    console.print(Text(title, style="bold"))
    table = Table("family", "count", "same", "best fitness", "typical differences", box=box.SIMPLE)
    for family in summary["families"]:
        phrases = list(family["differences"].items())[:TYPICAL]
        cells = (
            " or ".join(family["optimizers"]) or "unlike anything known",
            str(family["count"]),
            str(family["same"]),
            f"{family['best_fitness']:.4f}",
            "\n".join(f"{phrase} ({count})" for phrase, count in phrases),
        )
        table.add_row(*(Text(cell, overflow="fold") for cell in cells))
    console.print(table)
    for family in summary["families"]:
        if (behavior := family["best"].get("behavior")) is not None:
            _print_behavior(console, behavior, f"program {family['best']['index']}")
