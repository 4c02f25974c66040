"""The commands that simplify programs and derive optimizers: parse, call, print, write."""

import json
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from lionhunt.search.cli.terminal import (
    Json,
    Settings,
    Workers,
    find_or_print,
    make_console,
    status_line,
)
from lionhunt.search.config import parse_config, read_config, with_settings
from lionhunt.search.errors import ConfigError, RecordError
from lionhunt.search.reporting.blocks import Block, Heading, print_blocks, to_markdown_report
from lionhunt.search.reporting.text import print_json
from lionhunt.search.simplification.config import SimplifyConfig
from lionhunt.search.simplification.loop import derive as run_derivation
from lionhunt.search.simplification.report import (
    derivation_blocks,
    origin_block,
    step_blocks,
    summary_blocks,
)
from lionhunt.search.simplification.simplifier import Event, SimplificationStep
from lionhunt.search.simplification.summary import summarize_step

REPORT = "report.md"

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
    source = find_or_print(program, as_json)
    simplify_config = _read(config, settings)
    if out is not None:
        _check_writable(out)
    num_workers = simplify_config.workers if workers is None else workers
    with status_line(make_console(stderr=True)) as say:
        described = run_derivation(
            source,
            simplify_config,
            num_workers,
            exact_only=exact_only,
            by_search=by_search,
            in_full=False,
            say=say,
        )
    if out is not None:
        _write(out, described["result"] + "\n")
    if as_json:
        print_json(described)
    else:
        print_blocks(console, summary_blocks(described))


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
    source = find_or_print(program, as_json)
    simplify_config = _read(config, settings)
    folder = out or _free_folder(Path("runs") / f"derive_{source.short_name}")
    if (folder / REPORT).exists():
        raise RecordError(f"{folder} holds a report; choose another --out")
    _check_writable(folder / REPORT)
    num_workers = simplify_config.workers if workers is None else workers
    steps: list[dict[str, Any]] = []
    told: list[Block] = [Heading("step by step")]

    def tell(event: Event) -> None:
        if isinstance(event, SimplificationStep):
            before = steps[-1]["program"] if steps else str(source.program)
            steps.append(summarize_step(event))
            blocks = list(step_blocks(len(steps), steps[-1], before))
            told.extend(blocks)
            if not as_json:
                print_blocks(console, blocks)

    with status_line(make_console(stderr=True)) as say:
        described = run_derivation(
            source, simplify_config, num_workers, exact_only=exact_only, say=say, tell=tell
        )
    blocks = [origin_block(described), *summary_blocks(described), *derivation_blocks(described)]
    command = f"lionhunt derive {shlex.quote(program)}"
    _write(folder / REPORT, to_markdown_report(f"`{command}`", [*blocks, *told]))
    _write(folder / "report.json", json.dumps(described, indent=2) + "\n")
    _write(folder / "result.txt", described["result"] + "\n")
    if as_json:
        print_json(described)
    else:
        print_blocks(console, blocks)
        console.print(f"\nreport: {folder / 'report.md'}", soft_wrap=True)


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


def _check_writable(path: Path) -> None:
    """Tells now, and not after minutes, that a file cannot be written."""
    is_new = not path.exists()
    _write(path, "", "a")
    if is_new:
        path.unlink()
