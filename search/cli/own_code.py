"""The commands `lionhunt tasks`, `lionhunt new` and `lionhunt check`."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from lionhunt.search.activity import Activity
from lionhunt.search.cli.terminal import (
    Json,
    activity_display,
    make_console,
    print_line,
)
from lionhunt.search.errors import OutputError, command_line
from lionhunt.search.interrupt import set_way_on_from_start
from lionhunt.search.reporting.tables import Table, to_rich
from lionhunt.search.reporting.text import duration, print_json
from lionhunt.search.visible_text import visible

Checked = Annotated[
    str,
    typer.Argument(
        metavar="TASK|FILE",
        help="A kind, ./file.py:Name or package.module:Name; or a file of functions.",
    ),
]
new = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Write files to begin with.",
)


def tasks(
    name: Annotated[
        str | None,
        typer.Argument(metavar="TASK", help="A kind, ./file.py:Name or package.module:Name."),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the kinds of tasks, or show one with its options.

    Installed packages offer kinds by the entry points 'lionhunt.tasks'.

    \b
    Examples:
      lionhunt tasks
      lionhunt tasks digits_conv
      lionhunt tasks ./my_task.py:MyTask --json
    """
    from lionhunt.search.task_check.catalogue import summarize_kind, summarize_kinds

    if name is not None:
        summary = summarize_kind(name)
        print_json(summary) if as_json else _print_kind(summary)
        return
    summaries = summarize_kinds()
    if as_json:
        print_json(summaries)
        return
    rows = [
        (each["kind"], each["from"], _cost(each), each["problem"] or each["meaning"])
        for each in summaries
    ]
    console = make_console()
    console.print(to_rich(Table("", ("kind", "from", "an evaluation", "what it is"), rows)))
    print_line(console, "options of one: lionhunt tasks TASK; your own: lionhunt new task FILE.py")


def _cost(summary: dict[str, Any]) -> str:
    seconds = summary["evaluation_seconds"]
    return "" if seconds is None else duration(seconds)


def _print_kind(summary: dict[str, Any]) -> None:
    console = make_console()
    print_line(console, f"{summary['kind']}, from {summary['from']}")
    console.print(Text(visible(summary["description"])))
    rows = [
        (
            each["name"],
            each["type"],
            "must be given" if each["default"] is None else each["default"],
        )
        + (each["meaning"],)
        for each in summary["options"]
    ]
    console.print(to_rich(Table("", ("option", "type", "default", "meaning"), rows)))


@new.callback()
def _new() -> None:
    """Write files to begin with."""


@new.command("task")
def new_task(
    file: Annotated[Path, typer.Argument(metavar="FILE.py", help="The file to write.")],
    in_torch: Annotated[
        bool, typer.Option("--torch", help="A task in PyTorch; by default in JAX.")
    ] = False,
) -> None:
    """Write a task that runs as it is, with comments, and a config beside it.

    No file is replaced.

    \b
    Examples:
      lionhunt new task my_task.py
      lionhunt new task my_training.py --torch
    """
    from lionhunt.search.storage.atomic_file import new_file
    from lionhunt.search.user_code.task_template import make_task_files

    files, config = make_task_files(file, in_torch=in_torch), file.with_suffix(".toml")
    for path in (file, config):
        if path.exists():
            raise OutputError(f"{path} is there already; give another name, or remove it")
    with new_file(file) as code_part, new_file(config) as config_part:
        code_part.write_text(files.code, "utf-8")
        config_part.write_text(files.config, "utf-8")
    console = make_console()
    print_line(console, f"wrote {file} and {config}; next:")
    print_line(console, f"  {command_line('check', f'{file}:{files.name}')}")
    print_line(console, f"  {command_line('search', config)}")


def check(
    name: Checked,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace an option; repeatable."),
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=1.0, help="About how long trainings take; longer ones are cut.")
    ] = 20.0,
    as_json: Json = False,
) -> None:
    """Test a task or functions of your own.

    AdamW, Lion and SGD are trained on a task. The interpreter and both machines run the functions
    of a file, on zeros, NaN, infinities and more. The exit status is 1 if something should change.

    \b
    Examples:
      lionhunt check ./my_task.py:MyTask
      lionhunt check digits_mlp --set metric=loss --json
      lionhunt check ./my_functions.py
    """
    if name.endswith(".py"):
        _check_file(name, as_json)
        return
    from lionhunt.search.task_check.catalogue import find_options
    from lionhunt.search.task_check.measure import measure_task
    from lionhunt.search.task_check.report import print_check, summarize_check

    set_way_on_from_start()
    options = find_options(name, settings or ())
    with activity_display(make_console(stderr=True)) as on_activity:
        measured = measure_task(options.build, seconds, on_activity)
    summary = summarize_check(measured)
    print_json(summary) if as_json else print_check(make_console(), summary)
    if not summary["is_sound"]:
        raise typer.Exit(1)


def _check_file(ref: str, as_json: bool) -> None:
    """Test the functions of a file."""
    findings = _check_functions(ref)
    if as_json:
        print_json(findings)
    else:
        _print_functions(findings)
    if any(each["problem"] for function in findings for each in function["findings"]):
        raise typer.Exit(1)


def _check_functions(ref: str) -> list[dict[str, Any]]:
    from lionhunt.dsl.functions.report import check_function
    from lionhunt.search.user_code.functions import load_functions

    own = load_functions([ref]).own
    summaries = []
    with activity_display(make_console(stderr=True)) as on_activity:
        for number, op in enumerate(own):
            on_activity(Activity(f"testing {op.name}", number, len(own), "functions"))
            found = [finding._asdict() for finding in check_function(op)]
            kind = op.own.kind if op.own else ""
            summaries.append(
                {"function": op.name, "arity": op.arity, "kind": kind, "meaning": op.meaning}
                | {"findings": found}
            )
    return summaries


def _print_functions(summaries: list[dict[str, Any]]) -> None:
    console = make_console()
    for summary in summaries:
        names = ", ".join("xya"[: summary["arity"]])
        print_line(
            console, f"{summary['function']}({names}), {summary['kind']}: {summary['meaning']}"
        )
        for finding in summary["findings"]:
            mark = "note" if finding["is_note"] else "FAIL" if finding["problem"] else "ok"
            problem = f": {finding['problem']}" if finding["problem"] else ""
            print_line(console, f"  {mark:5}{finding['what']}{problem}")
