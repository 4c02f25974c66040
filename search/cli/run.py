"""`lionhunt search` and `lionhunt resume`."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from lionhunt.search.api import runs
from lionhunt.search.api.configs import resolve_config
from lionhunt.search.cli.terminal import (
    DryRun,
    RayAddress,
    Settings,
    Workers,
    make_console,
    print_line,
    progress_display,
    stop_message,
)
from lionhunt.search.driver import report
from lionhunt.search.driver.config import RunConfig
from lionhunt.search.errors import ConfigError
from lionhunt.search.reporting.text import print_json


def search(
    config: Annotated[
        str, typer.Argument(metavar="CONFIG", help="A TOML file, or the name of a bundled config.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the run; runs/NAME by default.")
    ] = None,
    workers: Workers = None,
    ray_address: RayAddress = None,
    settings: Settings = None,
    is_dry: DryRun = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --dry-run: print JSON.")] = False,
) -> None:
    """Search for optimizers as CONFIG says.

    Ctrl-C stops the run; 'lionhunt resume RUN' continues it.

    \b
    Examples:
      lionhunt search quickstart
      lionhunt search quickstart --dry-run
      lionhunt search configs/quickstart.toml --workers 4 --set seed=1
    """
    if as_json and not is_dry:
        raise ConfigError("--json needs --dry-run; for a finished run use 'lionhunt show RUN --json'")
    name, run_config = resolve_config(config, RunConfig, settings)
    if is_dry:
        _print_dry_run(run_config, workers, as_json)
        return
    folder = out or runs.free_run_folder(Path("runs") / name)
    with _displayed(folder, run_config, workers) as on_progress:
        run = runs.run(run_config, folder, workers, None, on_progress, ray_address)
    _print_result(run)


def resume(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.")],
    workers: Workers = None,
    rescore: Annotated[
        bool,
        typer.Option("--rescore", help="Start it again in a new folder; RUN is left alone."),
    ] = False,
    out: Annotated[Path | None, typer.Option(help="That folder; RUN-rescored by default.")] = None,
    ray_address: RayAddress = None,
) -> None:
    """Continue a run that was stopped or killed.

    Lionhunt refuses a run whose programs score differently on this machine. With --rescore it
    starts such a run again from its config.

    \b
    Examples:
      lionhunt resume runs/quickstart
      lionhunt resume runs/quickstart --rescore
    """
