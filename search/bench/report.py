"""Tables that the benchmarks print."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lionhunt.search.reporting.tables import Table as TextTable
from lionhunt.search.reporting.tables import to_rich
from lionhunt.search.reporting.text import duration, four_decimals


def print_bench_dsl(console: Console, figures: dict[str, Any]) -> None:
    """Print the result of `bench_dsl`, a column for programs of each length."""
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
    """Print the result of `bench_batch`, a line for each task."""
    sizes = list(next(iter(figures["tasks"].values()))["batches"])
    heads = [f"batch {size}" for size in sizes]
    table = Table("candidates a second", "one core", *heads, box=box.SIMPLE)
    for name, measured in figures["tasks"].items():
        columns = (measured["one_core"], *(measured["batches"][size] for size in sizes))
        table.add_row(name, *(f"{column['candidates_per_second']:.3g}" for column in columns))
    console.print(Text(figures["machine"], style="bold"))
    console.print(f"batches on {figures['device']}")
    console.print(table)


def print_bench_step_sizes(console: Console, figures: dict[str, Any]) -> None:
    """Print the result of `bench_step_sizes`, a line for each task."""
    table = Table("time, in trainings", "initial program", "children", box=box.SIMPLE)
    for name, ratios in figures["tasks"].items():
        table.add_row(name, *(f"{ratios[key]:.2f}" for key in ("initial", "children")))
    console.print(Text(figures["machine"], style="bold"))
    sizes = ", ".join(f"{size:g}" for size in figures["step_sizes"])
    console.print(f"{figures['num_children']} children at the step sizes {sizes}")
    console.print(table)


def print_bench_torch(console: Console, figures: dict[str, Any]) -> None:
    """Print the result of `bench_torch`, a line for each library."""
    table = Table("digits_mlp in", "s an evaluation", "evaluations a second", box=box.SIMPLE)
    for name, seconds in figures["seconds"].items():
        table.add_row(name, f"{seconds:.3f}", f"{1 / seconds:.2f}")
    console.print(Text(figures["machine"], style="bold"))
    console.print(f"{figures['num_children']} children, {figures['num_steps']} steps, one core")
    console.print(table)
    console.print(f"In PyTorch they take {figures['ratio']:.1f} times as long.")


def print_bench_hurdles(console: Console, figures: dict[str, Any]) -> None:
    """Print the result of `bench_hurdles`, a line for each setting."""
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
            "none" if best is None else four_decimals(best),
        )
    console.print(Text(figures["run"], style="bold"))
    console.print(table)


def print_bench_functional(console: Console, figures: dict[str, Any]) -> None:
    """Print the result of `bench_functional`, a line for each number of bits."""
    heads = ("bits kept", "merged", "same scores", "differ by rounding", "false")
    table = Table(*heads, "largest difference", box=box.SIMPLE)
    for merges in figures["by_bits"]:
        counts = (merges[key] for key in ("bits", "merged", "equal", "rounding", "false"))
        table.add_row(*(f"{count:,}" for count in counts), f"{merges['largest_difference']:.3g}")
    console.print(Text(figures["run"], style="bold"))
    console.print(f"{figures['evaluated']:,} programs evaluated; {figures['bits']} bits are kept")
    console.print(table)


def print_bench_records(console: Console, figures: dict[str, Any]) -> None:
    """Print the result of `bench_records`, a line for each number."""
    table = Table("", "", box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_row("programs", f"{figures['programs']:,}, {figures['evaluated']:,} different")
    table.add_row("driver, a program", f"{figures['driver_milliseconds']:.3f} ms")
    if (mib := figures["memory"]["mib"]) is not None:
        after = f"after {figures['memory']['first']:,} and all programs"
        table.add_row("memory", f"{mib[0]:,.0f} and {mib[1]:,.0f} MiB {after}")
    table.add_row("records", f"{figures['bytes'] / 1e6:,.0f} MB")
    for name, seconds in figures["seconds"].items():
        table.add_row(name, f"{seconds:.2f} s")
    console.print(Text(figures["machine"], style="bold"))
    console.print("processor time, without training and without Ray")
    console.print(table)


def print_bench_tasks(console: Console, rows: Sequence[dict[str, Any]]) -> None:
    """Print the rows of `bench_tasks`."""
    heads = ("parameters", "steps", "an evaluation", "compiling")
    table = Table("task", "scale", *heads, box=box.SIMPLE)
    for row in rows:
        name, scale = row["task"], f"{row['scale']:g}x"
        if "skipped" in row:
            table.add_row(name, scale, row["skipped"])
            continue
        is_whole = row["measured_steps"] == row["steps"]
        table.add_row(
            name,
            scale,
            f"{row['parameters']:,}",
            f"{row['steps']:,}",
            duration(row["measured_seconds"])
            + ("" if is_whole else f" (from {row['measured_steps']:,} steps)"),
            duration(row["compile_seconds"]),
        )
    console.print(table)


def print_bench_machine(console: Console, figures: dict[str, Any]) -> None:
    """Print the result of `bench_machine`, a table for each part."""
    console.print(Text(figures["machine"], style="bold"))
    for table in _machine_tables(figures):
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


def _machine_tables(figures: dict[str, Any]) -> Iterator[TextTable]:
    rows = [
        (
            task,
            name,
            *(f"{figure['milliseconds'][kind]:.1f}" for kind in ("machine", "optax", "gradient")),
            f"{figure['to_optax']:.2f}",
            f"{figure['to_gradient']:.2f}",
            f"{figure['optax_to_gradient']:.2f}",
            f"{figure['multiply_adds']:.0f}",
        )
        for task, by_name in figures["optimizers"].items()
        for name, figure in by_name.items()
    ]
    heads = ("task", "optimizer", "machine, ms", "optax, ms", "gradient, ms")
    ratios = ("to optax", "to gradient", "optax to gradient")
    heads = (*heads, *ratios, "multiply-adds\nper parameter")
    yield TextTable("a whole evaluation, processor time", heads, rows)
    rows = [
        (
            task,
            ", ".join(figure["functions"]),
            *(f"{figure['milliseconds'][kind]:.1f}" for kind in ("without", "with")),
            f"{figure['ratio']:.3f}",
        )
        for task, figure in figures["unused_functions"].items()
    ]
    heads = ("task", "functions that the program lacks", "without, ms", "with, ms", "ratio")
    yield TextTable("the machine with functions that nothing uses", heads, rows)
    rows = [
        (
            task,
            f"{figure['compiling_seconds']:.1f} + {figure['running_seconds']:.1f}",
            f"{figure['running_seconds_with_hurdles']:.1f}",
            f"{figure['compiling_each_seconds']:.0f} ({figure['compiled']} compiled)",
            f"{figure['speedup']:.1f}",
            f"{figure['speedup_with_hurdles']:.1f}",
            f"{figure['speedup_once_compiled']:.1f}",
        )
        for task, figure in figures["children"].items()
    ]
    heads = ("task", "machine: compile + run, s", "with hurdles, s", "compile each, s")
    ratios = ("speedup", "with hurdles", "once compiled")
    count = next(iter(figures["children"].values()))["children"]
    title = f"{count} children of {figures['source_of_children']}, processor time"
    yield TextTable(title, (*heads, *ratios), rows)


def print_bench_start(console: Console, figures: dict[str, Any]) -> None:
    """Print the result of `bench_start`, a line for the cold and one for the warm start."""
    heads = ("driver imported", "first worker ready", "all ready")
    table = Table("s since the command", *heads, box=box.SIMPLE)
    for name in ("cold", "warm"):
        table.add_row(name, *(f"{seconds:.1f}" for seconds in figures[name].values()))
    console.print(Text(figures["machine"], style="bold"))
    console.print(f"{figures['num_workers']} workers, tasks {', '.join(figures['tasks'])}")
    console.print(table)


def print_profile(console: Console, figures: dict[str, Any]) -> None:
    """Print the result of `profile`: a line for each part of the driver and of the workers."""
    console.print(Text(figures["machine"], style="bold"))
    console.print(
        f"{figures['seconds']:.1f} s; processor {figures['processor_seconds']:.1f} s here, "
        f"{figures['children_processor_seconds']:.1f} s in processes of this one"
    )
    for title, count in (("driver", 1), ("workers", figures["num_workers"])):
        if not count:
            continue
        table = Table(f"{title} ({count})", "s", "share", box=box.SIMPLE)
        total = sum(figures[title].values())
        for part, seconds in figures[title].items():
            table.add_row(part, f"{seconds:.1f}", f"{100 * seconds / total:.0f} %")
        console.print(table)
