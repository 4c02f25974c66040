"""Check that each command and option of the pages exists."""

import importlib
import re
import shlex

import pytest
import typer

from lionhunt.search.cli import main
from tests.support.pages import PAGES, blocks, read_page

HELP = "--help"


def commands_of(page: str) -> list[str]:
    """Return the lines of the blocks of a page that call the command."""
    text = "\n".join([*blocks(page, ""), *blocks(page, "bash")])
    return [
        line.partition(" > ")[0]
        for line in text.splitlines()
        if line.startswith("lionhunt ") and "$" not in line
    ]


COMMANDS = sorted({line for page in PAGES for line in commands_of(page.read_text("utf-8"))})


@pytest.mark.parametrize("line", COMMANDS)
def test_command_parses(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name, *words = shlex.split(line)[1:]
    if name.startswith("--"):
        options = typer.main.get_command(main.app).params
        assert name == HELP or any(name in option.opts for option in options)
        return
    module, function, _ = main.COMMANDS[name]
    command = getattr(importlib.import_module(f"lionhunt.search.cli.{module}"), function)
    parsed = main.to_command(name, command)
    if isinstance(command, typer.Typer):
        parsed, words = parsed.commands[words[0]], words[1:]
    parsed.make_context(name, words)


def test_page_on_commands_names_every_command():
    page = read_page("docs/commands.md")
    lines = commands_of(page)
    for name in main.COMMANDS:
        assert re.search(rf"^\| `{name}\b", page, re.MULTILINE), f"no row for {name}"
        assert any(line.split()[1] == name for line in lines), f"no example for {name}"
