"""The command line: parses, calls and prints."""

import contextlib
import enum
import errno
import io
import os
import shlex
import signal
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from dsl.export import to_latex, to_optax, to_torch
from proxy_tasks import TaskError
from proxy_tasks.data import DataError
from search import report
from search.bench_command import bench
from search.claims.command import claims
from search.compare.command import compare
from search.config import load_config
from search.config_file import ConfigError
from search.derive_command import derive, simplify
from search.describe import describe_library, describe_program, describe_records
from search.dry_run import plan_run, show_plan
from search.families import describe_class, describe_families, show_classes
from search.mutation import MutationError
from search.new_file import OutputError, new_file
from search.progress import is_at_end
from search.query import QueryError
from search.ray_head import WorkerError
from search.records import Records
from search.records_command import export_run, query
from search.run import Search, start_pool
from search.run_file import RUN, RecordError
from search.run_log import log_progress, log_run
from search.run_setup import describe_run, load_initial, load_run
from search.selection_command import select
from search.simulate.command import simulate
from search.source import SourceError, find_program, is_run
from search.study.command import study
from search.tensorboard import TENSORBOARD, draw_progress
from search.terminal import (
    DryRun,
    Json,
    RayAddress,
    Settings,
    Workers,
    find_or_show,
    follow,
    make_console,
)

EXPECTED = (
    ConfigError,
    DataError,
    MutationError,
    OutputError,
    QueryError,
    RecordError,
    SourceError,
    TaskError,
    WorkerError,
)
"""Errors that a person can do something about; any other is a bug."""

