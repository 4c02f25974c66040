"""The command `lionhunt check`."""

from typing import Annotated, Any

import typer

from lionhunt.search.activity import Activity
from lionhunt.search.cli.terminal import Json, activity_display, make_console, print_line
from lionhunt.search.errors import SourceError
from lionhunt.search.reporting.text import print_json


def check(
    ref: Annotated[
        str, typer.Argument(metavar="FILE", help="A file or a module with functions of your own.")
    ],
    as_json: Json = False,
) -> None:
    """Test what you add to Lionhunt, before a search relies on it.

    Functions of your own are run by the interpreter and by both machines, on zeros, NaN, infinities
    and more. The status is 1 if something fails.

    \b
    Examples:
      lionhunt check ./my_functions.py
    """
    if ":" in ref:
        raise SourceError(f"'{ref}' names one object; give the file of your functions alone")
    findings = _check_functions(ref)
    if as_json:
        print_json(findings)
    else:
        _print(findings)
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


def _print(summaries: list[dict[str, Any]]) -> None:
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
