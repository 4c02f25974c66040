"""The figures of `lionhunt bench machine` as a person reads them."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

from lionhunt.search.reporting.tables import Table, to_rich


def print_bench_machine(console: Console, figures: dict[str, Any]) -> None:
    """Prints a table for each part of the measurement."""
    console.print(Text(figures["machine"], style="bold"))
    for table in _tables(figures):
        console.print(Text(table.title, style="bold"))
        console.print(to_rich(table))
    memory, two = figures["memory"], figures["two_workers"]
    if memory["mib"] is not None:
        console.print(
            f"memory of a worker: {memory['mib_compiled']:,.0f} MiB once compiled, "
            f"{memory['mib'][0]:,.0f} and {memory['mib'][-1]:,.0f} after a tenth and all of "
            f"{memory['evaluations']:,} evaluations ({memory['growth']:+.1%})"
        )
    rates = two["candidates_per_second"]
    console.print(
        f"two workers: {two['speedup']:.2f} times one ({rates['2']:.1f} and {rates['1']:.1f} "
        "candidates a second, by wall clock)"
    )


def _tables(figures: dict[str, Any]) -> Iterator[Table]:
    rows = [
        (
            task,
            name,
            *(f"{found['milliseconds'][kind]:.1f}" for kind in ("machine", "optax", "gradient")),
            f"{found['to_optax']:.2f}",
            f"{found['to_gradient']:.2f}",
            f"{found['optax_to_gradient']:.2f}",
        )
        for task, by_name in figures["optimizers"].items()
        for name, found in by_name.items()
    ]
    heads = ("task", "optimizer", "machine, ms", "optax, ms", "gradient, ms")
    ratios = ("to optax", "to gradient", "optax to gradient")
    yield Table("a whole evaluation, processor time", (*heads, *ratios), rows)
    rows = [
        (
            task,
            f"{found['compiling_seconds']:.1f} + {found['running_seconds']:.1f}",
            f"{found['running_seconds_with_hurdles']:.1f}",
            f"{found['compiling_each_seconds']:.0f} ({found['compiled']} compiled)",
            f"{found['speedup']:.1f}",
            f"{found['speedup_with_hurdles']:.1f}",
            f"{found['speedup_once_compiled']:.1f}",
        )
        for task, found in figures["children"].items()
    ]
    heads = ("task", "machine: compile + run, s", "with hurdles, s", "compile each, s")
    ratios = ("speedup", "with hurdles", "once compiled")
    count = next(iter(figures["children"].values()))["children"]
    title = f"{count} children of {figures['source_of_children']}, processor time"
    yield Table(title, (*heads, *ratios), rows)
