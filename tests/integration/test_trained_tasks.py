"""Task kinds in training: they learn, and the machine trains them as optax does."""

import jax
import numpy as np
import optax
import pytest

from lionhunt import dsl
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.proxy_tasks import (
    DigitsCaptions,
    DigitsConv,
    DigitsDiffusion,
    DigitsFinetuning,
    FamilyOptions,
    StdlibMLM,
    train,
)
from lionhunt.search.evaluation.evaluator import Evaluator, task_key
from lionhunt.search.evaluation.job import Job
from tests.support.compiling import compile_quickly

RATE = 0.02
TEXT = str(dsl.library.load("adamw"))
ADAMW = dsl.parse(TEXT.replace("update * lr", f"update * lr\n  update = update * {RATE}"))
TASKS: tuple[FamilyOptions, ...] = (
    DigitsConv(num_steps=40, batch_size=16, width=4, metric="loss"),
    DigitsDiffusion(num_steps=40, batch_size=16, width=32, depth=1),
    DigitsCaptions(num_steps=40, batch_size=10, width=16, metric="loss"),
    DigitsFinetuning(num_steps=40, batch_size=16, width=4, pretraining_steps=20, metric="loss"),
    StdlibMLM(num_steps=40, batch_size=16, width=8, num_layers=1),
)


def quick_of(tasks):
    """Mark all tasks but the first and the last as slow."""
    middle = [pytest.param(options, marks=pytest.mark.slow) for options in tasks[1:-1]]
    return [tasks[0], *middle, tasks[-1]]


def train_adamw(options):
    """Train with optax's AdamW; return the task, its key and the training."""
    task, key = options.build(), task_key(0, 0)
    optimizer = optax.adamw(lambda step: RATE * task.schedule(step), weight_decay=0.01)
    return task, key, compile_quickly(lambda key: train(task, optimizer, key))(key)


@pytest.mark.slow
@pytest.mark.parametrize("options", quick_of(TASKS), ids=lambda options: options.kind)
def test_what_is_trained_has_learned(options):
    task, key, training = train_adamw(options)
    idle = compile_quickly(lambda key: task.score(task.init(task.data, key), task.data))
    init_key, _ = jax.random.split(key)
    assert training.score < 0.93 * idle(init_key)


def test_machine_scores_as_optax_does():
    task, _, training = train_adamw(TASKS[0])
    code = assemble(ADAMW)
    (measurement,) = Evaluator([task], 0, code.functions).evaluate([Job("candidate", code)])
    np.testing.assert_allclose(measurement.curves[0], training.curve, rtol=1e-2)
    assert measurement.scores[0] == pytest.approx(float(training.score), rel=1e-2)
