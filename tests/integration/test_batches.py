"""Training side by side against training one by one, and the independence of candidates."""

import random
from contextlib import closing
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lionhunt import dsl
from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.dsl.analysis.identities import reachable
from lionhunt.dsl.execution.bytecode import SMALL, assemble
from lionhunt.proxy_tasks import NUM_CHUNKS, DigitsMLP, Training
from lionhunt.search.driver.scoring import start_pool
from lionhunt.search.driver.search_loop import Search
from lionhunt.search.driver.setup import load_run, summarize_setup
from lionhunt.search.evaluation.evaluator import NO_HURDLE, Evaluator, _task_keys, task_key
from lionhunt.search.evaluation.halving import Trained
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.evaluation.trainer import TaskTrainer
from lionhunt.search.evolution.mutation import mutate
from lionhunt.search.evolution.mutation_space import MutationSpace
from lionhunt.search.storage.run_store import RunStore
from tests.support.search.runs import config

TASKS = (
    DigitsMLP(num_steps=20, batch_size=4, width=5, depth=1),
    DigitsMLP(num_steps=10, batch_size=2, width=3, depth=2),
)
DRAWN = ("add", "multiply", "divide", "sign", "sqrt", "exp", "norm", "dot", "clip", "interp")
INITIAL = dsl.library.load("adamw_initial")
FUNCTIONS = reachable({*DRAWN, *(statement.op for statement in INITIAL.statements)})
MANY_STATES = dsl.parse(
    """def train(w, g, a, b, c, lr):
      a = interp(g, a, 0.9)
      b = interp(a, b, 0.8)
      c = interp(b, c, 0.7)
      u = c * lr
      u = u * 0.01
      return u, a, b, c"""
)


def draw_jobs(count: int) -> list[Job]:
    """Draw different children of AdamW; one in three has its own seed, one in four hurdles."""
    rng = random.Random(5)
    jobs = {}
    while len(jobs) < count:
        program = INITIAL
        for _ in range(rng.randint(0, 8)):
            program = mutate(program, rng, MutationSpace(DRAWN)).program
        code, name = assemble(program), fingerprint(program)
        if code.shape == SMALL and name not in jobs:
            seed = len(jobs) if len(jobs) % 3 == 0 else None
            hurdles = ((3.0,) * NUM_CHUNKS, NO_HURDLE) if len(jobs) % 4 == 0 else None
            jobs[name] = Job(str(len(jobs)), code, seed, None, hurdles)
    return list(jobs.values())


@pytest.fixture(scope="module")
def evaluators():
    """Return an evaluator that trains one by one, and one with batches of four."""
    tasks = [options.build() for options in TASKS]
    return [Evaluator(tasks, 0, FUNCTIONS, batch_size) for batch_size in (1, 4)]


@pytest.fixture(scope="module")
def jobs():
    return draw_jobs(30)


@pytest.fixture(scope="module")
def alone(evaluators, jobs):
    return evaluators[0].evaluate(jobs)


@pytest.fixture(scope="module")
def together(evaluators, jobs):
    return evaluators[1].evaluate(jobs)


@pytest.mark.slow
def test_batch_is_one_by_one_to_rounding(alone, together):
    """Compare stable trainings: above the loss of a guess, a difference may double every step."""
    statuses = {measurement.status for measurement in alone}
    assert statuses == {Status.OK, Status.NOT_FINITE, Status.HURDLE}
    num_stable = 0
    for one, other in zip(alone, together, strict=True):
        if any(not loss < 5 for curve in one.curves for loss in curve):
            continue
        num_stable += 1
        assert one.status is other.status
        for curve, again in zip(one.curves, other.curves, strict=True):
            np.testing.assert_allclose(again, curve, rtol=1e-4)
        np.testing.assert_allclose(other.scores, one.scores, rtol=1e-3, atol=2 / 600)
    assert num_stable > 15
    failed = [one.status is not Status.OK for one in alone]
    assert failed == [other.status is not Status.OK for other in together]


def exact_text(measurement) -> str:
    """Return all but the seconds, to the last bit."""
    return repr((measurement.status, measurement.scores, measurement.curves))


@pytest.mark.slow
@pytest.mark.parametrize("order_seed", range(3))
def test_candidate_owes_nothing_to_its_companions_and_its_place(
    order_seed, evaluators, jobs, together
):
    """Compare to the bit: in another order, in batches of other sizes, some of them not full."""
    expected = {job.name: exact_text(one) for job, one in zip(jobs, together, strict=True)}
    rng = random.Random(order_seed)
    remaining = rng.sample(jobs, len(jobs))
    while remaining:
        size = rng.choice([1, 2, 3, 4, 5])
        batch, remaining = remaining[:size], remaining[size:]
        for job, measurement in zip(batch, evaluators[1].evaluate(batch), strict=True):
            assert exact_text(measurement) == expected[job.name]


