"""Training at several multiples of the update, against training with each alone."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from lionhunt import dsl
from lionhunt.dsl.execution.bytecode import Bytecode, assemble
from lionhunt.proxy_tasks import NUM_CHUNKS, DigitsMLP
from lionhunt.search.evaluation.evaluator import NO_HURDLE, Evaluator, task_key
from lionhunt.search.evaluation.halving import Trained
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.evaluation.trainer import TaskTrainer
from lionhunt.search.evolution.step import multiply_step

SIZES = (2.0**-9, 2.0**-4, 0.5, 1.0, 2.0, 2.0**4, 2.0**9)
LION, ADAMW = (dsl.library.load(name) for name in ("lion", "adamw_initial"))
FUNCTIONS = assemble(LION).functions | assemble(ADAMW).functions
OPTIONS = DigitsMLP(num_steps=40, batch_size=8, width=8)
LIMITS = np.array(NO_HURDLE, np.float32)


@pytest.fixture(scope="module")
def trainer():
    return TaskTrainer(OPTIONS.build(), FUNCTIONS)


def train(trainer: TaskTrainer, code: Bytecode, *sizes: float, hurdles=LIMITS, seed=3) -> Trained:
    (trained,) = trainer.train(code, task_key(seed, 0), hurdles, np.array(sizes))
    return trained


@pytest.mark.parametrize("program", [LION, ADAMW], ids=["lion", "adamw"])
def test_the_best_multiple_trains_as_it_does_alone(trainer, program):
    code = assemble(program)
    raced = train(trainer, code, *SIZES)
    alone = train(trainer, code, raced.multiple)
    for race, single in zip(raced.training, alone.training, strict=True):
        np.testing.assert_array_equal(race, single)
    assert alone.num_chunks == NUM_CHUNKS
    # All run one chunk, two run three more, and one runs the rest.
    assert raced.num_chunks == len(SIZES) + 2 * 3 + 6


def test_a_multiple_in_the_program_changes_no_bit(trainer):
    for size in (2.0**-7, 8.0):
        outside = train(trainer, assemble(ADAMW), size).training
        inside = train(trainer, assemble(multiply_step(ADAMW, size)), 1.0).training
        np.testing.assert_array_equal(outside.curve, inside.curve)


def test_the_lowest_losses_go_on_and_the_last_one_scores(trainer):
    code = assemble(LION)
    alone = {size: train(trainer, code, size).training for size in SIZES}
    two = sorted(SIZES, key=lambda size: alone[size].curve[0])[:2]
    one = min(two, key=lambda size: alone[size].curve[3])
    raced = train(trainer, code, *SIZES)
    assert raced.multiple == one
    assert raced.training.score == alone[one].score


def test_multiples_that_stop_early_are_dropped_first(trainer):
    code = assemble(LION)
    best = train(trainer, code, *SIZES).multiple
    curve = train(trainer, code, best).training.curve
    hurdles = LIMITS.copy()
    hurdles[:-1] = curve[:-1]
    raced = train(trainer, code, *SIZES, hurdles=hurdles)
    assert raced.multiple == best
    assert raced.num_chunks < len(SIZES) + 2 * 3 + 6


def test_a_candidate_fails_when_all_multiples_do(trainer):
    hurdles = np.zeros(NUM_CHUNKS, np.float32)
    raced = train(trainer, assemble(LION), 0.5, 1.0, 2.0, hurdles=hurdles)
    assert np.isnan(raced.training.score) and raced.num_chunks == 3


def test_one_trainer_trains_all_lengths_as_tasks_of_these_lengths():
    code, step_sizes = assemble(LION), (0.25, 1.0)
    task = dataclasses.replace(OPTIONS, horizons=(11, 40)).build()
    stretched = TaskTrainer(task, FUNCTIONS)
    trained = [train(stretched, code, *step_sizes, seed=seed) for seed in range(6)]
    lengths = [int(task.at(task_key(seed, 0)).num_steps) for seed in range(6)]
    plain = TaskTrainer(dataclasses.replace(task, horizons=None, num_steps=lengths[5]), FUNCTIONS)
    expected = train(plain, code, *step_sizes, seed=5)
    np.testing.assert_allclose(trained[5].training.curve, expected.training.curve, rtol=1e-4)
    assert trained[5].multiple == expected.multiple
    cache_size: Any = getattr(stretched._advance, "_cache_size")  # noqa: B009
    assert len(set(lengths)) > 3 and cache_size() == 1


@pytest.mark.slow
def test_candidates_of_a_batch_choose_for_themselves():
    # Each candidate has its own seed, and so its own scales. Fewer functions compile faster.
    task = dataclasses.replace(OPTIONS, reparametrization=4.0).build()
    functions = assemble(LION).functions
    single, batch = (Evaluator([task], 0, functions, size) for size in (1, 3))
    step_sizes = (2.0**-4, 1.0, 2.0**4)
    jobs = [
        Job(str(number), assemble(multiply_step(LION, size)), number, multiples=(step_sizes,))
        for number, size in enumerate((1.0, 2.0**-4, 2.0**4))
    ]
    together = batch.evaluate(jobs)
    chosen = [measurement.multiples for measurement in together]
    assert len(set(chosen)) > 1
    for job, measurement in zip(jobs, together, strict=True):
        (alone,) = single.evaluate([job])
        assert alone.multiples == measurement.multiples
        assert alone.num_chunks == measurement.num_chunks
        np.testing.assert_allclose(alone.curves, measurement.curves, rtol=1e-4)


def test_a_measurement_tells_multiples_only_where_the_job_has_them():
    evaluator = Evaluator([OPTIONS.build()] * 2, 0, FUNCTIONS)
    plain, raced = (
        evaluator.evaluate([Job("", assemble(LION), multiples=multiples)])[0]
        for multiples in ((), ((1.0,), (0.5, 1.0, 2.0)))
    )
    assert plain.status is raced.status is Status.OK
    assert plain.multiples == () and plain.num_chunks == 2 * NUM_CHUNKS
    assert raced.multiples[0] == 1.0 and raced.scores[0] == plain.scores[0]
    assert raced.num_chunks == NUM_CHUNKS + 3 + 2 * 3 + 6
