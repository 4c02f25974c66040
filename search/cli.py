"""The command line: parses, calls and prints."""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner

from search import report
from search.config import ConfigError, load_config
from search.records import FILE_NAME, RecordError, Records
from search.run import Search, describe_run, load_initial, load_run, make_pool
from search.source import SourceError, find_program, is_run
from search.workers import WorkerError

LINE_SECONDS = 5.0
"""Time between lines where there is no terminal."""

app = typer.Typer(
    help="Discover optimizers by searching over programs.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Workers = Annotated[
    int | None,
    typer.Option(min=0, help="Ray workers; 0 scores in this process. The result is the same."),
]


@app.command()
def search(
    config: Annotated[Path, typer.Argument(help="A TOML file; see configs/.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the run; runs/NAME by default.")
    ] = None,
    workers: Workers = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace a value of the config."),
    ] = None,
) -> None:
    """Search for optimizers, as CONFIG says."""
    run_config = load_config(config, settings)
    initial = load_initial(run_config.initial)
    folder = out or _free_folder(Path("runs") / config.stem)
    with Records.create(folder, describe_run(run_config, initial)) as records:
        _run(records, workers)


@app.command()
def resume(
    run: Annotated[Path, typer.Argument(help="A run's folder.")], workers: Workers = None
) -> None:
    """Go on with a run that was stopped or killed."""
    with Records.open_to_write(run) as records:
        _run(records, workers)


@app.command()
def show(
    what: Annotated[
        str, typer.Argument(metavar="PROGRAM|RUN", help="File, library name, RUN:INDEX or RUN.")
    ],
    as_json: Json = False,
) -> None:
    """Examine a program or a run."""
    console = _console()
    if is_run(what):
        with Records.open_to_read(Path(what)) as records:
            summary = report.describe_run(records)
        report.print_json(summary) if as_json else report.show_run(console, summary)
        return
    try:
        source = find_program(what)
    except SourceError as error:
        if as_json and error.excerpt:
            report.print_json({"name": what, "valid": False, "reason": str(error)})
        elif error.excerpt:
            print(error.excerpt)
        raise
    described = report.describe_program(source)
    report.print_json(described) if as_json else report.show_program(console, described)
    if not described["valid"]:
        raise SourceError(f"{what} cannot run: {described['reason']}")


def _free_folder(folder: Path) -> Path:
    """The folder, or the first of folder-2, folder-3, ... that holds no run."""
    number, free = 1, folder
    while (free / FILE_NAME).exists():
        number += 1
        free = folder.with_name(f"{folder.name}-{number}")
    return free


def _run(records: Records, workers: int | None) -> None:
    """Runs to the end, showing progress, and then what was found."""
    folder = records.path.parent
    config, initial = load_run(records)
    console = _console()
    if records.count() < config.num_programs:
        num_workers = config.evaluation.workers if workers is None else workers
        console.print(
            f"run {folder}: {config.num_programs:,} programs, "
            + (f"{num_workers} workers" if num_workers else "in this process"),
            highlight=False,
        )
        try:
            with contextlib.closing(make_pool(config, num_workers)) as pool:
                _follow(Search(config, initial, records, pool), console)
        except KeyboardInterrupt:
            print(
                f"stopped at {records.count():,} programs; continue with: lionhunt resume {folder}"
            )
            raise
    report.show_run(console, report.describe_run(records))
    print(f"\n{report.next_commands(str(folder))}")


def _console() -> Console:
    """Standard output: as wide as the terminal, or wide enough for what is piped elsewhere."""
    console = Console()
    return console if console.is_terminal else Console(width=120)


def _follow(search: Search, console: Console) -> None:
    """Runs a search and shows how far it is, live on a terminal and line by line elsewhere."""
    if console.is_terminal:
        starting = Spinner("dots", "starting: every worker compiles the tasks once")
        with Live(starting, console=console, refresh_per_second=4) as live:
            for progress in search.run():
                live.update(report.progress_display(progress))
        return
    last = time.monotonic()
    for progress in search.run():
        if (now := time.monotonic()) - last >= LINE_SECONDS:
            print(report.progress_line(progress), flush=True)
            last = now


def _fail(message: str) -> NoReturn:
    print(f"lionhunt: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(2)


def _stop(signum, frame) -> NoReturn:
    raise KeyboardInterrupt


def main() -> None:
    """The command `lionhunt`: expected errors end in one line and status 2."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        sys.exit(app(standalone_mode=False))
    except (ConfigError, RecordError, SourceError, WorkerError, FileNotFoundError) as error:
        _fail(str(error))
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    except typer.TyperException as error:  # a word of the command line
        message = error.format_message() if isinstance(error, typer.BadParameter) else str(error)
        _fail(f"{message.rstrip('.')}; try 'lionhunt --help'")
    except BrokenPipeError:  # as of `lionhunt show RUN | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
