"""The command `lionhunt serve`."""

from pathlib import Path
from typing import Annotated

import typer

from lionhunt.search.cli.terminal import make_console, print_line


def serve(
    folder: Annotated[
        Path, typer.Argument(metavar="[FOLDER]", help="Runs are looked for here; runs by default.")
    ] = Path("runs"),
    host: Annotated[
        str, typer.Option(help="Address to listen at; beyond this machine, a token is needed.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8765,
) -> None:
    """Serve pages that show runs, also while they run.

    Only this machine is answered, unless you give --host. No file is changed.
    Ctrl-C stops the server.

    \b
    Examples:
      lionhunt serve
      lionhunt serve runs/quickstart --port 0
      lionhunt serve runs --host 0.0.0.0
    """
    from lionhunt.search.server.start import start

    console = make_console()
    start(folder, host, port, lambda address: print_line(console, f"{folder}: {address}"))
