"""The command `lionhunt simulate`."""

from pathlib import Path
from typing import Annotated

import typer

from lionhunt.search.activity import Activity
from lionhunt.search.cli.terminal import Json, activity_display, make_console, print_line
from lionhunt.search.driver.config import EvolutionConfig
from lionhunt.search.fields import MAX_COUNT
from lionhunt.search.interrupt import set_way_on_from_start
from lionhunt.search.reporting.blocks import Paragraph, print_blocks, to_markdown_report
from lionhunt.search.reporting.report_files import write_report
from lionhunt.search.reporting.text import print_json
from lionhunt.search.simulation.loop import enough_lag, follow_best, make_config, simulate_load
from lionhunt.search.simulation.report import simulation_blocks, summarize_simulation

NUM_WORKERS = (1, 10, 100, 1000, 10_000)
LAGS = (0, 100, 1000, 3000, 10_000)
NUM_PROGRAMS = 10_000
"""Programs of a run, unless its lag needs more."""
LAGS_A_RUN = 5
"""Shortest run, in lags."""
NUM_SEEDS = 3
"""Searches with each lag."""

CAPTIONS = {
    "load": "Idle workers and the load of the driver",
    "lag": "The best program so far, for every lag",
}


def simulate(
    workers: Annotated[
        list[int] | None,
        typer.Option(min=1, max=1_000_000, help="Simulated workers; repeatable."),
    ] = None,
    programs: Annotated[
        int | None,
        typer.Option(
            min=EvolutionConfig().population_size,
            max=MAX_COUNT,
            help="Programs of each run; 10,000 or 5 lags.",
        ),
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=1e-3, help="Mean duration of an evaluation.")
    ] = 1200,
    spread: Annotated[
        float, typer.Option(min=0, max=1, help="How much durations differ, as a share.")
    ] = 0.5,
    lag: Annotated[
        list[int] | None,
        typer.Option(
            min=0, max=MAX_COUNT, help="Children in flight; repeatable. By default enough."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - NUM_SEEDS)] = 0,
    out: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("runs/simulate"),
    as_json: Json = False,
) -> None:
    """Simulate a search with thousands of workers.

    The driver is the real one. Workers run in virtual time and score a toy objective. Virtual time
    stands still while the driver works; the report says where the driver would not keep up. The
    default, 1 to 10,000 workers, takes three to six minutes.

    \b
    Examples:
      lionhunt simulate
      lionhunt simulate --workers 50 --programs 3000
      lionhunt simulate --workers 1000 --lag 6000 --seconds 60
    """
    set_way_on_from_start()
    loads, curves = [], []
    cases = [
        (count, children)
        for count in workers or NUM_WORKERS
        for children in lag or [enough_lag(count, spread)]
    ]
    total = len(cases) + NUM_SEEDS * len(lag or LAGS)
    with activity_display(make_console(stderr=True)) as show:

        def on_start(text: str) -> None:
            show(Activity(text, len(loads) + len(curves), total, "searches"))

        for count, children in cases:
            on_start(f"{count:,} workers, lag {children:,}")
            num_programs = programs or max(NUM_PROGRAMS, LAGS_A_RUN * children)
            config = make_config(num_programs, children, seed)
            loads.append(simulate_load(config, count, seconds, spread))
        for children in lag or LAGS:
            for number in range(NUM_SEEDS):
                on_start(f"searches with lag {children:,}, seed {seed + number}")
                config = make_config(programs or NUM_PROGRAMS, children, seed + number)
                curves.append(follow_best(config))
    summary = summarize_simulation(
        loads, curves, evaluation_seconds=seconds, spread=spread, seed=seed
    )
    # Importing matplotlib takes half a second.
    from lionhunt.search.simulation.figures import lag_figure, load_figure

    figures = {"load": load_figure(summary["loads"]), "lag": lag_figure(summary["lags"])}
    pictures = [Paragraph(f"![{CAPTIONS[name]}]({name}.png)") for name in figures]
    text = to_markdown_report("`lionhunt simulate`", [*simulation_blocks(summary), *pictures])
    path = write_report(out, summary, text, figures)
    if as_json:
        print_json(summary)
    else:
        console = make_console()
        print_blocks(console, simulation_blocks(summary))
        print_line(console, f"\nreport: {path}")
