"""The command `lionhunt study`: studies, and campaigns with an aim."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, Group

from lionhunt.search.activity import exhaust
from lionhunt.search.api.configs import find_config, resolve_config
from lionhunt.search.campaign.config import CampaignConfig
from lionhunt.search.campaign.dry_run import plan_campaign, print_campaign_plan
from lionhunt.search.campaign.loop import Campaign
from lionhunt.search.campaign.report import print_campaign, write_campaign_report
from lionhunt.search.campaign.summary import summarize_campaign
from lionhunt.search.cli.terminal import (
    DryRun,
    Json,
    Settings,
    Workers,
    activity_display,
    make_console,
    print_line,
    progress_display,
)
from lionhunt.search.config import read_tables
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

AIM = "aim"
"""Table that only the config of a campaign has."""


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
    """Repeat a search, beside baselines or with an aim.

    A study has random search and tuned constants beside the search, and restarts it from its best
    program. The config of a campaign has an [aim]. For each seed, a campaign selects, simplifies
    and classifies a program. Then it judges the aim on unseen tasks. Every run has a folder of its
    own. The same command continues what was stopped or killed.

    \b
    Examples:
      lionhunt study figure2_small --dry-run
      lionhunt study figure2_small
      lionhunt study lion_family
    """
    if AIM in read_tables(find_config(config)):
        _make_campaign(config, out, workers, settings, is_dry, as_json)
    else:
        _make_study(config, out, workers, settings, is_dry, as_json)


def _make_study(
    config: str,
    out: Path | None,
    workers: int | None,
    settings: list[str] | None,
    is_dry: bool,
    as_json: bool,
) -> None:
    name, study_config = resolve_config(config, StudyConfig, settings)
    folder = out or Path("runs") / name
    console = make_console(stderr=as_json)
    num_workers = study_config.run.evaluation.workers if workers is None else workers
    if is_dry:
        plan = plan_study(study_config, num_workers)
        print_json(plan) if as_json else print_study_plan(console, plan)
        return
    runs = Study(study_config, folder, open_study_pool(study_config, num_workers))
    print_line(console, f"study {folder}: {runs.num_runs} runs {_place(num_workers)}")
    set_way_on_with(folder)
    with _display(console) as show:
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


def _make_campaign(
    config: str,
    out: Path | None,
    workers: int | None,
    settings: list[str] | None,
    is_dry: bool,
    as_json: bool,
) -> None:
    name, campaign_config = resolve_config(config, CampaignConfig, settings)
    folder = out or Path("runs") / name
    console = make_console(stderr=as_json)
    num_workers = campaign_config.run.evaluation.workers if workers is None else workers
    if is_dry:
        plan = plan_campaign(campaign_config, num_workers)
        print_json(plan) if as_json else print_campaign_plan(console, plan)
        return
    searches = open_study_pool(campaign_config.to_study(), num_workers)
    campaign = Campaign(name, campaign_config, folder, num_workers, searches)
    num_seeds = campaign_config.num_repeats
    print_line(console, f"campaign {folder}: {num_seeds} seeds {_place(num_workers)}")
    set_way_on_with(folder)
    with _display(console) as show:
        runs = exhaust(campaign.search(), show)
    with activity_display(console, "reading the runs") as show_activity:
        result = campaign.judge(runs, show_activity)
    with console.status("drawing the report"):
        summary = summarize_campaign(name, campaign_config, result)
        # Importing matplotlib takes half a second.
        from lionhunt.search.campaign.figures import campaign_figures

        figures = campaign_figures(summary, result.comparison)
        command = command_line("study", config, settings=settings)
        path = write_campaign_report(folder, summary, command, figures)
    if as_json:
        print_json(summary)
    else:
        print_campaign(console, summary)
        print_line(console, f"\nreport: {path}")


def _place(num_workers: int) -> str:
    return f"on {num_workers} workers" if num_workers else "in this process"


def _display(console: Console) -> AbstractContextManager[Callable[[StudyProgress], None]]:
    """Return a display of searches: a bar over all runs, and the progress of the current one."""
    bar = ActivityBar()

    def display(event: StudyProgress) -> Group:
        return Group(bar.to_display(to_activity(event)), report.progress_display(event.progress))

    def line(event: StudyProgress) -> str:
        return f"{bar.to_line(to_activity(event))}; {report.progress_line(event.progress)}"

    return progress_display(console, display, line, "compiling the tasks")
