"""The command `lionhunt compare`: output, report, refusals, and continuing."""

import json
from contextlib import nullcontext

import pytest

from lionhunt.search.comparison import setup
from lionhunt.search.comparison.config import CompareConfig
from lionhunt.search.config import read_config
from tests.support.search.command_line import is_one_line
from tests.support.search.comparison_runs import TASK, FormulaTrainers

PAIR = 'program = "{}"\nlearning_rate = 0.01\nweight_decay = 0.1\n'
CONFIG = f"""
num_final_seeds = 5
tuning = {{ num_trials = 9, num_seeds = 1 }}
[[tasks]]
{"".join(f"{key} = {json.dumps(value)}{chr(10)}" for key, value in TASK.items())}
[[optimizers]]
{PAIR.format("adamw")}
[[optimizers]]
{PAIR.format("lion")}
"""


@pytest.fixture
def pools(monkeypatch, tmp_path):
    """Work in an empty folder with a config, and return the pools that commands open."""
    opened = []

    def make(tasks, optimizers, **how):
        opened.append(FormulaTrainers(len(opened)))
        return nullcontext(opened[-1])

    monkeypatch.setattr(setup, "_open_trainers", make)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(CONFIG)
    return opened


def test_compare_prints_and_writes_a_report_and_continues(pools, invoke_cli, tmp_path):
    status, out, err = invoke_cli("compare", "small.toml")
    assert status == 0 and not err
    assert "2 optimizers on 1 tasks" in out and "runs/small/report.md" in out
    folder = tmp_path / "runs" / "small"
    report = (folder / "report.md").read_text()
    assert "lionhunt compare small.toml" in report
    for name in ("learning_curves", "difference", "grid"):
        assert f"{name}.png" in report
        assert all((folder / f"{name}{end}").stat().st_size for end in (".png", ".svg"))
    status, out, _ = invoke_cli("compare", "small.toml", "--json")
    assert status == 0
    assert json.loads(out) == json.loads((folder / "report.json").read_text())
    # The second command trained nothing.
    assert len(pools) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none.toml"], "cannot read none.toml"),
        (["small.toml", "--set", "num_final_seeds=2"], "num_final_seeds"),
        (["small.toml", "--set", "optimizers.0.program=lio"], "did you mean 'lion'"),
        (["small.toml", "--set", "optimizers.0.program=optax.lio"], "optax has no optimizer 'lio'"),
        (["small.toml", "--set", "tasks.0.width=0"], "width"),
    ],
)
def test_wrong_input_is_one_line(pools, invoke_cli, words, message):
    status, out, err = invoke_cli("compare", *words)
    assert status == 2 and not out
    assert is_one_line(err) and message in err
    assert not pools


@pytest.mark.parametrize("name", ["compare", "compare_quick"])
def test_bundled_configs_are_sound(name, request):
    config = read_config(request.config.rootpath / "configs" / f"{name}.toml", CompareConfig)
    assert config.num_final_seeds >= 5
    for optimizer in config.optimizers:
        if not optimizer.program.startswith("results/"):
            optimizer.find()
