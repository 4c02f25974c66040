"""The commands `lionhunt simplify` and `lionhunt derive`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from lionhunt.search.cli.terminal import (
    Json,
    Settings,
    Workers,
    activity_display,
    make_console,
    print_line,
    program_or_excerpt,
)
from lionhunt.search.errors import ConfigError, RecordError, command_line
from lionhunt.search.interrupt import set_way_on_from_start
from lionhunt.search.reporting.blocks import Block, Heading, print_blocks, to_markdown_report
from lionhunt.search.reporting.replaced_file import write_whole
from lionhunt.search.reporting.report_files import write_report
from lionhunt.search.reporting.text import print_json
from lionhunt.search.simplification.report import (
    derivation_blocks,
    drop_one_blocks,
    origin_block,
    step_blocks,
    summary_blocks,
)
from lionhunt.search.simplification.simplifier import SimplificationEvent, SimplificationStep
from lionhunt.search.simplification.summary import summarize_step

ProgramRef = Annotated[
    str, typer.Argument(metavar="PROGRAM", help="File, library name, RUN:INDEX or RUN:best.")
]
ConfigFile = Annotated[
    str | None,
    typer.Option("--config", metavar="CONFIG", help="Tasks, seeds, tolerance of measurements."),
]
ExactOnly = Annotated[
    bool, typer.Option("--exact-only", help="Only exact and algebraic steps; nothing is measured.")
]


def simplify(
    ref: ProgramRef,
    exact_only: ExactOnly = False,
    by_search: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="First search N programs that only delete."),
    ] = 0,
    drop_one: Annotated[
        bool,
        typer.Option("--drop-one", help="Only measure it without each function and each state."),
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Write the result to this file.")] = None,
    config: ConfigFile = None,
    workers: Workers = None,
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Make a program as short as it can be, with reasons.

    Lionhunt removes what is redundant and rewrites the rest. Then it removes functions and digits
    of constants that cost nothing measurable. Last it names variables by their role.

    \b
    Examples:
      lionhunt simplify raw_lion --exact-only
      lionhunt simplify runs/quickstart:best --out best.txt
      lionhunt simplify runs/quickstart:best --drop-one
    """
    if drop_one and (exact_only or by_search or out is not None):
        raise ConfigError(
            "--drop-one measures and changes nothing; leave out --exact-only, --by-search and --out"
        )
    if exact_only and by_search:
        raise ConfigError("--by-search measures what it finds; leave out --exact-only")
    source = program_or_excerpt(ref, as_json)
    if out is not None:
        _check_writable(out)
    set_way_on_from_start()
    if drop_one:
        with activity_display(make_console(stderr=True)) as on_status:
            checked = source.drop_one(
                config=config, settings=settings, workers=workers, on_status=on_status
            )
        _print(checked, drop_one_blocks, as_json)
        return
    with activity_display(make_console(stderr=True)) as on_status:
        found = source.simplify(
            exact_only=exact_only,
            by_search=by_search,
            config=config,
            settings=settings,
            workers=workers,
            on_status=on_status,
        )
    if out is not None:
        _write(out, found.summary["result"] + "\n")
    _print(found.summary, summary_blocks, as_json)


def _print(
    summary: dict[str, Any], blocks: Callable[[dict[str, Any]], Iterator[Block]], as_json: bool
) -> None:
    if as_json:
        print_json(summary)
    else:
        print_blocks(make_console(), blocks(summary))


def derive(
    ref: ProgramRef = "raw_lion",
    exact_only: ExactOnly = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the report; runs/derive_NAME by default.")
    ] = None,
    config: ConfigFile = None,
    workers: Workers = None,
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Derive an optimizer from a found program, step by step.

    Every step has a justification. Without PROGRAM: Lion from the raw program of the paper's
    search, in some minutes.

    \b
    Examples:
      lionhunt derive
      lionhunt derive runs/quickstart:best --exact-only
    """
    console = make_console(stderr=as_json)
    source = program_or_excerpt(ref, as_json)
    folder = out or _free_folder(Path("runs") / f"derive_{source.source.short_name}")
    if (folder / "report.md").exists():
        raise RecordError(f"{folder} holds a report; choose another --out")
    steps: list[dict[str, Any]] = []
    step_by_step: list[Block] = [Heading("step by step")]

    def on_event(event: SimplificationEvent) -> None:
        if isinstance(event, SimplificationStep):
            before = steps[-1]["program"] if steps else source.text
            steps.append(summarize_step(event))
            blocks = list(step_blocks(len(steps), steps[-1], before))
            step_by_step.extend(blocks)
            if not as_json:
                print_blocks(console, blocks)

    set_way_on_from_start()
    with _reserved(folder), activity_display(make_console(stderr=True)) as on_status:
        found = source.derive(
            exact_only=exact_only,
            config=config,
            settings=settings,
            workers=workers,
            on_status=on_status,
            on_event=on_event,
        )
    summary = found.summary
    blocks = [origin_block(summary), *summary_blocks(summary), *derivation_blocks(summary)]
    command = command_line("derive", ref)
    text = to_markdown_report(f"`{command}`", [*blocks, *step_by_step])
    path = write_report(folder, summary, text, indent=2)
    _write(folder / "result.txt", summary["result"] + "\n")
    if as_json:
        print_json(summary)
    else:
        print_blocks(console, blocks)
        print_line(console, f"\nreport: {path}")


def _free_folder(folder: Path) -> Path:
    """Return the folder, or the first of folder-2, folder-3, ... that does not exist."""
    number, free = 1, folder
    while free.exists():
        number += 1
        free = folder.with_name(f"{folder.name}-{number}")
    return free


@contextmanager
def _reserved(folder: Path) -> Iterator[None]:
    """Make the folder of a report, so that it is known to be writable before minutes of work.

    If the body fails or is interrupted, a new folder without a report goes again.
    """
    is_new = not folder.exists()
    _check_writable(folder / "report.md")
    try:
        yield
    except BaseException:
        if is_new:
            # A folder with files in it stays.
            with suppress(OSError):
                folder.rmdir()
        raise


def _write(path: Path, text: str) -> None:
    with _writing(path):
        if path.exists() and not path.is_file():
            # A pipe or a device cannot be replaced.
            path.write_text(text, "utf-8")
        else:
            write_whole(path.resolve(), text)


def _check_writable(path: Path) -> None:
    """Raise `RecordError` now, not after minutes of work, if a file cannot be written."""
    is_new = not path.exists()
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("a").close()
    if is_new:
        path.unlink()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RecordError(f"cannot write {path}: {error.strerror}; choose another --out") from None
