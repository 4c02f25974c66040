"""The commands that simplify programs and derive optimizers: parse, call, print, write."""

import functools
import json
import shlex
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from dsl.rewrite import Warrant
from search import derivation
from search.config_file import ConfigError, parse_config, read_config, with_settings
from search.deletion import delete_by_search
from search.derivation_report import (
    Block,
    Heading,
    derivation_blocks,
    origin_block,
    show,
    step_blocks,
    summary_blocks,
    to_report,
)
from search.measure import BaseFailed, Measurer, open_measurer
from search.report import print_json
from search.run import describe_environment
from search.run_file import RecordError
from search.simplification import Event, Simplifier, Step, final
from search.simplify_config import SimplifyConfig
from search.source import Source
from search.terminal import Json, Settings, Workers, find_or_show, make_console, saying

PROVEN = (Warrant.EXACT, Warrant.ALGEBRAIC)

ProgramName = Annotated[str, typer.Argument(help="File, library name, RUN:INDEX or RUN:best.")]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="TOML: tasks, seeds, tolerance of measurements.")
]
ExactOnly = Annotated[
    bool, typer.Option("--exact-only", help="Exact and algebraic steps alone; nothing is measured.")
]


def simplify(
    program: ProgramName,
    exact_only: ExactOnly = False,
    by_search: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="First search N programs, inserting none."),
    ] = 0,
    out: Annotated[Path | None, typer.Option(help="Write the result to this file.")] = None,
    config: ConfigFile = None,
    workers: Workers = None,
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Make a program as short as it can be, each step with its warrant.

    What is redundant goes, then it is rewritten; then functions whose removal costs nothing
    measurable go, and digits of constants; last, variables are named by their role.
    """
    console = make_console(stderr=as_json)
    if exact_only and by_search:
        raise ConfigError("--by-search measures what it finds; leave out --exact-only")
    source = find_or_show(program, as_json)
    simplify_config = _read(config, settings)
    if out is not None:
        _write(out, "", "a")  # what cannot be written is told now, not after minutes
    with saying(make_console(stderr=True)) as say:
        described = _simplify(source, simplify_config, workers, exact_only, by_search, say)
    if out is not None:
        _write(out, described["result"] + "\n")
    if as_json:
        print_json(described)
    else:
        show(console, summary_blocks(described))


def derive(
    program: ProgramName = "raw_lion",
    exact_only: ExactOnly = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the report; runs/derive_NAME by default.")
    ] = None,
    config: ConfigFile = None,
    workers: Workers = None,
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Derive an optimizer from a program as it was found, step by step, with every warrant.

    Without PROGRAM: Lion from the raw program of the paper's search, in some minutes.
    """
    console = make_console(stderr=as_json)
    source = find_or_show(program, as_json)
    simplify_config = _read(config, settings)
    folder = out or _free_folder(Path("runs") / f"derive_{source.short_name}")
    _write(folder / "report.md", "", "a")  # told now, not after minutes
    told: list[Block] = [Heading("step by step")]

    def tell(number: int, step: dict[str, Any], before: str) -> None:
        blocks = list(step_blocks(number, step, before))
        told.extend(blocks)
        if not as_json:
            show(console, blocks)

    with saying(make_console(stderr=True)) as say:
        described = _derive(source, simplify_config, workers, exact_only, say, tell)
    blocks = [origin_block(described), *summary_blocks(described), *derivation_blocks(described)]
    command = f"lionhunt derive {shlex.quote(program)}"
    _write(folder / "report.md", to_report(f"`{command}`", [*blocks, *told]))
    _write(folder / "report.json", json.dumps(described, indent=2) + "\n")
    _write(folder / "result.txt", described["result"] + "\n")
    if as_json:
        print_json(described)
    else:
        show(console, blocks)
        console.print(f"\nreport: {folder / 'report.md'}", soft_wrap=True)


Say = Callable[[str], None]
Tell = Callable[[int, dict[str, Any], str], None]


