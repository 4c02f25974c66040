"""The commands of docs/tutorial.md, run in order; a formula scores the candidates."""

import shlex

import pytest

from lionhunt.search.driver import scoring
from lionhunt.search.server import start
from tests.support.pages import blocks, read_page
from tests.support.search.runs import start_formula_pool

PAGE = read_page("docs/tutorial.md")
SMALL = (
    "num_programs=300",
    "evolution.population_size=20",
    "evolution.tournament_size=3",
    "tasks=[{kind='digits_mlp', num_steps=5, batch_size=4, width=4}]",
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(scoring, "start_pool", start_formula_pool())
    monkeypatch.setattr(start, "start", lambda folder, host, port, on_start: on_start("http://"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_commands_work_in_order(folder, invoke_cli):
    lines = [line for block in blocks(PAGE, "bash") for line in block.splitlines()]
    assert len(lines) >= 8
    for line in lines:
        command, _, file = line.partition(" > ")
        words = shlex.split(command)[1:]
        if words[0] == "search":
            words += [word for setting in SMALL for word in ("--set", setting)]
        status, out, err = invoke_cli(*words)
        assert (status, err) == (0, ""), line
        if file:
            compile(out, file, "exec")
    assert (folder / "runs" / "quickstart" / "report.html").exists()
