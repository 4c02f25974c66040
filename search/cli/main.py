"""The command `lionhunt`: one table of commands, loaded when they are called."""

import errno
import importlib
import io
import os
import re
import sys
from collections.abc import Callable
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from lionhunt.errors import LionhuntError
from lionhunt.search.errors import did_you_mean
from lionhunt.search.log import print_warnings
from lionhunt.search.visible_text import make_visible
from lionhunt.search.workers.xla_environment import set_xla_environment

COMMANDS = {
    "search": ("run", "search", "Search for optimizers as CONFIG says."),
    "resume": ("run", "resume", "Continue a run that was stopped or killed."),
    "show": ("show", "show", "Show a program or a run, or list the library."),
    "report": (
        "look.report",
        "report",
        "Write one HTML file of a run or an experiment, to look at.",
    ),
    "serve": (
        "look.serve",
        "serve",
        "Serve pages that show runs, also while they run.",
    ),
    "list": ("look.list", "list_command", "List runs and experiments with their state."),
    "diff": ("look.diff", "diff", "Compare two programs by what their statements compute."),
    "simplify": ("simplify", "simplify", "Make a program as short as it can be, with reasons."),
    "derive": ("simplify", "derive", "Derive an optimizer from a found program, step by step."),
    "classify": ("show", "classify", "Name the known optimizer that a program is nearest to."),
    "export": ("export", "export", "Write a program as optax, torch or LaTeX."),
    "compare": ("compare", "compare", "Compare tuned optimizers on fresh seeds."),
    "select": ("select", "select", "Select programs that beat tuned baselines on larger tasks."),
    "study": (
        "study",
        "study",
        "Repeat a search, with baselines, an aim or variants.",
    ),
    "claims": ("claims", "claims", "Judge the Lion paper's claims by experiments."),
    "tasks": ("own_code", "tasks", "List the kinds of tasks, or show one with its options."),
    "new": ("own_code", "new", "Write files to begin with."),
    "check": (
        "own_code",
        "check",
        "Test a task or functions of your own.",
    ),
    "query": ("records", "query", "Ask the records of a run in SQL."),
    "export-run": ("records", "export_run", "Write a run as a CSV or Parquet table."),
    "simulate": ("simulate", "simulate", "Simulate a search with thousands of workers."),
    "bench": ("bench.group", "bench", "Measure lionhunt itself."),
}
"""Module below `lionhunt.search.cli`, function or group there, and one line of help, by name."""

OUTPUT_ERRORS = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EBADF, errno.EIO}
"""System errors that mean that the output takes no more."""


class LazyCommand(TyperCommand):
    """A command whose module is imported when it is called, not when it is listed."""

    def __init__(self, name: str, module: str, attribute: str, line: str):
        super().__init__(name, help=line)
        self._module, self._attribute = module, attribute

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        module = importlib.import_module(f"lionhunt.search.cli.{self._module}")
        command = to_command(str(self.name), getattr(module, self._attribute))
        return command.make_context(info_name, args, parent, **extra)


def to_command(name: str, function: Callable[..., Any] | typer.Typer) -> Any:
    """Return a function, or a group of functions, as a command."""
    if isinstance(function, typer.Typer):
        command = typer.main.get_command(function)
    else:
        single = typer.Typer(add_completion=False, **SETTINGS)
        single.command(name)(function)
        command = typer.main.get_command(single)
    command.name = name
    return command


class Commands(TyperGroup):
    """The commands of `COMMANDS`, in the order of that table."""

    def __init__(self, *args: Any, **settings: Any):
        super().__init__(*args, **settings)
        self.commands = {name: LazyCommand(name, *entry) for name, entry in COMMANDS.items()}


SETTINGS: dict[str, Any] = {"rich_markup_mode": None, "pretty_exceptions_enable": False}
app = typer.Typer(cls=Commands, **SETTINGS)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        import lionhunt

        print(f"lionhunt {lionhunt.__version__}")
        raise typer.Exit


@app.callback()
def lionhunt_command(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
    functions: Annotated[
        list[str] | None,
        typer.Option(
            "--functions",
            metavar="FILE",
            help="A file with functions of your own, for programs in files; repeatable.",
        ),
    ] = None,
) -> None:
    """Discover optimizers by searching over programs.

    \b
    Examples:
      lionhunt search quickstart
      lionhunt show runs/quickstart:best
      lionhunt simplify runs/quickstart:best --exact-only
      lionhunt export lion --to torch
    """
    if functions:
        from lionhunt.search.user_code.functions import load_functions

        # They are known until the command ends.
        context.with_resource(load_functions(functions))


def main() -> None:
    """Run the command line and exit; an expected error prints one line and gives status 2."""
    set_xla_environment()
    for stream in (sys.stdout, sys.stderr):
        # A terminal may not know every character of a program.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    make_visible()
    try:
        with print_warnings():
            status = app(standalone_mode=False)
        # An output that takes no more raises here, inside this block.
        sys.stdout.flush()
        sys.exit(status)
    except LionhuntError as error:
        _fail(str(error))
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    except typer.TyperException as error:
        _fail(f"{explain_usage(error)}; try 'lionhunt --help'")
    except OSError as error:
        # Python flushes stdout once more as it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        # The reader closed the pipe, as in `lionhunt show RUN | head`.
        if isinstance(error, BrokenPipeError):
            sys.exit(141)
        _fail(explain(error))


def explain_usage(error: typer.TyperException) -> str:
    """Return the message about wrong words of a command, with the nearest right word."""
    is_value = isinstance(error, typer.BadParameter)
    message = error.format_message() if is_value else str(error)
    message = message.rstrip(".").replace("Value error, ", "")
    # typer knows no near options in its message, and no near values at all.
    if (option := getattr(error, "option_name", None)) and "No such option" in message:
        command = getattr(error, "cmd", None)
        options = [word for param in getattr(command, "params", ()) for word in param.opts]
        options.append("--help")
        return message + did_you_mean(option if option[:2] == "--" else f"-{option}", options)
    if is_value and (found := re.search("'([^']*)' is not one of (.*)", message)):
        return message + did_you_mean(found[1], re.findall("'([^']*)'", found[2]))
    return message


def explain(error: OSError) -> str:
    """Return the system's message and the file that it concerns."""
    place = "output" if error.errno in OUTPUT_ERRORS else type(error).__name__
    return f"{error.filename or place}: {error.strerror or str(error) or 'no further message'}"


def _fail(message: str) -> NoReturn:
    print(f"lionhunt: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(2)
