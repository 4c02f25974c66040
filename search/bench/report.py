"""TODO docstring."""

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lionhunt.search.reporting.text import _number


def print_bench_dsl(console: Console, figures: dict[str, Any]) -> None:
    """Prints the speed of the language, for programs of each length."""
    columns = [*figures["lengths"], figures["library"]]
    heads = [f"{c['statements']:.0f} statements, {c['needed']:.0f} needed" for c in columns]
    heads[-1] = f"library: {heads[-1]}"
    table = Table("programs a second", *heads, box=box.SIMPLE)
    for name in columns[0]["programs_per_second"]:
        rates = (column["programs_per_second"][name] for column in columns)
        table.add_row(name.replace("_", " "), *(f"{rate:,.0f}" for rate in rates))
    console.print(Text(figures["machine"], style="bold"))
    console.print(table)
    console.print(f"children a second: {figures['children_per_second']:,.0f}")


def print_bench_batch(console: Console, figures: dict[str, Any]) -> None:
    """Prints how many candidates a second train, one by one and in batches."""
    sizes = list(next(iter(figures["tasks"].values()))["batches"])
    heads = [f"batch {size}" for size in sizes]
    table = Table("candidates a second", "one core", *heads, box=box.SIMPLE)
    for name, measured in figures["tasks"].items():
        columns = (measured["one_core"], *(measured["batches"][size] for size in sizes))
        table.add_row(name, *(f"{column['candidates_per_second']:.3g}" for column in columns))
    console.print(Text(figures["machine"], style="bold"))
    console.print(f"batches on {figures['device']}")
    console.print(table)


def print_bench_hurdles(console: Console, figures: dict[str, Any]) -> None:
    """Prints what hurdles would have saved and lost, a line for each setting."""
    heads = ("slack", "percentile", "time saved", "stopped")
    lost = ("lost of the top 1 %", "top 10 %", "above initial", "best lost")
    table = Table(*heads, *lost, box=box.SIMPLE)
    for setting in figures["settings"]:
        given = (setting["slack"], setting["percentile"])
        best = setting["best_lost_fitness"]
        table.add_row(
            *("" if value is None else f"{value:g}" for value in given),
            f"{setting['saved']:.1%}",
            f"{setting['stopped']:,} of {figures['finished']:,}",
            *(f"{count} of {total}" for count, total in setting["lost"].values()),
            "none" if best is None else _number(best),
        )
    console.print(Text(figures["run"], style="bold"))
    console.print(table)