@pytest.mark.slow
def test_sizes_of_bytecode_and_tasks_may_be_mixed(evaluators, jobs, alone, together):
    large = Job("large", assemble(MANY_STATES), task=0)
    assert large.bytecode.shape != SMALL
    one_task = jobs[1]._replace(task=1)
    mixed = evaluators[1].evaluate([jobs[0], large, one_task, jobs[2]])
    assert list(map(exact_text, mixed[::3])) == list(map(exact_text, together[:3:2]))
    (expected,) = evaluators[0].evaluate([large])
    np.testing.assert_allclose(mixed[1].curves, expected.curves, rtol=1e-4)
    assert (mixed[2].scores, mixed[2].curves) == (together[1].scores[1:], together[1].curves[1:])
    assert all(measurement.seconds > 0 for measurement in mixed)


def test_keys_of_a_batch_are_those_of_its_candidates():
    seeds = [0, 7, 2**31, 2**32 - 1]
    expected = [jax.random.key_data(task_key(seed, 2)) for seed in seeds]
    keys = _task_keys(np.array(seeds, np.uint32), 2)
    np.testing.assert_array_equal(jax.random.key_data(keys), np.stack(expected))


@pytest.mark.parametrize("most", [4, 2, 1, 0])
def test_batch_without_memory_is_halved(most, jobs, monkeypatch):
    """Check that only a candidate without memory for itself is out of memory."""
    evaluator = Evaluator([TASKS[0].build()], 0, FUNCTIONS, 4)
    widths = []

    def train(_, bytecode, key, hurdles, multiples):
        widths.append(key.size)
        if key.size > most:
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: out of memory")
        training = Training(jnp.array(0.5), jnp.ones(NUM_CHUNKS), jnp.array(NUM_CHUNKS))
        return [Trained(training, 1.0, NUM_CHUNKS)] * key.size

    monkeypatch.setattr(TaskTrainer, "train", train)
    measurements = evaluator.evaluate(jobs[1:4])
    status = Status.OK if most else Status.OUT_OF_MEMORY
    assert [measurement.status for measurement in measurements] == [status] * 3
    assert widths == {4: [4], 2: [4, 2, 2], 1: [4, 2, 1, 1, 1], 0: [4, 2, 1, 1, 1]}[most]


RUN: dict[str, Any] = {
    "num_programs": 60,
    "mutation": {"functions": DRAWN[:5]},
    "evaluation": {"batch_size": 4},
}


def advance(folder, num_workers, num_programs=None) -> str:
    """Run to the end, or until there are `num_programs`; return the digest of the history."""
    with RunStore.open_to_write(folder) as records:
        run_config, initial = load_run(records)
        with start_pool(run_config, initial, num_workers) as (pool, reference):
            search = Search(run_config, initial, records, pool, reference)
            with closing(search.run()) as events:
                for progress in events:
                    if num_programs is not None and progress.num_programs >= num_programs:
                        break
        return records.history_digest()


@pytest.mark.slow
def test_run_in_batches_is_one_run_on_any_workers_and_after_a_stop(tmp_path):
    run_config = config(**RUN)
    for name in "ab":
        with RunStore.create(tmp_path / name, summarize_setup(run_config, INITIAL)):
            pass
    advance(tmp_path / "a", 0, num_programs=31)
    assert advance(tmp_path / "a", 0) == advance(tmp_path / "b", 2)


@pytest.mark.gpu
@pytest.mark.skipif(jax.default_backend() == "cpu", reason="no accelerator")
def test_batch_on_an_accelerator_is_one_by_one_on_the_cpu_to_rounding(jobs):
    tasks = [options.build() for options in TASKS]
    accelerated = Evaluator(tasks, 0, FUNCTIONS, 16).evaluate(jobs)
    reversed_order = Evaluator(tasks, 0, FUNCTIONS, 16).evaluate(jobs[::-1])
    assert list(map(exact_text, reversed_order[::-1])) == list(map(exact_text, accelerated))
    with jax.default_device(jax.devices("cpu")[0]):
        expected = Evaluator([options.build() for options in TASKS], 0, FUNCTIONS).evaluate(jobs)
    for one, other in zip(expected, accelerated, strict=True):
        if all(loss < 5 for curve in one.curves for loss in curve):
            assert one.status is other.status
            np.testing.assert_allclose(
                np.concatenate(other.curves), np.concatenate(one.curves), rtol=1e-2
            )
