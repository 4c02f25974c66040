"""Helpers for tests of the command line."""

import pytest

from lionhunt.search.cli import main as cli


def is_one_line(text):
    return text.endswith("\n") and text.count("\n") == 1 and text.startswith("lionhunt: ")


def call(monkeypatch, capsys, *words) -> str:
    """Run the command line in this process, expect status 0, and return its output."""
    monkeypatch.setattr("sys.argv", ["lionhunt", *map(str, words)])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert not stopped.value.code
    return capsys.readouterr().out
