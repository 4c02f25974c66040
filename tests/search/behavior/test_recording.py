"""Gradients of small trainings are recorded, and programs are classified on them."""

import json

import numpy as np
import pytest

import lionhunt
from lionhunt.dsl import library
from lionhunt.dsl.behavior.record import run_on
from lionhunt.search.behavior.recording import LEARNING_RATE, TASKS, record_tasks


@pytest.fixture(scope="module")
def records():
    return record_tasks()


def test_the_weights_are_those_of_a_training_with_the_lead(records):
    assert [len(record.gradients) for record in records] == [each.num_steps for each in TASKS]
    # AdamW's first update is the sign of the gradient, apart from weight decay.
    for record in records:
        step = (record.weights[0] - record.weights[1]) / LEARNING_RATE - 0.01 * record.weights[0]
        sizes = np.abs(record.gradients[0])
        clear = sizes > 1e-4
        np.testing.assert_allclose(step[clear], np.sign(record.gradients[0])[clear], atol=1e-2)
        assert 0.3 < clear.mean() <= 1


def test_gradients_of_rare_characters_are_zero(records):
    assert 0.01 < np.mean(records[1].gradients == 0) < 0.5


def test_the_library_runs_on_the_records(records):
    for name in ("adamw", "muon"):
        assert all(np.isfinite(each).all() for each in run_on(library.load(name), records))


@pytest.mark.slow
def test_classify_prints_a_second_opinion(invoke_cli, tmp_path):
    file = tmp_path / "smooth.txt"
    file.write_text("def train(w, g, lr): return g / sqrt(0.001 * g * g + 0.00001) * lr")
    status, output, _ = invoke_cli("classify", str(file), "--json")
    assert status == 0
    (found,) = json.loads(output)
    behavior = found["behavior"]
    assert behavior["nearest"].startswith("behaves like sgd")
    assert behavior["optimizers"][0]["fitted_cosine"] > 0.9
    assert behavior["at_factors"] == [
        {"factor": 100.0, "name": "signsgd", "cosine": pytest.approx(0.95, abs=0.03)}
    ]
    status, output, _ = invoke_cli("classify", "lion", "--no-behavior", "--json")
    assert "behavior" not in json.loads(output)[0]


def test_a_program_that_overflows_is_told(invoke_cli, tmp_path):
    file = tmp_path / "bad.txt"
    file.write_text("def train(w, g, m, lr):\n  m = exp(m) + 100.0\n  return m * g, m")
    status, output, _ = invoke_cli("classify", str(file))
    assert status == 0
    assert "has no behavior to compare: its update is not finite at step" in output


def test_python_has_the_same_opinion(records):
    behavior = lionhunt.program("signum").behavior()
    assert behavior.nearest[0].optimizers[0] == "signum"
    assert behavior.nearest[0].cosine == pytest.approx(1)
