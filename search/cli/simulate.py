"""The command that simulates thousands of workers: parses, calls, prints, writes the report."""

import json
import math
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from lionhunt.search.cli.terminal import Json, make_console, status_line
from lionhunt.search.driver.config import EvolutionConfig
from lionhunt.search.errors import RecordError
from lionhunt.search.fields import MAX_COUNT
from lionhunt.search.reporting.blocks import Paragraph, print_blocks, to_markdown_report
from lionhunt.search.reporting.text import print_json
from lionhunt.search.simulation.loop import follow_best, make_config, simulate_load
from lionhunt.search.simulation.report import simulation_blocks, summarize_simulation

NUM_WORKERS = (1, 10, 100, 1000, 10_000)
LAGS = (0, 100, 1000, 3000, 10_000)
NUM_PROGRAMS = 10_000
"""Of a run, if its lag asks for no more."""
LAGS_A_RUN = 5
"""How many times as long as its lag a run is, at least."""
NUM_SEEDS = 3
"""Of searches with one lag."""
NEW_SHARE = 0.25
"""Of children: in quickstarts 22 to 29 %."""

CAPTIONS = {
    "load": "Idle workers and the load of the driver",
    "lag": "The best program so far, for every lag",
}


def simulate(
    workers: Annotated[
        list[int] | None,
        typer.Option(min=1, max=1_000_000, help="Simulated workers; may be repeated."),
    ] = None,
    programs: Annotated[
        int | None,
        typer.Option(
            min=EvolutionConfig().population_size,
            max=MAX_COUNT,
            help="Of every run; 10,000, or 5 lags.",
        ),
    ] = None,
    seconds: Annotated[float, typer.Option(min=1e-3, help="Of an evaluation, on average.")] = 1200,
    spread: Annotated[
        float, typer.Option(min=0, max=1, help="How much evaluations differ, as a share.")
    ] = 0.5,
    lag: Annotated[
        list[int] | None,
        typer.Option(
            min=0, max=MAX_COUNT, help="Children in flight; may be repeated. By default enough."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - NUM_SEEDS)] = 0,
    out: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("runs/simulate"),
    as_json: Json = False,
) -> None:
    """Simulate a search with thousands of workers: its driver, their idle time, what lag does.

    The driver is the real one; workers work in virtual time, and score by a toy. That time stands
    still while the driver works: where it would not keep up, the report says so. By default 1 to
    10,000 workers: six minutes, most of it for the last.
    """
    loads, curves = [], []
    with status_line(make_console(stderr=True)) as say:
        for count in workers or NUM_WORKERS:
            for each in lag or [enough_lag(count, spread)]:
                say(f"{count:,} workers, lag {each:,}")
                num_programs = programs or max(NUM_PROGRAMS, LAGS_A_RUN * each)
                config = make_config(num_programs, each, seed)
                loads.append(simulate_load(config, count, seconds, spread))
        for each in lag or LAGS:
            for number in range(NUM_SEEDS):
                say(f"searches with lag {each:,}, seed {seed + number}")
                config = make_config(programs or NUM_PROGRAMS, each, seed + number)
                curves.append(follow_best(config))
    described = summarize_simulation(
        loads, curves, evaluation_seconds=seconds, spread=spread, seed=seed
    )
    _write(out, described)
    if as_json:
        print_json(described)
    else:
        console = make_console()
        print_blocks(console, simulation_blocks(described))
        console.print(Text(f"\nreport: {out / 'report.md'}"), soft_wrap=True)


def enough_lag(num_workers: int, spread: float) -> int:
    """A lag that lets no worker wait.

    The slowest evaluation takes 1 + spread times the mean, and until it is done no child is born
    that is a lag younger; what is born in that time is new in `NEW_SHARE` of all cases.
    """
    return max(64, math.ceil(num_workers * (1 + spread) / NEW_SHARE))


def _write(folder: Path, described: dict[str, Any]) -> None:
    from lionhunt.search.reporting.figures import write_figure  # takes half a second to import
    from lionhunt.search.simulation.figures import lag_figure, load_figure

    figures = {"load": load_figure(described["loads"]), "lag": lag_figure(described["lags"])}
    pictures = [Paragraph(f"![{CAPTIONS[name]}]({name}.png)") for name in figures]
    text = to_markdown_report("`lionhunt simulate`", [*simulation_blocks(described), *pictures])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.json").write_text(json.dumps(described), "utf-8")
        (folder / "report.md").write_text(text, "utf-8")
        for name, figure in figures.items():
            write_figure(figure, folder / name)
    except OSError as error:
        raise RecordError(f"cannot write in {folder}: {error.strerror}; make room") from None
