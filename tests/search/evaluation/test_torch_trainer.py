"""Candidates on a task in PyTorch, against the machine on the same problem in JAX."""

import jax.numpy as jnp
import numpy as np
import pytest
import torch
from hypothesis import given, settings

import lionhunt
from lionhunt import dsl
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.dsl.op import FunctionError
from lionhunt.dsl.op_table import OPS, OpTable
from lionhunt.proxy_tasks import Task
from lionhunt.proxy_tasks.pytorch.task import torch_task_class
from lionhunt.search.evaluation.evaluator import Evaluator
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.evaluation.torch_trainer import optimizer_class
from tests.support.dsl.programs import programs

START = np.array([[1.0, -2.0, 0.5], [0.3, 2.0, -1.0]], np.float32)
CURVATURES = np.array([[3.0, 1.0, 0.2], [1.5, 0.7, 2.5]], np.float32)
NUM_STEPS = 12


def valley(make_optimizer, num_steps: int = NUM_STEPS):
    """Descend a valley, with the schedule of the tasks in JAX."""
    point = torch.nn.Parameter(torch.tensor(START))
    optimizer = make_optimizer([point])
    schedule = jax_valley().schedule
    for rate in np.asarray(jnp.array([schedule(step) for step in range(num_steps)])).tolist():
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        loss = (torch.tensor(CURVATURES) * point**2).sum()
        loss.backward()
        optimizer.step()
        yield loss
    return (point**2).sum()


def jax_valley() -> Task:
    return Task.from_functions(
        init=lambda key: jnp.array(START),
        batch=lambda key: (),
        loss=lambda params, batch: (CURVATURES * params**2).sum(),
        score=lambda params: (params**2).sum(),
        num_steps=NUM_STEPS,
    )


NAMES = ("adamw_initial", "lion", "muon_cubic", "momentum")
PROGRAMS = {name: dsl.library.load(name) for name in NAMES}
TORCH = Evaluator([torch_task_class(valley)().build()], 0)


@pytest.fixture(scope="module")
def in_jax():
    # Fewer functions compile faster.
    functions = frozenset().union(*(assemble(each).functions for each in PROGRAMS.values()))
    return Evaluator([jax_valley()], 0, functions)


@pytest.mark.parametrize("name", NAMES)
def test_library_program_scores_as_in_jax(in_jax, name):
    job = Job("", assemble(PROGRAMS[name]))
    (ours,), (theirs,) = TORCH.evaluate([job]), in_jax.evaluate([job])
    assert ours.status is theirs.status
    np.testing.assert_allclose(ours.curves, theirs.curves, rtol=1e-3)
    np.testing.assert_allclose(ours.scores, theirs.scores, rtol=1e-3)


@given(programs())
@settings(max_examples=30)
def test_any_program_has_an_outcome(program):
    job = Job("", assemble(program))
    (one,), (again,) = TORCH.evaluate([job]), TORCH.evaluate([job])
    assert one.status in (Status.OK, Status.NOT_FINITE)
    assert (repr(one.scores), repr(one.curves)) == (repr(again.scores), repr(again.curves))


def test_the_best_multiple_counts_and_others_are_dropped():
    code, sizes = assemble(dsl.library.load("sgd")), (0.0009765625, 0.125, 0.03125, 16384.0)
    (raced,) = TORCH.evaluate([Job("", code, multiples=(sizes,))])
    alone = {size: TORCH.evaluate([Job("", code, multiples=((size,),))])[0] for size in sizes}
    best = min(sizes, key=lambda size: alone[size].scores or (np.inf,))
    assert raced.multiples == (best,) and raced.scores == alone[best].scores
    assert raced.num_chunks < sum(each.num_chunks for each in alone.values())


def plain(make_optimizer, seed):
    (*_, last) = valley(make_optimizer)
    return last


def test_without_losses_every_multiple_trains_to_its_end():
    evaluator = Evaluator([torch_task_class(plain)().build()], 0)
    code, sizes = assemble(dsl.library.load("sgd")), (0.0009765625, 0.125, 0.03125)
    (raced,) = evaluator.evaluate([Job("", code, multiples=(sizes,))])
    scores = [evaluator.evaluate([Job("", code, multiples=((s,),))])[0].scores for s in sizes]
    assert raced.scores == min(scores) and raced.num_chunks == 30


def test_batches_train_one_by_one():
    jobs = [Job(name, assemble(dsl.library.load(name))) for name in ("sgd", "lion", "adam")]
    batched = Evaluator([torch_task_class(valley)().build()], 0, batch_size=2)
    for one, other in zip(batched.evaluate(jobs), TORCH.evaluate(jobs), strict=True):
        assert one.scores == other.scores


def test_a_class_is_made_once():
    program = dsl.library.load("lion")
    assert optimizer_class(program) is optimizer_class(dsl.parse(str(program)))
    assert issubclass(optimizer_class(program), torch.optim.Optimizer)


def test_a_function_without_expression_is_refused():
    half = lionhunt.function(name="half", arity=1, meaning="x / 2")(lambda np, x: x * 0.5)
    with OpTable((half,)):
        with pytest.raises(FunctionError, match="function 'half' has no torch expression"):
            Evaluator([torch_task_class(valley)().build()], 0, OPS.keys())
