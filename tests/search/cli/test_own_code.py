"""The commands on tasks of the user: a template that is sound, the list of kinds, the check."""

import json

import pytest

from lionhunt.proxy_tasks import FAMILIES
from lionhunt.search.user_code import kinds
from lionhunt.search.user_code.kinds import Offer
from tests.support.search.own_tasks import FAULTY, write_task


def test_a_new_task_is_sound_and_its_config_is_checked(tmp_path, invoke_cli, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, _ = invoke_cli("new", "task", "my_first_task.py")
    assert status == 0 and "lionhunt check my_first_task.py:MyFirstTask" in out
    status, out, _ = invoke_cli(
        "check", "my_first_task.py:MyFirstTask", "--set", "num_steps=60", "--seconds", "1", "--json"
    )
    summary = json.loads(out)
    assert summary["task"] == "MyFirstTask" and summary["steps"] == 60
    # A short check on a busy machine may not tell optimizers apart.
    faults = {each["about"] for each in summary["findings"] if not each["is_sound"]}
    assert faults <= {"distinction"} and status == bool(faults)
    from lionhunt.search.driver.config import load_config

    config = load_config(tmp_path / "my_first_task.toml")
    assert config.tasks[0].name == "MyFirstTask" and config.tasks[0].num_steps == 200
    text = (tmp_path / "my_first_task.toml").read_text()
    assert text.startswith("# Purpose:") and "# Machine:" in text and "# Duration:" in text


def test_no_file_is_replaced(tmp_path, invoke_cli, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a_task.toml", "b_task.py"):
        (tmp_path / name).write_text("mine")
        status, _, err = invoke_cli("new", "task", f"{name.partition('.')[0]}.py")
        assert status == 2 and f"{name} is there already" in err
        assert (tmp_path / name).read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"a_task.toml", "b_task.py"}


@pytest.mark.parametrize("name", ["my-task.py", "task", "class.py", "3d.py", "_1.py"])
def test_names_that_make_no_module_are_refused(name, tmp_path, invoke_cli, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, _, err = invoke_cli("new", "task", name)
    assert status == 2 and len(err.splitlines()) == 1 and not list(tmp_path.iterdir())


def test_the_list_has_every_kind_and_says_what_cannot_be_loaded(tmp_path, invoke_cli, monkeypatch):
    offers = {"mine": Offer(write_task(tmp_path), "my-package"), "broken": Offer("nowhere:A", "b")}
    monkeypatch.setattr(kinds, "offered", lambda: offers)
    monkeypatch.setattr("lionhunt.search.task_check.catalogue.offered", lambda: offers)
    status, out, _ = invoke_cli("tasks", "--json")
    rows = {row["kind"]: row for row in json.loads(out)}
    assert status == 0 and list(rows) == [*FAMILIES, "arrays", "mine", "broken"]
    assert all(row["evaluation_seconds"] for kind, row in rows.items() if kind in FAMILIES)
    assert rows["mine"]["from"] == "my-package" and rows["mine"]["evaluation_seconds"] == 0.5
    assert "cannot import nowhere" in rows["broken"]["problem"]
    status, out, _ = invoke_cli("tasks")
    assert status == 0 and all(kind in out for kind in rows)


def test_one_kind_has_its_options(tmp_path, invoke_cli):
    status, out, _ = invoke_cli("tasks", write_task(tmp_path), "--json")
    summary = json.loads(out)
    assert status == 0 and summary["meaning"] == "A parabola in a few dimensions."
    assert summary["options"] == [
        {"name": "num_steps", "type": "int", "default": "20", "meaning": "Training steps."},
        {"name": "size", "type": "int", "default": "3", "meaning": "Dimensions."},
        {"name": "noise", "type": "float", "default": "0.1", "meaning": ""},
    ]
    status, out, _ = invoke_cli("tasks", "arrays")
    assert status == 0 and "must be given" in out and '"linear" or "mlp"' in out
    status, _, err = invoke_cli("tasks", "digits_mpl")
    assert status == 2 and "did you mean 'digits_mlp'?" in err


@pytest.mark.parametrize(
    "words, said",
    [
        (["nope"], "check: task: unknown task 'nope'"),
        (
            ["{kind}", "--set", "hwo=1"],
            "--set task.hwo=1: task.hwo: unknown key; did you mean 'how'",
        ),
        (["{kind}", "--set", "how=build"], "task Faulty: build raised ValueError: nothing"),
        (["{kind}", "--set", "how=raises later"], "task Faulty: a callback raised RuntimeError"),
    ],
)
def test_a_task_that_cannot_be_checked_is_one_line(tmp_path, invoke_cli, words, said):
    kind = write_task(tmp_path, FAULTY)
    status, _, err = invoke_cli("check", *(word.format(kind=kind) for word in words))
    assert status == 2 and said in err.splitlines()[-1]