def _simplify(
    source: Source,
    config: SimplifyConfig,
    workers: int | None,
    exact_only: bool,
    by_search: int,
    say: Say,
) -> dict[str, Any]:
    """Simplifies a program and describes that."""
    with ExitStack() as stack:
        measurer, reason = _measurer(stack, source, config, workers, exact_only, say)
        simplifier = _simplifier(config, measurer, exact_only, by_search)
        events = list(simplifier.run(source.program))
        return _describe(source, events, measurer, reason)


def _derive(
    source: Source,
    config: SimplifyConfig,
    workers: int | None,
    exact_only: bool,
    say: Say,
    tell: Tell,
) -> dict[str, Any]:
    """Derives an optimizer and describes that; tells each step as it is made."""
    start = time.monotonic()
    with ExitStack() as stack:
        measurer, reason = _measurer(stack, source, config, workers, exact_only, say)
        simplifier = _simplifier(config, measurer, exact_only, 0)
        events: list[Event] = []
        number, before = 0, str(source.program)
        for event in simplifier.run(source.program):
            events.append(event)
            if isinstance(event, Step):
                number += 1
                tell(number, derivation.describe_step(event), before)
                before = str(event.program)
        described = _describe(source, events, measurer, reason)
        result, known = final(source.program, events), described["classification"]["equals"]
        constants, whole, differences = [], None, None
        if known is not None:
            constants = derivation.describe_constants(result, events, known, measurer)
        if measurer is not None:
            say("the whole way, with all seeds")
            whole = derivation.describe_evidence(measurer.compare(source.program, result))
        if measurer is not None:
            say("where the rewritten program differs in training")
            differences = derivation.describe_differences(
                source.program, config, measurer.learning_rate, simplifier.warrants
            )
        described |= {
            "equals": known,
            "constants": constants,
            "whole": whole,
            "differences_in_training": differences,
            "measuring": derivation.describe_measuring(measurer),
        }
        described["obligations"] = derivation.describe_obligations(described)
        described["seconds"] = round(time.monotonic() - start, 1)
        return described | describe_environment()


def _describe(
    source: Source, events: list[Event], measurer: Measurer | None, reason: str
) -> dict[str, Any]:
    result = final(source.program, events)
    return {
        "name": source.name,
        **derivation.describe_steps(source.program, events),
        "classification": derivation.describe_classification(result),
        "measuring": derivation.describe_measuring(measurer),
        "not_measured": reason,
    }


def _measurer(
    stack: ExitStack,
    source: Source,
    config: SimplifyConfig,
    workers: int | None,
    exact_only: bool,
    say: Say,
) -> tuple[Measurer | None, str]:
    """What measures, or why nothing does."""
    if exact_only:
        return None, "only exact and algebraic steps were asked for"
    num_workers = config.workers if workers is None else workers
    try:
        opened = open_measurer(source.program, config, num_workers, say)
        return stack.enter_context(opened), ""
    except BaseFailed as error:
        return None, str(error)


def _simplifier(
    config: SimplifyConfig, measurer: Measurer | None, exact_only: bool, by_search: int
) -> Simplifier:
    warrants = PROVEN if exact_only else tuple(Warrant)
    suggest = None
    if by_search and measurer is not None:
        if measurer.learning_rate != 1.0:
            raise ConfigError(
                "--by-search needs a program with its learning rate within it; multiply its update "
                f"by {measurer.learning_rate:g}"
            )
        suggest = functools.partial(
            delete_by_search,
            pool=measurer.pool,
            config=config,
            num_programs=by_search,
            say=measurer.say,
        )
    return Simplifier(warrants, measurer, config.rewrite_seconds, suggest)


def _read(config: Path | None, settings: Iterable[str] | None) -> SimplifyConfig:
    if config is None:
        return parse_config(with_settings({}, settings or ()), "--set", SimplifyConfig)
    return read_config(config, SimplifyConfig, settings or ())


def _free_folder(folder: Path) -> Path:
    """The folder, or the first of folder-2, folder-3, ... that is not there."""
    number, free = 1, folder
    while free.exists():
        number += 1
        free = folder.with_name(f"{folder.name}-{number}")
    return free


def _write(path: Path, text: str, mode: str = "w") -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open(mode, encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise RecordError(f"cannot write {path}: {error.strerror}; choose another --out") from None
