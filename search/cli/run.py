"""TODO docstring."""

import contextlib
import shlex
from pathlib import Path
from typing import Annotated

import typer

from lionhunt.search.cli.terminal import (
    DryRun,
    RayAddress,
    Settings,
    Workers,
    follow,
    make_console,
)
from lionhunt.search.driver import report
from lionhunt.search.driver.config import load_config
from lionhunt.search.driver.progress import is_at_end
from lionhunt.search.driver.run_log import log_progress, log_run
from lionhunt.search.driver.scoring import start_pool
from lionhunt.search.driver.search_loop import Search
from lionhunt.search.driver.setup import load_initial, load_run, summarize_setup
from lionhunt.search.driver.summary import summarize_run
from lionhunt.search.dry_run import plan_run, print_plan
from lionhunt.search.errors import (
    ConfigError,
)
from lionhunt.search.reporting.text import print_json
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.schema import RUN
from lionhunt.search.trackers.tensorboard import TENSORBOARD, draw_progress, require_tensorboard


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
        print_json(plan) if as_json else print_plan(make_console(), plan)
        return
    folder = out or _free_folder(Path("runs") / config.stem)
    RUN.check_free(folder)
    with RunStore.create(folder, summarize_setup(run_config, initial)) as records:
        _run(records, workers, ray_address)
    _show_result(folder)


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
    with RunStore.open_to_write(run) as records:
        _run(records, workers, ray_address)
    _show_result(run)


def _rescore(run: Path, out: Path | None, workers: int | None, ray_address: str | None) -> None:
    """Begins a recorded run again: scores made elsewhere are not mixed with those made here."""
    with RunStore.open_to_read(run) as records:
        config, initial = load_run(records)
        reference, old = records.reference(), records.path.parent.resolve()
    folder = out or _free_folder(old.with_name(f"{old.name}-rescored"))
    RUN.check_free(folder)
    info = summarize_setup(config, initial, reference) | {"rescored_from": str(old)}
    make_console().print(f"{run} is left alone; it is run anew in {folder}", soft_wrap=True)
    with RunStore.create(folder, info) as records:
        _run(records, workers, ray_address)
    _show_result(folder)


def _free_folder(folder: Path) -> Path:
    """The folder, or the first of folder-2, folder-3, ... that holds no run."""
    number, free = 1, folder
    while (free / RUN.file_name).exists():
        number += 1
        free = folder.with_name(f"{folder.name}-{number}")
    return free


def _run(records: RunStore, workers: int | None, ray_address: str | None) -> None:
    """Runs to the end, showing progress; an interrupt ends in how to go on."""
    config, initial = load_run(records)
    if is_at_end(records):
        return
    if config.observability.tensorboard:
        require_tensorboard()
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
    with RunStore.open_to_read(folder) as records:
        summary = summarize_run(records)
    report.print_run(make_console(), summary)
    print(f"\n{report.next_commands(shlex.quote(str(folder)))}")
