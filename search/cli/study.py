"""The command that makes a study: parses, calls, prints, writes the report."""

import json
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
from lionhunt.search.driver import report as run_report
from lionhunt.search.errors import RecordError
from lionhunt.search.paper.replication.config import StudyConfig
from lionhunt.search.paper.replication.dry_run import plan_study, print_study_plan
from lionhunt.search.paper.replication.loop import Event, FinishedRun, Study, open_study_pool
from lionhunt.search.paper.replication.report import print_study, study_line, to_report
from lionhunt.search.paper.replication.summary import summarize_study
from lionhunt.search.reporting.text import print_json

REPORT = "report"


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
    """Repeat a search, compare it with random search and tuned constants, and begin it anew.

    Every run of the study is one of its own in the folder. The same command goes on with a study
    that was stopped or killed.
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
        described = summarize_study(config.stem, study_config, finished)
    _write(folder, described, command_line("study", config, settings=settings))
    if as_json:
        print_json(described)
    else:
        print_study(console, described)
        console.print(Text(f"\nreport: {folder / REPORT}.md"), soft_wrap=True)


def _run(runs: Study, folder: Path, console: Console) -> list[FinishedRun]:
    """Makes the runs, and shows how far they are."""
    try:
        return follow(console, runs.run(), _display, _line)
    except KeyboardInterrupt:
        place = shlex.quote(str(folder))
        console.print(f"stopped; the same command goes on with {place}")
        raise


def _line(event: Event) -> str:
    return study_line(event, run_report.progress_line(event.progress))


def _display(event: Event) -> Group:
    title = Text(f"{event.name}, run {event.number} of {event.total}", style="bold")
    return Group(title, run_report.progress_display(event.progress))


def _write(folder: Path, described: dict[str, Any], command: str) -> None:
    """Writes the report beside the runs, of which it is a view."""
    from lionhunt.search.paper.replication.figures import study_figures
    from lionhunt.search.reporting.figures import write_figure  # takes half a second to import

    try:
        for name, figure in study_figures(described).items():
            write_figure(figure, folder / name)
        (folder / f"{REPORT}.json").write_text(json.dumps(described), "utf-8")
        (folder / f"{REPORT}.md").write_text(to_report(described, command), "utf-8")
    except OSError as error:
        raise RecordError(f"cannot write in {folder}: {error.strerror}; make room") from None
