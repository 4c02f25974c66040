"""Findings about a task: each fault is found, and a sound task has none."""

import dataclasses
import math
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from lionhunt.proxy_tasks import Task
from lionhunt.proxy_tasks.pytorch.task import torch_task_class
from lionhunt.search.task_check import findings
from lionhunt.search.task_check.findings import find_all, seeds_needed
from lionhunt.search.task_check.measure import TaskTrainings, TunedOptimizer, measure_task
from lionhunt.search.task_check.report import summarize_check
from lionhunt.search.task_check.trainings import CheckedTraining, Gradient


def task(**changes) -> Task:
    parts = {
        "init": lambda key: {"w": jax.random.normal(key, (3,))},
        "batch": lambda key: 0.1 * jax.random.normal(key, (8, 3)),
        "loss": lambda params, x: jnp.mean((params["w"][None] - x) ** 2),
        "score": lambda params: jnp.sum(params["w"] ** 2),
        "num_steps": 30,
    }
    return Task.from_functions(**parts | changes)


def tuned(name: str, scores: list[float], curve=(1.0, 0.5)) -> TunedOptimizer:
    return TunedOptimizer(
        name, 0.1, False, tuple(CheckedTraining(score, curve, 0.1) for score in scores)
    )


NOISE = np.array([0.01, -0.02, 0.015, 0.0, -0.01, 0.02, -0.015, 0.0])
SOUND = TaskTrainings(
    task(),
    num_parameters=3,
    num_steps=30,
    has_same_data=True,
    repeats=True,
    gradients=(Gradient(True, ()),) * 8,
    before=(1.0,) * 8,
    tuned=(
        tuned("AdamW", list(0.1 + NOISE)),
        tuned("Lion", list(0.2 - NOISE)),
        tuned("SGD", list(0.3 + NOISE[::-1])),
    ),
    compile_seconds=1.0,
    evaluation_seconds=0.1,
)


def torch_valley(make_optimizer, num_steps: int = 30):
    weight = torch.nn.Parameter(torch.randn(3))
    optimizer = make_optimizer([weight])
    for _ in range(num_steps):
        optimizer.zero_grad()
        loss = (weight**2).sum()
        loss.backward()
        optimizer.step()
        yield loss
    return (weight**2).sum()


def without_losses(make_optimizer):
    (*_, last) = torch_valley(make_optimizer)
    return last


@pytest.mark.parametrize("function", [torch_valley, without_losses], ids=["yields", "returns"])
def test_tasks_in_pytorch_are_measured(function):
    measured = measure_task(torch_task_class(function)().build, seconds=1.0)
    found = {each.about for each in find_all(measured) if not each.is_sound} - {"distinction"}
    assert not found and measured.num_parameters == 3
    assert measured.has_losses == (function is torch_valley)
    assert all(score > 0 for score in measured.before)


def test_a_task_in_pytorch_with_random_numbers_of_its_own_is_found():
    def unseeded(make_optimizer):
        return without_losses(make_optimizer) * (1 + time.perf_counter() % 1)

    measured = measure_task(torch_task_class(unseeded)().build, seconds=1.0)
    (found,) = [each for each in find_all(measured) if each.about == "repeats"]
    assert not found.is_sound and "torch, NumPy and Python" in found.advice


def test_a_sound_task_has_no_fault():
    assert all(finding.is_sound and not finding.advice for finding in find_all(SOUND))
    assert SOUND.best.name == "AdamW"


ALIKE = tuned("Lion", list(0.1 + NOISE[::-1]))


@pytest.mark.parametrize(
    "changes, about, said",
    [
        ({"has_same_data": False}, "repeats", "two builds of the task have different data"),
        ({"repeats": False}, "repeats", "two trainings with one key differ"),
        ({"gradients": (Gradient(False, ()),)}, "gradients", "not finite"),
        ({"gradients": (Gradient(True, ("['b']",)),)}, "gradients", r"of params\['b'\] is zero"),
        ({"before": (0.01,) * 8}, "learning", "the score from 0.01 to 0.1"),
        (
            {"tuned": (tuned("AdamW", list(NOISE), (0.5, 1.0)), *SOUND.tuned[1:])},
            "learning",
            "the loss from 0.5 to 1",
        ),
        ({"tuned": (tuned("AdamW", [math.nan] * 8),) * 2}, "learning", "every optimizer fails"),
        ({"tuned": (tuned("A", [0.1] * 8), tuned("B", [0.2] * 8))}, "seeds", "all seeds give one"),
        ({"tuned": (SOUND.tuned[0], ALIKE)}, "distinction", "AdamW and Lion: "),
        ({"tuned": (tuned("A", [0.1, 0.2] * 4), tuned("B", [0.2] * 8))}, "distinction", "only 2"),
        ({"evaluation_seconds": 60.0}, "cost", "an evaluation takes 60 s"),
    ],
)
def test_each_fault_is_found_and_has_advice(changes, about, said):
    import re

    found = {finding.about: finding for finding in find_all(dataclasses.replace(SOUND, **changes))}
    assert not found[about].is_sound and found[about].advice
    assert re.search(said, found[about].text)


def test_seeds_that_tell_optimizers_apart_have_the_asked_power():
    """Compare the formula with paired comparisons of drawn scores."""
    rng = np.random.default_rng(0)
    shift, deviation = 0.5, 1.0
    many = rng.normal(shift, deviation, 4000)
    needed = int(seeds_needed(tuned("A", list(many)), tuned("B", [0.0] * 4000)))
    draws = rng.normal(shift, deviation, (2000, needed))
    z = draws.mean(1) / (deviation / math.sqrt(needed))
    assert 0.75 < (abs(z) > 1.96).mean() < 0.86
    same = tuned("A", [0.1] * 8)
    assert seeds_needed(same, same) == math.inf
    assert seeds_needed(same, tuned("B", [math.nan] * 8)) == 2
    assert seeds_needed(same, tuned("B", [0.2] * 8)) == 2


def test_short_trainings_measure_a_task(monkeypatch):
    """Let the loss draw from NumPy, which each compilation does anew."""
    rng = np.random.default_rng()

    def loss(params, x):
        return jnp.mean((params["w"][None] - x) ** 2) + 0.1 * jnp.sum(params["w"]) * rng.normal()

    texts = []
    measured = measure_task(lambda: task(loss=loss), 1.0, lambda a: texts.append(str(a)))
    assert not measured.repeats and measured.num_steps == 30
    summary = summarize_check(measured)
    assert not summary["is_sound"] and summary["optimizers"][0]["scores"]
    assert {f["about"] for f in summary["findings"] if not f["is_sound"]} >= {"repeats"}
    assert texts[0] == "building the task" and len(measured.before) == 8
    assert findings.ERROR_QUANTILES == pytest.approx(2.8)


def test_sound_tasks_repeat():
    measured = measure_task(task, 1.0)
    assert measured.repeats and measured.has_same_data
    assert all(gradient == Gradient(True, ()) for gradient in measured.gradients)
    assert measured.best.scores[0] < measured.before[0]
