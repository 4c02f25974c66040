"""The table of Lionhunt beside its alternatives."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

from lionhunt.search.bench.alternatives.packages import advice
from lionhunt.search.reporting.tables import Table, to_rich

HEADS = ("way", "one core", "time, Lionhunt = 1", "leaves out")


def print_bench_alternatives(console: Console, figures: dict[str, Any]) -> None:
    """Print the result of `bench_alternatives`."""
    training, breeding = figures["training"], figures["breeding"]
    console.print(Text(figures["machine"], style="bold"))
    console.print(", ".join(f"{name} {version}" for name, version in figures["versions"].items()))
    console.print(
        f"{training['candidates']} candidates train {training['steps']} steps of "
        f"{training['task']}; the machine compiles once, in {training['compiling_seconds']:.1f} s"
    )
    console.print(
        f"children of {breeding['statements']} statements or functions, "
        f"tournaments of {breeding['tournament_size']}"
    )
    console.print(to_rich(alternatives_table(figures)))
    if figures["missing"]:
        console.print(advice(figures["missing"]))


def alternatives_table(figures: dict[str, Any]) -> Table:
    """Return the rows of trainings, then those of children."""
    return Table("Side by side with alternatives", HEADS, list(_rows(figures)))


def _rows(figures: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, way in figures["training"]["ways"].items():
        yield name, f"{way['milliseconds']:,.0f} ms an evaluation", _ratio(way), ""
    for name, way in figures["breeding"]["ways"].items():
        rate = way["children_per_second"]
        text = f"{rate:,.0f}" if rate >= 100 else f"{rate:.2g}"
        yield name, f"{text} children a second", _ratio(way), way["leaves_out"]


def _ratio(way: dict[str, Any]) -> str:
    return f"{way['ratio']:,.0f}" if way["ratio"] >= 100 else f"{way['ratio']:.2g}"
