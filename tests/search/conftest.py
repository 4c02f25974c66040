"""The command line and a finished run as fixtures."""

import pytest

from lionhunt.search.cli import main as cli
from tests.support.search.runs import FormulaPool, advance, create


@pytest.fixture
def invoke_cli(monkeypatch, capsys):
    """Return a function that runs the command line: it returns status, output and errors."""

    def call(*words):
        monkeypatch.setattr("sys.argv", ["lionhunt", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        out, err = capsys.readouterr()
        return stopped.value.code or 0, out, err

    return call


@pytest.fixture
def lionhunt(invoke_cli):
    return invoke_cli


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a finished run, scored by a formula."""
    folder = tmp_path_factory.mktemp("run")
    with create(folder) as records:
        advance(records, FormulaPool())
    return folder
