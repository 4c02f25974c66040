"""Searches on a task in PyTorch: the same history anywhere, edits refused, faults as outcomes."""

# pyright: reportOptionalMemberAccess=false

import json

import pytest

import lionhunt
from lionhunt.search.errors import ConfigError, RecordError
from lionhunt.search.storage.run_store import RunStore

TRAIN = '''
import torch


def evaluate(make_optimizer, seed, num_steps: int = 20, width: int = 4):
    """Fit a line."""
    x = torch.rand(16, width)
    model = torch.nn.Linear(width, 1)
    optimizer = make_optimizer(model.parameters())
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, num_steps)
    for _ in range(num_steps):
        optimizer.zero_grad()
        loss = ((model(x) - x.sum(1, keepdim=True)) ** 2).mean()
        loss.backward()
        optimizer.step()
        schedule.step()
        yield loss
    return loss
'''
CONFIG = """
num_programs = 30

[space]
step = "outside"

[evolution]
population_size = 10
tournament_size = 3
lag = 4

[evaluation]
step_sizes = [0.0625, 1, 16]

[hurdles]
slack = 0.5

[[tasks]]
kind = "./train.py:evaluate"
width = 3
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Enter a folder with a function that trains and a config, as a user of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "train.py").write_text(TRAIN)
    (tmp_path / "torch.toml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def stopped(config, out):
    """Return a run that ended early."""
    return lionhunt.run(
        config, out=out, workers=0, on_progress=lambda progress: progress.num_programs >= 15
    )


@pytest.mark.slow
def test_history_is_the_same_with_workers_and_after_a_stop(folder):
    whole = lionhunt.run("torch.toml", out="whole", workers=2)
    assert whole.is_complete and whole.best is not None
    assert not stopped("torch.toml", "stopped").is_complete
    assert lionhunt.resume("stopped", workers=0).history_digest == whole.history_digest
    (row,) = whole.query("SELECT count(*) AS n FROM outcomes WHERE reason = 'hurdle'")
    assert row["n"] > 0


def test_an_edit_is_refused_with_the_file(folder):
    stopped("torch.toml", "run")
    (folder / "train.py").write_text(TRAIN.replace("16, width", "8, width"))
    with pytest.raises(RecordError, match="train.py has changed since run began"):
        lionhunt.resume("run", workers=0)


@pytest.mark.slow
def test_an_error_of_some_candidates_is_their_outcome(folder):
    # Some candidates go uphill.
    fault = """
        first = loss.item() if _ == 0 else first
        if loss > 1.1 * first:
            raise ValueError("diverged")
        yield loss"""
    (folder / "train.py").write_text(TRAIN.replace("        yield loss", fault))
    run = lionhunt.run("torch.toml", out="run", workers=1)
    (row,) = run.query("SELECT count(*) AS n FROM outcomes WHERE reason = 'raised'")
    assert run.is_complete and row["n"] > 0


def test_options_are_checked(folder):
    for options, text in (
        ({"width": "wide"}, "torch_task: width: Input should be a valid integer, got 'wide'"),
        ({"widht": 3}, "torch_task: widht: unknown key; did you mean 'width'?"),
        ({"target_loss": 0.5}, "torch_task: target_loss: a task in PyTorch has no such option"),
    ):
        with pytest.raises(ConfigError) as caught:
            lionhunt.torch_task("./train.py:evaluate", **options)
        assert text in str(caught.value)


def test_a_function_of_python_is_a_task(folder):
    def evaluate(make_optimizer, power=2):
        import torch

        weight = torch.nn.Parameter(torch.ones(2))
        optimizer = make_optimizer([weight])
        losses = []
        for _ in range(5):
            optimizer.zero_grad()
            losses.append((weight.abs() ** power).sum())
            losses[-1].backward()
            optimizer.step()
        return losses

    config = {
        "num_programs": 20,
        "evolution": {"population_size": 8, "tournament_size": 2, "lag": 2},
    }
    one, other = (
        lionhunt.run(config, out=f"run{power}", workers=0, tasks=[task])
        for power in (2, 3)
        for task in [lionhunt.torch_task(evaluate, power=power)]
    )
    assert one.is_complete and other.is_complete
    digests = set()
    for path in (one.folder, other.folder):
        with RunStore.open_to_read(path) as records:
            digests.add(records.info()["tasks"][0]["digest"])
    assert len(digests) == 2


def test_it_is_checked(folder, invoke_cli):
    status, out, err = invoke_cli("check", "train.py:evaluate", "--seconds", "2", "--json")
    checked = json.loads(out)
    assert checked["parameters"] == 5 and len(checked["findings"]) == 6, err
    assert (status == 0) == checked["is_sound"]
    optimizers = {each["name"]: each for each in checked["optimizers"]}
    assert all(each["last_loss"] < each["first_loss"] for each in optimizers.values())
    assert {each["about"]: each["is_sound"] for each in checked["findings"]}["repeats"]


def test_what_trains_in_jax_says_so(folder, invoke_cli):
    (folder / "compare.toml").write_text(
        """
[[tasks]]
kind = "./train.py:evaluate"

[[optimizers]]
program = "lion"
learning_rate = 1e-3
weight_decay = 0
"""
    )
    status, _, err = invoke_cli("compare", "compare.toml", "--out", "compared")
    assert status == 2 and "trains in PyTorch, and a comparison trains in JAX" in err, err


TASK = """
[[{}tasks]]
kind = "./train.py:evaluate"
num_steps = 10
"""


def test_it_is_selected_and_simplified_on(folder, invoke_cli):
    stopped("torch.toml", "run")
    stage = "[[stages]]\nnum_candidates = 1\nnum_tuning_seeds = 2\nnum_final_seeds = 2\n"
    tuning = "[stages.tuning]\nlearning_rates = [1.0]\nnum_extensions = 0\nnum_variations = 0\n"
    (folder / "select.toml").write_text(f"seed = 1000\n{stage}{tuning}{TASK.format('stages.')}")
    (folder / "simplify.toml").write_text(f"num_seeds = [2, 3]\n{TASK.format('')}")
    for words in (
        ["select", "run", "--config", "select.toml", "--out", "selected", "--workers", "0"],
        ["simplify", "run:0", "--config", "simplify.toml", "--workers", "0"],
    ):
        status, out, err = invoke_cli(*words)
        assert status == 0 and "evaluate" in out, (words, err)
    assert "evaluate" in (folder / "selected" / "report.md").read_text("utf-8")
