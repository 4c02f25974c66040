"""The command `lionhunt study`: studies, campaigns with an aim, and ablations of variants."""

import functools
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.console import Console, Group

from lionhunt.search.activity import exhaust
from lionhunt.search.api.configs import Resolved, find_config, resolve_config
from lionhunt.search.campaign.ablation.config import AblationConfig
from lionhunt.search.campaign.ablation.dry_run import plan_ablation, print_ablation_plan
from lionhunt.search.campaign.ablation.loop import AblationLoop
from lionhunt.search.campaign.ablation.report import print_ablation, write_ablation_report
from lionhunt.search.campaign.ablation.result import AblationResult
from lionhunt.search.campaign.ablation.summary import summarize_ablation
from lionhunt.search.campaign.config import CampaignConfig
from lionhunt.search.campaign.dry_run import plan_campaign, print_campaign_plan
from lionhunt.search.campaign.loop import Campaign
from lionhunt.search.campaign.report import print_campaign, write_campaign_report
from lionhunt.search.campaign.result import CampaignResult
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
from lionhunt.search.paper.replication.loop import OpenPool
from lionhunt.search.reporting import print_json, write_report
from lionhunt.search.reporting.activity_bar import ActivityBar
from lionhunt.search.user_code.functions import load_functions

Summary = dict[str, Any]


class Experiment(NamedTuple):
    """An experiment of several searches and what follows them.

    Attributes:
        noun: its name.
        model: its configuration.
        plan, print_plan: estimate its duration, and print that.
        begin: makes or resumes it, given name, configuration, folder and number of workers.
        summarize: summarizes it, given name, configuration and result.
        draw: draws its figures, given summary and result.
        print, write: print the summary, and write it into a folder with command and figures.
    """

    noun: str
    model: type[CampaignConfig] | type[AblationConfig]
    plan: Callable[[Any, int], Summary]
    print_plan: Callable[[Console, Summary], None]
    begin: Callable[[str, Any, Path, int], Any]
    summarize: Callable[[str, Any, Any], Summary]
    draw: Callable[[Summary, Any], Mapping[str, Any]]
    print: Callable[[Console, Summary], None]
    write: Callable[[Path, Summary, str, Mapping[str, Any]], Path]


def _begin_campaign(name: str, config: CampaignConfig, folder: Path, num_workers: int) -> Campaign:
    searches = open_study_pool(config.to_study(), num_workers)
    return Campaign(name, config, folder, num_workers, searches)


def _draw_campaign(summary: Summary, result: CampaignResult) -> Mapping[str, Any]:
    # Importing matplotlib takes half a second.
    from lionhunt.search.campaign.figures import campaign_figures

    return campaign_figures(summary, result.comparison)


def _begin_ablation(
    name: str, config: AblationConfig, folder: Path, num_workers: int
) -> AblationLoop:
    def open_searches(study: StudyConfig) -> OpenPool:
        return open_study_pool(study, num_workers)

    return AblationLoop(name, config, folder, num_workers, open_searches)


def _draw_ablation(summary: Summary, result: AblationResult) -> Mapping[str, Any]:
    # Importing matplotlib takes half a second.
    from lionhunt.search.campaign.ablation.figures import ablation_figures

    return ablation_figures(summary)


EXPERIMENTS = {
    "aim": Experiment(
        "campaign",
        CampaignConfig,
        plan_campaign,
        print_campaign_plan,
        _begin_campaign,
        summarize_campaign,
        _draw_campaign,
        print_campaign,
        write_campaign_report,
    ),
    "variants": Experiment(
        "ablation",
        AblationConfig,
        plan_ablation,
        print_ablation_plan,
        _begin_ablation,
        summarize_ablation,
        _draw_ablation,
        print_ablation,
        write_ablation_report,
    ),
}
"""Experiments by the key that only their config has."""


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
    """Repeat a search, with baselines, an aim or variants.

    A study has random search and tuned constants beside the search, and restarts it from its best
    program. The config of a campaign has an [aim]. For each seed, a campaign selects, simplifies
    and classifies a program. Then it judges the aim on unseen tasks. The config of an ablation has
    [[variants]]. They search with equal training, and their programs are compared with fresh seeds.
    Every run has a folder of its own. The same command continues what was stopped or killed.

    \b
    Examples:
      lionhunt study figure2_small --dry-run
      lionhunt study figure2_small
      lionhunt study lion_family
      lionhunt study ablation
    """
    tables = read_tables(find_config(config))
    experiment = next((each for key, each in EXPERIMENTS.items() if key in tables), None)
    if experiment is None:
        resolved = resolve_config(config, StudyConfig, settings)
        make = _make_study
    else:
        resolved = resolve_config(config, experiment.model, settings)
        make = functools.partial(_make, experiment)
    with load_functions(resolved.config.run.functions_from):
        make(resolved, config, out, workers, settings, is_dry, as_json)


def _make_study(
    resolved: Resolved,
    config: str,
    out: Path | None,
    workers: int | None,
    settings: list[str] | None,
    is_dry: bool,
    as_json: bool,
) -> None:
    name, study_config = resolved
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


def _make(
    experiment: Experiment,
    resolved: Resolved,
    config: str,
    out: Path | None,
    workers: int | None,
    settings: list[str] | None,
    is_dry: bool,
    as_json: bool,
) -> None:
    name, checked = resolved
    folder = out or Path("runs") / name
    console = make_console(stderr=as_json)
    num_workers = checked.run.evaluation.workers if workers is None else workers
    if is_dry:
        plan = experiment.plan(checked, num_workers)
        print_json(plan) if as_json else experiment.print_plan(console, plan)
        return
    begun = experiment.begin(name, checked, folder, num_workers)
    num_seeds = checked.num_repeats
    print_line(console, f"{experiment.noun} {folder}: {num_seeds} seeds {_place(num_workers)}")
    set_way_on_with(folder)
    with _display(console) as show:
        runs = exhaust(begun.search(), show)
    with activity_display(console, "reading the runs") as show_activity:
        result = begun.judge(runs, show_activity)
    with console.status("drawing the report"):
        summary = experiment.summarize(name, checked, result)
        figures = experiment.draw(summary, result)
        command = command_line("study", config, settings=settings)
        path = experiment.write(folder, summary, command, figures)
    if as_json:
        print_json(summary)
    else:
        experiment.print(console, summary)
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
