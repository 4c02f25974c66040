"""The command that judges the paper's claims: parses, calls, prints, writes the report."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from lionhunt.search.cli.compare import run_contest
from lionhunt.search.cli.terminal import (
    Json,
    Settings,
    Workers,
    command_line,
    make_console,
    status_line,
)
from lionhunt.search.comparison.result import Comparison
from lionhunt.search.comparison.setup import Prepared, open_records
from lionhunt.search.config import read_config
from lionhunt.search.errors import ConfigError, RecordError
from lionhunt.search.fields import TaskOptions
from lionhunt.search.paper.claims.claim import Claim
from lionhunt.search.paper.claims.config import ClaimsConfig
from lionhunt.search.paper.claims.cost_experiments import (
    count_states,
    kept,
    time_optimizers,
    time_training,
)
from lionhunt.search.paper.claims.registry import CLAIMS, MEMORY, OPTIMIZER_SPEED, SPEED
from lionhunt.search.paper.claims.report import (
    claim_blocks,
    claims_table,
    picture_blocks,
    rule_block,
    summarize_claims,
)
from lionhunt.search.paper.toy_problems.report import (
    Examples,
    example_blocks,
    summarize_examples,
    work_out_examples,
)
from lionhunt.search.reporting.blocks import print_blocks, to_markdown_report
from lionhunt.search.reporting.text import print_json

CONFIG = Path("configs/claims.toml")
REPORT = "report"


def claims(
    config: Annotated[Path, typer.Argument(help="A TOML file.")] = CONFIG,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the report; runs/NAME by default.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY",
            help=f"Judge this claim alone, or these: {', '.join(CLAIMS)}.",
        ),
    ] = None,
    workers: Workers = None,
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Judge what the paper claims of Lion against AdamW, each claim by an experiment.

    The same command goes on with experiments that were stopped or killed.
    """
    chosen = choose_claims(only)
    claims_config = read_config(config, ClaimsConfig, settings or ())
    folder = out or Path("runs") / config.stem
    console = make_console(stderr=as_json)
    num_workers = claims_config.evaluation.workers if workers is None else workers
    results = _run(claims_config, chosen, folder, num_workers, console)
    judged = {claim.key: (claim, claim.judge(results[claim.experiment])) for claim in chosen}
    examples = None
    if not only:
        with console.status("working out examples"):
            examples = work_out_examples()
    described = summarize_claims(judged)
    blocks = [claims_table(judged), rule_block(), *claim_blocks(judged)]
    if examples:
        described["examples"] = summarize_examples(examples)
        blocks += example_blocks(examples)
    comparisons = {name: each for name, each in results.items() if isinstance(each, Comparison)}
    pictures = _draw(folder, comparisons, examples)
    blocks += picture_blocks(pictures)
    keys = [claim.key for claim in chosen] if only else []
    name = "-".join([REPORT, *keys])  # that of all claims stays where it is
    words = [word for key in keys for word in ("--only", key)]
    line = command_line("claims", config, *words, settings=settings)
    _write(folder / f"{name}.json", json.dumps(described, indent=1, allow_nan=False))
    _write(folder / f"{name}.md", to_markdown_report(f"`{line}`", blocks))
    if as_json:
        print_json(described)
    else:
        print_blocks(console, [claims_table(judged), rule_block()])
        console.print(Text(f"\nreport: {folder / name}.md"), soft_wrap=True)


def choose_claims(keys: Sequence[str] | None) -> list[Claim]:
    """The claims of these keys, in the order of the paper's list; all if none are given.

    Raises:
        ConfigError: a key is none.
    """
    for key in keys or ():
        if key not in CLAIMS:
            raise ConfigError(f"--only {key}: there are {', '.join(CLAIMS)}")
    return [claim for key, claim in CLAIMS.items() if not keys or key in keys]


def _run(
    config: ClaimsConfig,
    chosen: Sequence[Claim],
    folder: Path,
    num_workers: int,
    console: Console,
) -> dict[str, Any]:
    """What came of the experiments that the claims need, by name."""
    needed = dict.fromkeys(claim.experiment for claim in chosen)
    with console.status("finding optimizers and tasks"):
        prepared = [Prepared(name, each) for name, each in config.experiments]
    with open_records(folder, prepared) as records:
        with status_line(console) as say:  # nothing else is to run beside what is timed
            results = _measure(needed, config.experiments.main.tasks, folder, say)
        for each in prepared:
            if each.name in needed:
                found = run_contest(records, each, config.evaluation, num_workers, console)
                results[each.name] = found
    return results


def _measure(
    needed: Collection[str],
    tasks: Sequence[TaskOptions],
    folder: Path,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """What trains nothing, of the experiments that are needed; timed once in a folder."""
    measures: dict[str, Callable[[], Any]] = {
        MEMORY: count_states,
        SPEED: lambda: kept(
            folder / f"{SPEED}.json", lambda: time_training([each.build() for each in tasks], say)
        ),
        OPTIMIZER_SPEED: lambda: kept(
            folder / f"{OPTIMIZER_SPEED}.json", lambda: time_optimizers(say)
        ),
    }
    return {name: measure() for name, measure in measures.items() if name in needed}


def _draw(
    folder: Path, comparisons: Mapping[str, Comparison], examples: Examples | None
) -> dict[str, str]:
    """Writes the pictures; returns their captions by their names."""
    from lionhunt.search.paper.claims.figures import (
        claims_pictures,  # takes half a second to import
    )
    from lionhunt.search.reporting.figures import write_figure

    captions = {}
    for name, caption, figure in claims_pictures(comparisons, examples):
        try:
            write_figure(figure, folder / name)
        except OSError as error:
            raise _cannot_write(folder, error) from None
        captions[name] = caption
    return captions


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise _cannot_write(path.parent, error) from None


def _cannot_write(folder: Path, error: OSError) -> RecordError:
    return RecordError(f"cannot write in {folder}: {error.strerror}; make room")
