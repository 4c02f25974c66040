"""The commands that simplify programs and derive optimizers: parse, call, print, write."""

import json
import platform
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from dsl.rewrite import Warrant
from search import derivation
from search.config_file import ConfigError, parse_config, read_config
from search.deletion import delete_by_search
from search.derivation_report import (
    Heading,
    derivation_blocks,
    show,
    step_blocks,
    summary_blocks,
    to_report,
)
from search.measure import BaseFailed, Measurer, open_measurer
from search.report import print_json
from search.run_file import RecordError
from search.simplification import Event, Simplifier, Step, final
from search.simplify_config import SimplifyConfig
from search.source import Source, find_program
from search.terminal import LINE_SECONDS, Json, Settings, Workers, make_console

PROVEN = (Warrant.EXACT, Warrant.ALGEBRAIC)

Config = Annotated[
    Path | None, typer.Option(help="A TOML file: tasks, seeds, tolerance; see configs/simplify.toml.")
]
ExactOnly = Annotated[
    bool, typer.Option("--exact-only", help="Exact and algebraic steps alone; nothing is measured.")
]
