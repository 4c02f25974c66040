"""The command line: parses, calls and prints."""

import errno
import io
import os
import signal
import sys
from typing import NoReturn

import typer

from lionhunt.errors import LionhuntError
from lionhunt.search.cli.bench import bench
from lionhunt.search.cli.claims import claims
from lionhunt.search.cli.compare import compare
from lionhunt.search.cli.export import export
from lionhunt.search.cli.records import export_run, query
from lionhunt.search.cli.run import resume, search
from lionhunt.search.cli.select import select
from lionhunt.search.cli.show import classify, show
from lionhunt.search.cli.simplify import derive, simplify
from lionhunt.search.cli.simulate import simulate
from lionhunt.search.cli.study import study

app = typer.Typer(
    help="Discover optimizers by searching over programs.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


app.command()(search)
app.command()(resume)
app.command()(show)
app.command()(export)
app.command()(classify)
app.command()(simplify)
app.command()(derive)
app.command()(select)
app.command()(compare)
app.command()(claims)
app.command()(study)
app.command()(simulate)

app.command()(query)
app.command("export-run")(export_run)

app.add_typer(bench, name="bench")


def _fail(message: str) -> NoReturn:
    print(f"lionhunt: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(2)


def _stop(signum, frame) -> NoReturn:
    raise KeyboardInterrupt


def explain(error: OSError) -> str:
    """What the system said, and of what; of the output where that takes no more."""
    of_what = "output" if error.errno in _OF_OUTPUT else type(error).__name__
    return f"{error.filename or of_what}: {error.strerror or str(error) or 'it says no more'}"


_OF_OUTPUT = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EBADF, errno.EIO}


def main() -> None:
    """The command `lionhunt`: expected errors end in one line and status 2."""
    signal.signal(signal.SIGTERM, _stop)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # it may not take every character of a program
            stream.reconfigure(errors="backslashreplace")
    try:
        status = app(standalone_mode=False)
        sys.stdout.flush()  # here what cannot be written is told
        sys.exit(status)
    except LionhuntError as error:
        _fail(str(error))
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    except typer.TyperException as error:  # a word of the command line
        message = error.format_message() if isinstance(error, typer.BadParameter) else str(error)
        _fail(f"{message.rstrip('.')}; try 'lionhunt --help'")
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # it is flushed once more
        if isinstance(error, BrokenPipeError):  # as of `lionhunt show RUN | head`
            sys.exit(141)
        _fail(explain(error))
