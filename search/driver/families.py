"""Which known optimizers programs are, singly and counted over the best of a run."""

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lionhunt.dsl.classification.classifier import Classification, Likeness, classify
from lionhunt.search.storage.program_ref import Source
from lionhunt.search.storage.run_store import RunStore, StoredProgram

TYPICAL = 3
"""Differences that are told of a family, the commonest first."""


def summarize_class(source: Source) -> dict[str, Any]:
    """Which known optimizer a program is nearest to, in a plain dictionary."""
    found = classify(source.program, source.notes)
    return {"name": source.name, **_describe(found), "constants": found.constants}


def _describe(found: Classification) -> dict[str, Any]:
    return {
        "likeness": found.likeness.value,
        "optimizers": list(found.optimizers),
        "distance": round(found.distance, 4),
        "differences": list(found.differences),
    }


def summarize_families(records: RunStore, top: int) -> dict[str, Any]:
    """The families of the best programs of a run, the largest first, in a plain dictionary.

    Args:
        records: of the run.
        top: how many programs, of different fingerprints.
    """
    members: dict[tuple[str, ...], list[tuple[StoredProgram, Classification]]] = {}
    rows = list(itertools.islice(records.fittest(), top))
    for row in rows:
        found = classify(row.individual.program)
        is_unlike = found.likeness is Likeness.UNLIKE
        members.setdefault(() if is_unlike else found.optimizers, []).append((row, found))
    families = sorted(members.items(), key=lambda item: -len(item[1]))
    return {
        "run": str(records.path.parent),
        "programs": len(rows),
        "families": [_summarize_family(names, family) for names, family in families],
    }


def _summarize_family(
    names: tuple[str, ...], family: Sequence[tuple[StoredProgram, Classification]]
) -> dict[str, Any]:
    """The members, best first, of one family; no names are those of what nothing known is like."""
    best, found = family[0]
    common = Counter(phrase for _, member in family for phrase in member.differences)
    return {
        "optimizers": list(names),
        "count": len(family),
        "same": sum(member.likeness is Likeness.SAME for _, member in family),
        "best_fitness": best.fitness,
        "best": {"index": best.individual.index, **_describe(found)},
        "differences": dict(common.most_common()),
    }


def print_classes(console: Console, described: Sequence[dict[str, Any]]) -> None:
    """Prints what `describe_class` and `describe_families` found."""
    for each in described:
        _show_families(console, each) if "families" in each else _show_class(console, each)


def _show_class(console: Console, described: dict[str, Any]) -> None:
    console.print(Text(f"{described['name']} {_sentence(described)}", style="bold"))
    for phrase in described["differences"]:
        console.print(Text(f"  {phrase}"))
    if described["constants"]:
        values = ", ".join(f"{name} = {x:.6g}" for name, x in described["constants"].items())
        console.print(Text(f"  constants: {values}"))


def _sentence(described: dict[str, Any]) -> str:
    names = " or ".join(described["optimizers"]) or "none"
    return {
        Likeness.SAME: f"is {names}, up to constants",
        Likeness.CHANGED: f"is {names} with changes (distance {described['distance']:.2f})",
        Likeness.UNLIKE: f"is unlike anything known (nearest: {names}, "
        f"distance {described['distance']:.2f})",
    }[Likeness(described["likeness"])]


def _show_families(console: Console, described: dict[str, Any]) -> None:
    title = f"families of the best {described['programs']} programs of {described['run']}"
    console.print(Text(title, style="bold"))
    table = Table("family", "count", "same", "best fitness", "typical differences", box=box.SIMPLE)
    for family in described["families"]:
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
