"""The command `lionhunt study`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group

from lionhunt.search.api.configs import resolve_config
from lionhunt.search.api.experiments import exhaust
from lionhunt.search.cli.terminal import (
    DryRun,
    Json,
    Settings,
    Workers,
    make_console,
    print_line,
    progress_display,
)
from lionhunt.search.driver import report
from lionhunt.search.errors import command_line
from lionhunt.search.interrupt import set_way_on_with
from lionhunt.search.paper.replication import (
    Study,
    StudyConfig,
    StudyProgress,
    open_study_pool,
    plan_study,
    print_study,
    print_study_plan,
    summarize_study,
    to_activity,
    to_report,
)
from lionhunt.search.reporting import print_json, write_report
from lionhunt.search.reporting.activity_bar import ActivityBar


def study(
    config: Annotated[
        str, typer.Argument(metavar="CONFIG", help="A TOML file, or the name of a bundled config.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the study; runs/NAME by default.")
    ] = None,
    workers: Workers = None,
    settings: Settings = None,
    is_dry: DryRun = False,
    as_json: Json = False,
) -> None:
    """Repeat a search beside random search and tuned constants.

    The study also restarts the search from its best program. Every run has a folder of its own.
    The same command continues a study that was stopped or killed.

    \b
    Examples:
      lionhunt study figure2_small --dry-run
      lionhunt study figure2_small
    """
    name, study_config = resolve_config(config, StudyConfig, settings)
    folder = out or Path("runs") / name
    console = make_console(stderr=as_json)
    num_workers = study_config.run.evaluation.workers if workers is None else workers
    if is_dry:
        plan = plan_study(study_config, num_workers)
        print_json(plan) if as_json else print_study_plan(console, plan)
        return
    place = f"on {num_workers} workers" if num_workers else "in this process"
    runs = Study(study_config, folder, open_study_pool(study_config, num_workers))
    print_line(console, f"study {folder}: {runs.num_runs} runs {place}")
    set_way_on_with(folder)
    bar = ActivityBar()

    def display(event: StudyProgress) -> Group:
        return Group(bar.to_display(to_activity(event)), report.progress_display(event.progress))

    def line(event: StudyProgress) -> str:
        return f"{bar.to_line(to_activity(event))}; {report.progress_line(event.progress)}"

    with progress_display(console, display, line, "compiling the tasks") as show:
        finished = exhaust(runs.run(), show)
    with console.status("reading the runs"):
        summary = summarize_study(name, study_config, finished)
    # Importing matplotlib takes half a second.
    from lionhunt.search.paper.replication.figures import study_figures

    command = command_line("study", config, settings=settings)
    path = write_report(folder, summary, to_report(summary, command), study_figures(summary))
    if as_json:
        print_json(summary)
    else:
        print_study(console, summary)
        print_line(console, f"\nreport: {path}")
