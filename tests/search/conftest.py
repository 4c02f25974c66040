"""The command line as a fixture."""

import pytest

from search import cli


@pytest.fixture
def lionhunt(monkeypatch, capsys):
    """Calls the command; gives back its status, and what it wrote to both streams."""

    def call(*words):
        monkeypatch.setattr("sys.argv", ["lionhunt", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        out, err = capsys.readouterr()
        return stopped.value.code or 0, out, err

    return call
