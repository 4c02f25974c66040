"""Run the commands of docs/agents.md and SKILL.md, on a finished run and on new files."""

import json
import re
import shlex
import shutil

import pytest

from tests.support.pages import blocks, read_page

SHORTER = {
    "search": [
        "--workers=0",
        "--set=num_programs=12",
        "--set=evolution={population_size=10, tournament_size=2, lag=2}",
        "--set=tasks.0.num_steps=20",
        "--set=evaluation.step_sizes=[]",
        "--set=racing.num_best=0",
    ],
    "check": ["--seconds=1", "--set=num_steps=40"],
    "resume": ["--workers=0"],
    "classify": ["--no-behavior"],
}
"""Options that make a command quick."""


@pytest.fixture
def folder(finished_run_dir, tmp_path, monkeypatch):
    """Enter a folder with a finished run, where the searches of the pages would write theirs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    shutil.copytree(finished_run_dir, "runs/first")
    return tmp_path


def test_commands_of_the_page_work_and_print_json(folder, invoke_cli):
    lines = "".join(blocks(read_page("docs/agents.md"), "bash")).splitlines()
    names = {line.split()[1] for line in lines}
    assert names >= {"search", "list", "show", "query", "resume", "check", "export", "diff"}
    for line in lines:
        name, *words = shlex.split(line)[1:]
        # The prepared run stands for the searches, which other tests make.
        if name == "search":
            continue
        status, out, err = invoke_cli(name, *words, *SHORTER.get(name, []))
        assert status in ((0, 1) if name == "check" else (0,)), (line, err)
        if "--json" in words:
            json.loads(out)


def test_keys_of_a_summary_are_those_of_the_page(folder, invoke_cli):
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", read_page("docs/agents.md"), re.MULTILINE)
    keys = {key for row in rows for key in re.findall(r"`(\w+)`", row)}
    _, out, _ = invoke_cli("show", "runs/first", "--json")
    assert len(keys) >= 6 and keys <= json.loads(out).keys()


def test_skill_leads_from_nothing_to_a_file(folder, invoke_cli):
    lines = re.findall(r"`(lionhunt [^`]+)`", read_page("SKILL.md"))
    commands = [line for line in lines if "SELECT" not in line and "resume" not in line]
    assert [line.split()[1] for line in commands[:3]] == ["new", "check", "search"]
    for line in commands:
        name, *words = shlex.split(line)[1:]
        if name == "search":
            words = [word for word in words if word not in ("--dry-run", "--json")]
        status, _, err = invoke_cli(name, *words, *SHORTER.get(name, []))
        assert status in ((0, 1) if name == "check" else (0,)), (line, err)
    assert "optax" in (folder / "found.py").read_text("utf-8")
