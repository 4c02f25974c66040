"""What is timed is what it says: steps in place, none left out, whatever the size."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lionhunt.dsl import library
from lionhunt.proxy_tasks import Task
from lionhunt.search.bench.timing import in_turn
from lionhunt.search.paper.claims import speed
from lionhunt.search.paper.claims import timed_runs as runners
from lionhunt.search.paper.claims.speed import measure_steps, measure_training
from lionhunt.search.paper.claims.timed_runs import (
    PAIRS,
    TimedPair,
    available_bytes,
    draw_model,
    run_steps,
    run_training,
)
from lionhunt.search.paper.toy_problems.replay import Replay

SHAPE = (4, 3)


@pytest.fixture(scope="module")
def at_work():
    """Runners with a learning rate that shows, their parameters and their gradient."""
    rng = np.random.default_rng(0)
    params, gradient = ({"a": jnp.float32(rng.standard_normal(SHAPE))} for _ in range(2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runners, "LEARNING_RATE", 0.1)
        pairs = {name: PAIRS[name] for name in ("optax", "rearranged")}
        made = {name: run_steps(pair.lion(), params, gradient) for name, pair in pairs.items()}
        made["adamw"] = run_steps(PAIRS["optax"].adamw(), params, gradient)
    return made, np.array(params["a"]), np.array(gradient["a"])


def test_no_step_is_left_out_and_all_are_in_place(at_work):
    made, params, gradient = at_work
    expected = {"optax": params, "rearranged": params, "adamw": params}
    for _ in range(4):  # with one gradient all signs are its own
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
    one, other = (Replay(program, (50,)) for program in (runners.LION, library.load("lion")))
    for _ in range(20):
        weights, gradient = rng.standard_normal((2, 50))
        update = one.step(weights, gradient, 0.1)
        np.testing.assert_allclose(update, other.step(weights, gradient, 0.1), rtol=1e-12)


def test_model_has_about_so_many_parameters():
    leaves = draw_model(10_000, 0).values()
    assert sum(leaf.size for leaf in leaves) == pytest.approx(10_000, rel=0.05)
    assert {leaf.ndim for leaf in leaves} == {1, 2}


def addresses(tree):
    """Of arrays with more than one number."""
    return {leaf.unsafe_buffer_pointer() for leaf in jax.tree.leaves(tree) if leaf.ndim}


def line_task():
    """Compiles in no time."""

    def loss(params, batch):
        return jnp.mean((params["a"] * batch - 2 * batch) ** 2)

    return Task(
        "line",
        10,
        jnp.linspace(-1, 1, 8)[None],
        init=lambda data, key: {"a": jax.random.normal(key, (3, 1))},
        batch=lambda data, key: data + 0.01 * jax.random.normal(key, (1, 8)),
        loss=loss,
        score=loss,
        metric="loss",
        higher_is_better=False,
        digest="",
    )


def test_training_goes_on_where_it_stopped():
    task = line_task()
    params = task.init(task.data, jax.random.key(1))
    runner = run_training(task, optax.sgd(0.5), params)
    runner.run(2)
    found, _ = runner.run(3)
    expected = np.array(params["a"])
    for step in range(5):
        batch = np.array(task.batch(task.data, jax.random.fold_in(jax.random.key(0), step)))
        expected = expected - 0.5 * 2 / 3 * (expected - 2) * np.mean(batch**2)
    np.testing.assert_allclose(found["a"], expected, rtol=1e-5)


def test_measurements_have_all_pairs(monkeypatch):
    pairs = {name: TimedPair(lambda: optax.sgd(0.1), lambda: optax.sgd(0.1)) for name in "ab"}
    monkeypatch.setattr(speed, "PAIRS", pairs)
    quick = {"num_rounds": 2, "turn_seconds": 1e-4}
    said = []
    steps, left_out = measure_steps([60], **quick, say=said.append)
    training = measure_training([line_task()], **quick)
    assert left_out == [] and len(said) == 2
    for found, name in ((steps, "optimizer step"), (training, "line")):
        assert [(s.name, s.written_as) for s in found] == [(name, "a"), (name, "b")]
        for measured in found:
            assert measured.ratio.low <= measured.ratio.mean <= measured.ratio.high
            assert measured.lion_steps > 0 < measured.adamw_steps
            assert (measured.num_rounds, measured.clock) == (2, "processor time")
    assert {s.num_parameters for s in training} == {3}


def test_ratio_is_above_1_where_lion_is_faster():
    timing = speed._Timing([1.0, 2.0], [2.0, 4.0], "a clock")
    found = speed._speed("", "", 1, [runners.Runner(lambda n: (n, n), 7)] * 2, timing)
    assert found.ratio == pytest.approx((2, 2, 2))
    assert (found.lion_steps, found.adamw_steps) == (1 / 1.5, 1 / 3)
    assert (found.lion_scratch, found.adamw_scratch) == (7, 7)


def test_size_that_memory_does_not_hold_is_left_out_with_a_reason(monkeypatch):
    monkeypatch.setattr(speed, "available_bytes", lambda: 2**30)
    speeds, (left_out,) = measure_steps([10**9])
    assert speeds == []
    assert left_out.num_parameters == 10**9
    assert left_out.reason == "it takes about 51.2 GiB of memory, and 1.0 GiB are free"


def test_available_memory_is_the_least_that_is_told(monkeypatch, tmp_path):
    meminfo, limit, used = (tmp_path / name for name in ("meminfo", "limit", "used"))
    for name, path in (("MEMINFO", meminfo), ("LIMIT", limit), ("USED", used)):
        monkeypatch.setattr(runners, name, path)
    assert available_bytes() is None
    meminfo.write_text("MemTotal:   24 kB\nMemAvailable:      10 kB\n")
    assert available_bytes() == 10240
    limit.write_text("max\n")
    assert available_bytes() == 10240
    limit.write_text("9000\n")
    used.write_text("1000\n")
    assert available_bytes() == 8000


def test_who_begins_moves_on_from_round_to_round():
    order = []
    runs = {name: lambda name=name: order.append(name) for name in "ab"}
    ticks = iter(range(100))
    seconds = in_turn(runs, num_rounds=3, clock=lambda: next(ticks))
    assert "".join(order) == "abbaab"
    assert seconds == {"a": [1, 1, 1], "b": [1, 1, 1]}
    assert len(in_turn(runs, num_rounds=1, total_seconds=5, clock=lambda: next(ticks))["a"]) == 3