app = typer.Typer(
    help="Discover optimizers by searching over programs.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.command()
def search(
    config: Annotated[Path, typer.Argument(help="A TOML file; see configs/.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the run; runs/NAME by default.")
    ] = None,
    workers: Workers = None,
    ray_address: RayAddress = None,
    settings: Settings = None,
    is_dry: DryRun = False,
    as_json: Annotated[bool, typer.Option("--json", help="Of a dry run: print JSON.")] = False,
) -> None:
    """Search for optimizers, as CONFIG says."""
    if as_json and not is_dry:
        raise ConfigError("--json is of a dry run; give --dry-run too, or ask 'lionhunt show RUN'")
    run_config = load_config(config, settings or ())
    initial = load_initial(run_config.initial)
    if is_dry:
        num_workers = run_config.evaluation.workers if workers is None else workers
        plan = plan_run(run_config, initial, num_workers)
        report.print_json(plan) if as_json else show_plan(make_console(), plan)
        return
    folder = out or _free_folder(Path("runs") / config.stem)
    RUN.check_free(folder)
    with Records.create(folder, describe_run(run_config, initial)) as records:
        _run(records, workers, ray_address)
    _show_result(folder)


@app.command()
def resume(
    run: Annotated[Path, typer.Argument(help="A run's folder.")],
    workers: Workers = None,
    rescore: Annotated[
        bool,
        typer.Option("--rescore", help="Run it anew here, in a new folder; RUN is left alone."),
    ] = False,
    out: Annotated[Path | None, typer.Option(help="That folder; RUN-rescored by default.")] = None,
    ray_address: RayAddress = None,
) -> None:
    """Go on with a run that was stopped or killed.

    A run that scores differently here is refused; --rescore begins it again, from its config.
    """
    if rescore:
        _rescore(run, out, workers, ray_address)
        return
    if out is not None:
        raise ConfigError("--out is for --rescore; without it, a run goes on in its own folder")
    with Records.open_to_write(run) as records:
        _run(records, workers, ray_address)
    _show_result(run)


def _rescore(run: Path, out: Path | None, workers: int | None, ray_address: str | None) -> None:
    """Begins a recorded run again: scores made elsewhere are not mixed with those made here."""
    with Records.open_to_read(run) as records:
        config, initial = load_run(records)
        reference, old = records.reference(), records.path.parent.resolve()
    folder = out or _free_folder(old.with_name(f"{old.name}-rescored"))
    RUN.check_free(folder)
    info = describe_run(config, initial, reference) | {"rescored_from": str(old)}
    make_console().print(f"{run} is left alone; it is run anew in {folder}", soft_wrap=True)
    with Records.create(folder, info) as records:
        _run(records, workers, ray_address)
    _show_result(folder)


@app.command()
def show(
    what: Annotated[
        str | None,
        typer.Argument(metavar="PROGRAM|RUN", help="File, library name, RUN:INDEX or RUN."),
    ] = None,
    as_json: Json = False,
    as_list: Annotated[
        bool, typer.Option("--list", help="List the programs of the library.")
    ] = False,
) -> None:
    """Examine a program or a run, or list the library."""
    console = make_console()
    if as_list == (what is not None):
        raise SourceError("give a PROGRAM, a RUN, or --list for the programs of the library")
    if what is None:
        programs = describe_library()
        report.print_json(programs) if as_json else report.show_library(console, programs)
    elif is_run(what):
        with Records.open_to_read(Path(what)) as records:
            summary = describe_records(records)
        report.print_json(summary) if as_json else report.show_run(console, summary)
    else:
        described = describe_program(find_or_show(what, as_json))
        report.print_json(described) if as_json else report.show_program(console, described)


@app.command()
def classify(
    words: Annotated[
        list[str],
        typer.Argument(metavar="PROGRAM|RUN...", help="Files, library names, RUN:INDEX or RUN."),
    ],
    top: Annotated[int, typer.Option(min=1, help="How many of the best programs of a RUN.")] = 50,
    as_json: Json = False,
) -> None:
    """Name the known optimizer that a program is nearest to, and the difference.

    Programs are compared up to constants. Of a run, the best programs are counted by family.
    """
    found = [_classify(word, top, as_json) for word in words]
    report.print_json(found) if as_json else show_classes(make_console(), found)


def _classify(word: str, top: int, as_json: bool) -> dict[str, Any]:
    if not is_run(word):
        return describe_class(find_or_show(word, as_json))
    with Records.open_to_read(Path(word)) as records:
        return describe_families(records, top)


app.command()(simplify)
app.command()(derive)
app.command()(select)
app.command()(compare)
app.command()(claims)
app.command()(study)
app.command()(simulate)

app.command()(query)
app.command("export-run")(export_run)

app.add_typer(bench, name="bench")


class Target(enum.StrEnum):
    """What a program is exported to."""

    OPTAX = "optax"
    TORCH = "torch"
    LATEX = "latex"


_EXPORTS = {Target.OPTAX: to_optax, Target.TORCH: to_torch, Target.LATEX: to_latex}


@app.command()
def export(
    program: Annotated[str, typer.Argument(help="File, library name, RUN:INDEX or RUN:best.")],
    to: Annotated[Target, typer.Option(help="A Python file, or equations.")],
    out: Annotated[Path | None, typer.Option(help="A new file; else it is printed.")] = None,
) -> None:
    """Write a program as code or equations that need nothing of this project."""
    source = find_program(program)
    text = _EXPORTS[to](source.program, source.short_name, source.notes)
    if out is None:
        print(text, end="")
        return
    with new_file(out) as part:
        part.write_text(text, encoding="utf-8")


def _free_folder(folder: Path) -> Path:
    """The folder, or the first of folder-2, folder-3, ... that holds no run."""
    number, free = 1, folder
    while (free / RUN.file_name).exists():
        number += 1
        free = folder.with_name(f"{folder.name}-{number}")
    return free


def _run(records: Records, workers: int | None, ray_address: str | None) -> None:
    """Runs to the end, showing progress; an interrupt ends in how to go on."""
    config, initial = load_run(records)
    if is_at_end(records):
        return
    folder = records.path.parent
    num_workers = config.evaluation.workers if workers is None else workers
    place = f"{num_workers} workers" if num_workers else "in this process"
    console = make_console()
    console.print(f"run {folder}: {config.num_programs:,} programs, {place}")
    starting = console.status("starting: every worker compiles the tasks once")
    try:
        with contextlib.ExitStack() as stack:
            stack.enter_context(log_run(records.log, records.count(), workers=num_workers))
            with starting:
                started = start_pool(
                    config, initial, num_workers, records.cache, records.reference(), ray_address
                )
                pool, reference = stack.enter_context(started)
            events = log_progress(Search(config, initial, records, pool, reference).run())
            if config.observability.tensorboard:
                events = draw_progress(events, folder / TENSORBOARD)
            follow(console, events, report.progress_display, report.progress_line)
    except KeyboardInterrupt:
        print(f"stopped; continue with: lionhunt resume {shlex.quote(str(folder))}")
        raise


def _show_result(folder: Path) -> None:
    with Records.open_to_read(folder) as records:
        summary = describe_records(records)
    report.show_run(make_console(), summary)
    print(f"\n{report.next_commands(shlex.quote(str(folder)))}")


def _fail(message: str) -> NoReturn:
    print(f"lionhunt: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(2)


def _stop(signum, frame) -> NoReturn:
    raise KeyboardInterrupt


def explain(error: OSError) -> str:
    """What the system said, and of what; of the output where that takes no more."""
    of_what = "output" if error.errno in _OF_OUTPUT else type(error).__name__
    return f"{error.filename or of_what}: {error.strerror or str(error) or 'it says no more'}"


_OF_OUTPUT = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EBADF, errno.EIO}


def main() -> None:
    """The command `lionhunt`: expected errors end in one line and status 2."""
    signal.signal(signal.SIGTERM, _stop)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # it may not take every character of a program
            stream.reconfigure(errors="backslashreplace")
    try:
        status = app(standalone_mode=False)
        sys.stdout.flush()  # here what cannot be written is told
        sys.exit(status)
    except EXPECTED as error:
        _fail(str(error))
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    except typer.TyperException as error:  # a word of the command line
        message = error.format_message() if isinstance(error, typer.BadParameter) else str(error)
        _fail(f"{message.rstrip('.')}; try 'lionhunt --help'")
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # it is flushed once more
        if isinstance(error, BrokenPipeError):  # as of `lionhunt show RUN | head`
            sys.exit(141)
        _fail(explain(error))
