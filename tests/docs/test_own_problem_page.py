"""Run the commands of the page on your own problem, in an empty folder."""

import shlex

from tests.support.pages import blocks, read_page

SHORTER = {
    "check": ["--seconds", "1", "--set", "num_steps=40"],
    "search": [
        "--workers=0",
        "--set=num_programs=12",
        "--set=evolution={population_size=10, tournament_size=2, lag=2}",
        "--set=tasks.0.num_steps=20",
    ],
    "resume": ["--workers=0"],
}
"""Options that make a command of the page quick."""


def test_commands_lead_from_an_empty_folder_to_an_optimizer(tmp_path, invoke_cli, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = read_page("docs/your-own-problem.md")
    lines = [line for block in blocks(page, "bash") for line in block.splitlines()]
    names = [line.split()[1] for line in lines]
    assert names[:4] == ["new", "check", "search", "show"] and "export" in names
    for line in lines:
        _, name, *words = shlex.split(line)
        status, _, err = invoke_cli(name, *words, *SHORTER.get(name, []))
        # A check so short may not tell optimizers apart.
        assert status in ((0, 1) if name == "check" else (0,)), (line, err)
    assert "optax.GradientTransformation" in (tmp_path / "my_optimizer.py").read_text()
    assert (tmp_path / "runs" / "my_task-rescored").is_dir()
