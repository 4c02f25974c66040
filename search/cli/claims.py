"""The command `lionhunt claims`."""

import functools
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from lionhunt.search.activity import exhaust
from lionhunt.search.api.configs import resolve_config
from lionhunt.search.cli.terminal import (
    Json,
    Settings,
    Workers,
    activity_display,
    make_console,
    print_line,
)
from lionhunt.search.comparison.config import TrainingsConfig
from lionhunt.search.comparison.loop import ComparisonProgress
from lionhunt.search.comparison.report import to_activity
from lionhunt.search.comparison.result import Comparison
from lionhunt.search.comparison.setup import PreparedComparison
from lionhunt.search.comparison.store import ComparisonStore
from lionhunt.search.errors import command_line
from lionhunt.search.interrupt import set_way_on_with
from lionhunt.search.paper.claims import (
    CLAIMS,
    ClaimsConfig,
    choose_claims,
    judge_claims,
    overview_blocks,
    report_blocks,
    run_claims,
    summarize_claims,
)
from lionhunt.search.paper.toy_problems import measure_examples
from lionhunt.search.reporting import print_blocks, print_json, to_markdown_report, write_report


def claims(
    config: Annotated[
        str, typer.Argument(metavar="CONFIG", help="A TOML file, or the name of a bundled config.")
    ] = "claims",
    out: Annotated[
        Path | None, typer.Option(help="Folder of the report; runs/NAME by default.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY",
            help=f"Judge this claim alone; repeatable. One of {', '.join(CLAIMS)}.",
        ),
    ] = None,
    workers: Workers = None,
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Judge the Lion paper's claims by experiments.

    Each claim about Lion and AdamW has an experiment. All of them take 30 to 60 minutes. The same
    command continues experiments that were stopped or killed.

    \b
    Examples:
      lionhunt claims
      lionhunt claims --only memory
    """
    chosen = choose_claims(only)
    name, claims_config = resolve_config(config, ClaimsConfig, settings)
    folder = out or Path("runs") / name
    console = make_console(stderr=as_json)
    num_workers = claims_config.evaluation.workers if workers is None else workers
    run_one = functools.partial(
        run_comparison,
        evaluation=claims_config.evaluation,
        num_workers=num_workers,
        console=console,
    )
    set_way_on_with(folder)
    results = run_claims(
        chosen,
        claims_config.experiments,
        folder,
        open_display=functools.partial(activity_display, console),
        run_comparison=run_one,
    )
    judged = judge_claims(chosen, results)
    examples = None
    if not only:
        with console.status("measuring examples"):
            examples = measure_examples()
    summary = summarize_claims(judged, examples)
    # Importing matplotlib takes half a second.
    from lionhunt.search.paper.claims.figures import claims_pictures

    pictures = list(claims_pictures(results, examples))
    # A report on some claims leaves the report on all of them in place.
    keys = [claim.key for claim in chosen] if only else []
    options = [word for key in keys for word in ("--only", key)]
    line = command_line("claims", config, *options, settings=settings)
    blocks = report_blocks(judged, examples, {p.name: p.caption for p in pictures})
    path = write_report(
        folder,
        summary,
        to_markdown_report(f"`{line}`", blocks),
        {p.name: p.figure for p in pictures},
        name="-".join(["report", *keys]),
        indent=1,
    )
    if as_json:
        print_json(summary)
    else:
        print_blocks(console, overview_blocks(judged))
        print_line(console, f"\nreport: {path}")


def run_comparison(
    records: ComparisonStore,
    prepared: PreparedComparison,
    place: str,
    *,
    evaluation: TrainingsConfig,
    num_workers: int,
    console: Console,
) -> Comparison:
    """Run a comparison to its end and show its progress, with its place among all of them."""
    events = prepared.make_loop(records, evaluation, num_workers).run()
    with activity_display(console, f"starting {place}") as show:

        def on_event(event: ComparisonProgress) -> None:
            activity = to_activity(event)
            show(activity._replace(text=f"{place}, {activity.text}"))

        return exhaust(events, on_event)
