"""The command `lionhunt study`."""

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, Group
from rich.text import Text

from lionhunt.search.cli.terminal import (
    DryRun,
    Json,
    Settings,
    Workers,
    command_line,
    follow,
    make_console,
)
from lionhunt.search.config import read_config
from lionhunt.search.driver.report import progress_display, progress_line
from lionhunt.search.paper.replication import (
    FinishedRun,
    Study,
    StudyConfig,
    StudyProgress,
    open_study_pool,
    plan_study,
    print_study,
    print_study_plan,
    study_line,
    summarize_study,
    to_report,
)
from lionhunt.search.reporting import print_json, write_report


def study(
    config: Annotated[Path, typer.Argument(help="A TOML file; see configs/figure2*.toml.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the study; runs/NAME by default.")
    ] = None,
    workers: Workers = None,
    settings: Settings = None,
    is_dry: DryRun = False,
    as_json: Json = False,
) -> None:
    """Repeat a search, compare it with random search and tuned constants, and restart it.

    Every run of the study has a folder of its own. The same command resumes a study that was
    stopped or killed.
    """
    study_config = read_config(config, StudyConfig, settings or ())
    folder = out or Path("runs") / config.stem
    console = make_console(stderr=as_json)
    num_workers = study_config.run.evaluation.workers if workers is None else workers
    if is_dry:
        plan = plan_study(study_config, num_workers)
        print_json(plan) if as_json else print_study_plan(console, plan)
        return
    place = f"on {num_workers} workers" if num_workers else "in this process"
    runs = Study(study_config, folder, open_study_pool(study_config, folder, num_workers))
    start = f"study {folder}: {runs.num_runs} runs {place}; compiling the tasks first"
    console.print(Text(start), soft_wrap=True)
    finished = _run(runs, folder, console)
    with console.status("reading the runs"):
        summary = summarize_study(config.stem, study_config, finished)
    path = _write_report(folder, summary, command_line("study", config, settings=settings))
    if as_json:
        print_json(summary)
    else:
        print_study(console, summary)
        console.print(Text(f"\nreport: {path}"), soft_wrap=True)


def _run(runs: Study, folder: Path, console: Console) -> list[FinishedRun]:
    """Make the runs and show their progress."""
    try:
        return follow(console, runs.run(), _display, _line)
    except KeyboardInterrupt:
        console.print(f"stopped; the same command resumes {shlex.quote(str(folder))}")
        raise


def _line(event: StudyProgress) -> str:
    return study_line(event, progress_line(event.progress))


def _display(event: StudyProgress) -> Group:
    title = Text(f"{event.name}, run {event.number} of {event.total}", style="bold")
    return Group(title, progress_display(event.progress))


def _write_report(folder: Path, summary: dict[str, Any], command: str) -> Path:
    # Importing matplotlib takes half a second.
    from lionhunt.search.paper.replication.figures import study_figures

    return write_report(folder, summary, to_report(summary, command), study_figures(summary))
