"""The commands that lead on after a run: each can be given to a shell as it is printed."""

import shlex
import shutil

import pytest

import lionhunt
from lionhunt.dsl.analysis.properties import faults
from lionhunt.search.api.configs import resolve_config
from lionhunt.search.comparison.config import CompareConfig
from lionhunt.search.comparison.setup import PreparedComparison
from lionhunt.search.driver.report import next_commands
from lionhunt.search.errors import command_line
from tests.support.search.command_line import is_one_line


def next_words(run) -> dict[str, list[str]]:
    """Return the words of the printed commands, by command; a shell drops the comments."""
    first, *lines = next_commands(run).splitlines()
    assert first == "next:"
    split = [shlex.split(line, comments=True) for line in lines]
    assert all(words[0] == "lionhunt" for words in split)
    return {words[1]: words[1:] for words in split}


SLOW_NAMES = [pytest.param(name, marks=pytest.mark.slow) for name in ("-run", "lion")]


@pytest.fixture(params=["my 'runs' $HOME #1", *SLOW_NAMES])
def run(request, finished_run_dir, tmp_path, monkeypatch):
    """Return the path of a run, relative and with a name that a shell may not take as it is."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(finished_run_dir, tmp_path / request.param)
    return (tmp_path / request.param).relative_to(tmp_path)


def test_they_lead_on_and_work_as_printed(run, invoke_cli, tmp_path):
    printed = next_words(run)
    assert list(printed) == ["report", "show", "simplify", "classify", "compare", "export"]
    for name in ("report", "show", "classify", "export"):
        status, out, err = invoke_cli(*printed[name])
        assert status == 0 and out
        # An export tells the faults of the program.
        expected = faults(lionhunt.program(printed[name][1]).properties) if name == "export" else ()
        assert [line.partition("the update ")[2] for line in err.splitlines()] == list(expected), (
            err
        )
    # The others measure, for minutes.
    status, out, _ = invoke_cli(*printed["simplify"], "--exact-only")
    assert status == 0 and out
    _, config, _, folder, _, setting = printed["compare"]
    name, config = resolve_config(config, CompareConfig, [setting])
    labels = [each.name for each in PreparedComparison(name, config).optimizers]
    assert config.optimizers[0].program.endswith(f"{run}:best") and "adamw" in labels
    assert labels[0] == "found"
    assert not (tmp_path / folder).exists()


def test_commands_in_messages_are_quoted(run, invoke_cli):
    for words in (["search", "quickstart", "--out", f"./{run}"], ["resume", "--", str(run)]):
        status, out, err = invoke_cli(*words)
        if status:
            assert is_one_line(err) and err.endswith(f"{command_line('resume', run)}\n")
        else:
            assert f"  {command_line('show', run.with_name(f'{run}:best'))}" in out
