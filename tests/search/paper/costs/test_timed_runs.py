"""Timed loops take every step, in place, for a model of any size."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lionhunt.dsl import library
from lionhunt.search.paper.costs import timed_runs
from lionhunt.search.paper.costs.timed_runs import (
    LION,
    PAIRS,
    available_bytes,
    draw_model,
    run_steps,
    run_training,
)
from lionhunt.search.paper.toy_problems.replay import Replay
from tests.support.search.line_task import make_line_task

SHAPE = (4, 3)


@pytest.fixture(scope="module")
def at_work():
    """Return runners with a large learning rate, their parameters and their gradient."""
    rng = np.random.default_rng(0)
    params, gradient = ({"a": jnp.float32(rng.standard_normal(SHAPE))} for _ in range(2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timed_runs, "LEARNING_RATE", 0.1)
        pairs = {name: PAIRS[name] for name in ("optax", "rearranged")}
        made = {name: run_steps(pair.lion(), params, gradient) for name, pair in pairs.items()}
        made["adamw"] = run_steps(PAIRS["optax"].adamw(), params, gradient)
    return made, np.array(params["a"]), np.array(gradient["a"])


def test_no_step_is_left_out_and_all_are_in_place(at_work):
    made, params, gradient = at_work
    expected = {"optax": params, "rearranged": params, "adamw": params}
    # With one gradient, all signs are its own.
    for _ in range(4):
        for name in ("optax", "rearranged"):
            expected[name] = expected[name] - 0.1 * (np.sign(gradient) + 0.1 * expected[name])
        step = gradient / (np.abs(gradient) + 1e-8) + 0.01 * expected["adamw"]
        expected["adamw"] = expected["adamw"] - 0.1 * step
    for name, runner in made.items():
        before = addresses(runner.run(1))
        assert addresses(runner.run(2)) == before
        after = runner.run(1)
        assert addresses(after) == before
        np.testing.assert_allclose(after[0]["a"], expected[name], rtol=1e-4)


def test_rearranged_lion_is_lion(rng):
    one, other = (Replay(program, (50,)) for program in (LION, library.load("lion")))
    for _ in range(20):
        weights, gradient = rng.standard_normal((2, 50))
        update = one.step(weights, gradient, 0.1)
        np.testing.assert_allclose(update, other.step(weights, gradient, 0.1), rtol=1e-12)


def test_model_has_about_the_given_number_of_parameters():
    leaves = draw_model(10_000, 0).values()
    assert sum(leaf.size for leaf in leaves) == pytest.approx(10_000, rel=0.05)
    assert {leaf.ndim for leaf in leaves} == {1, 2}


def addresses(tree):
    """Return the addresses of arrays with more than one number."""
    return {leaf.unsafe_buffer_pointer() for leaf in jax.tree.leaves(tree) if leaf.ndim}


def test_training_resumes_where_it_stopped():
    task = make_line_task()
    params = task.init(task.data, jax.random.key(1))
    runner = run_training(task, optax.sgd(0.5), params)
    runner.run(2)
    params_after, _ = runner.run(3)
    expected = np.array(params["a"])
    for step in range(5):
        batch = np.array(task.batch(task.data, jax.random.fold_in(jax.random.key(0), step)))
        expected = expected - 0.5 * 2 / 3 * (expected - 2) * np.mean(batch**2)
    np.testing.assert_allclose(params_after["a"], expected, rtol=1e-5)


def test_available_memory_is_the_least_known_limit(monkeypatch, tmp_path):
    meminfo, limit, used = (tmp_path / name for name in ("meminfo", "limit", "used"))
    for name, path in (("MEMINFO", meminfo), ("LIMIT", limit), ("USED", used)):
        monkeypatch.setattr(timed_runs, name, path)
    assert available_bytes() is None
    meminfo.write_text("MemTotal:   24 kB\nMemAvailable:      10 kB\n")
    assert available_bytes() == 10240
    limit.write_text("max\n")
    assert available_bytes() == 10240
    limit.write_text("9000\n")
    used.write_text("1000\n")
    assert available_bytes() == 8000
