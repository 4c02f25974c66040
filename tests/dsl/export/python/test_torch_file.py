"""Exported torch files take the same steps as the program and behave as torch optimizers."""

import copy

import hypothesis
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.dsl.export import to_torch
from lionhunt.dsl.op_table import OPS
from tests.support.dsl.exported_files import (
    EVERY_OP,
    NO_NOTES,
    PROGRAMS,
    bred_programs,
    changed_constants,
    check_style,
    execute,
    one_op,
    with_changed_constants,
)
from tests.support.dsl.library_programs import ROUNDING, each_program
from tests.support.dsl.programs import CONSTANTS, MODERATE, programs
from tests.support.dsl.values import draw_tree

torch = pytest.importorskip("torch")


def make(program, params, lr=0.5, name="found", doc=NO_NOTES, **constants):
    """Export a program and make its optimizer of some parameters."""
    classes = execute(to_torch(program, name, doc))
    (optimizer,) = (
        cls
        for cls in classes.values()
        if isinstance(cls, type) and issubclass(cls, torch.optim.Optimizer)
    )
    return optimizer(params, lr, **constants)


def make_lion(params, lr=0.5, **constants):
    return make(library.load("lion"), params, lr, "lion", library.doc("lion"), **constants)


def parameters(params):
    """Return the arrays of a tree as parameters, in the order of its leaves."""
    return [torch.nn.Parameter(torch.tensor(np.asarray(x))) for x in jax.tree.leaves(params)]


def set_gradient(params, gradient):
    for param, g in zip(params, jax.tree.leaves(gradient), strict=True):
        param.grad = torch.tensor(np.asarray(g), dtype=param.dtype)


def compare(program, num_steps, rtol, lr=0.5, make=make):
    """Compare the parameters after each step with those of the program.

    The tolerance is relative to the largest number of an array, and at least to 1. It allows for
    float32 rounding of constants; 1 - 0.999 differs by 1.3e-5. Infinities and NaN must be at the
    same places.
    """
    rng = np.random.default_rng(1)
    start = draw_tree(rng)
    params = parameters(start)
    optimizer = make(program, params, lr)
    own = dsl.as_optimizer(program, lr)
    state, update = own.init(start), own.update
    for _ in range(num_steps):
        gradient = draw_tree(rng)
        set_gradient(params, gradient)
        optimizer.step()
        step, state = update(gradient, state, start)
        start = optax.apply_updates(start, step)
        for param, expected in zip(params, jax.tree.leaves(start), strict=True):
            expected = np.asarray(expected)
            atol = rtol * np.abs(expected[np.isfinite(expected)]).max(initial=1)
            np.testing.assert_allclose(param.detach().numpy(), expected, rtol=rtol, atol=atol)


@each_program()
def test_library_program_takes_the_same_steps(name):
    compare(library.load(name), 50, rtol=ROUNDING.get(name, 2e-5))


def test_files_of_bred_programs_are_formatted(tmp_path):
    check_style(tmp_path, {name: to_torch(p, name, NO_NOTES) for name, p in bred_programs()})


@each_program()
def test_constants_are_arguments(name):
    """Check that changed arguments act like changed constants in the program."""

    def make_changed(_, params, lr):
        constants = changed_constants(name)
        return make(library.load(name), params, lr, name, library.doc(name), **constants)

    compare(with_changed_constants(name), 20, rtol=5e-5, make=make_changed)


SMOOTH = tuple(
    name
    for name, op in OPS.items()
    if op.group == "paper"
    and name not in ("tan", "sign", "reciprocal", "divide", "power", "cosine_sim")
)
"""Functions that do not turn a rounding error into another result; NaN has no sign in torch."""


@hypothesis.settings(max_examples=15)
@hypothesis.given(programs(max_statements=8, constants=MODERATE, ops=SMOOTH))
def test_random_program_takes_the_same_steps(program):
    compare(program, 3, rtol=1e-3)


@pytest.mark.parametrize("name, words", EVERY_OP)
def test_every_function_is_exported(name, words):
    compare(one_op(name, words), 1, rtol=1e-5)


def test_files_are_formatted(tmp_path):
    texts = {name: to_torch(library.load(name), name, library.doc(name)) for name in PROGRAMS}

    @hypothesis.settings(max_examples=60)
    @hypothesis.given(programs(constants=CONSTANTS))
    def collect(program):
        texts[f"program_{len(texts)}"] = to_torch(program, f"program_{len(texts)}", NO_NOTES)

    collect()
    assert len(texts) >= 60 + len(PROGRAMS)
    check_style(tmp_path, texts)


def test_states_that_change_places():
    text = "def f(w, g, m, v, n, lr): return m + v * n, n, m, g"
    compare(dsl.parse(text), 5, rtol=1e-6)


def test_state_that_is_the_gradient_is_a_copy():
    param = torch.nn.Parameter(torch.ones(2))
    optimizer = make(dsl.parse("def f(w, g, m, lr): return m, g"), [param])
    for _ in range(2):
        param.grad = torch.ones(2)
        optimizer.step()
        param.grad.zero_()
    np.testing.assert_array_equal(param.detach().numpy(), [0, 0])


def run_lion(optimizer, params, rng, num_steps):
    for _ in range(num_steps):
        set_gradient(params, draw_tree(rng))
        optimizer.step()


def test_state_dict_goes_there_and_back(rng):
    params = parameters(draw_tree(rng))
    optimizer = make_lion(params, 0.1)
    run_lion(optimizer, params, rng, 2)
    twins = [torch.nn.Parameter(param.detach().clone()) for param in params]
    twin = make_lion(twins, 0.7, beta1=0.1)
    twin.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    assert twin.param_groups[0]["lr"] == 0.1 and twin.param_groups[0]["betas"][0] == 0.9
    for lion, weights in ((optimizer, params), (twin, twins)):
        run_lion(lion, weights, np.random.default_rng(5), 3)
    for one, other in zip(params, twins, strict=True):
        assert torch.equal(one, other)


def test_scheduler_and_groups_change_what_is_computed():
    slow, fast = (torch.nn.Parameter(torch.zeros(2)) for _ in range(2))
    groups = [{"params": [slow]}, {"params": [fast], "lr": 1.0}]
    optimizer = make_lion(groups, 0.5)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    for _ in range(2):
        slow.grad, fast.grad = torch.ones(2), -torch.ones(2)
        optimizer.step()
        scheduler.step()
    # No weight decay at the first step, the weights are zero; at the second it is 0.1.
    np.testing.assert_allclose(slow.detach(), [-0.5 - 0.25 * (1 - 0.05)] * 2, rtol=1e-6)
    np.testing.assert_allclose(fast.detach(), [1 + 0.5 * (1 - 0.1)] * 2, rtol=1e-6)


@pytest.mark.parametrize("name", ["lion", "raw_lion", "regularized"])
def test_parameters_without_gradient_are_left_alone(name):
    used, unused = (torch.nn.Parameter(torch.ones(2)) for _ in range(2))
    groups = [{"params": [used, unused]}, {"params": [torch.nn.Parameter(torch.ones(1))]}]
    optimizer = make(library.load(name), groups)
    used.grad = torch.ones(2)
    assert optimizer.step() is None
    assert torch.equal(unused, torch.ones(2)) and not torch.equal(used, torch.ones(2))
    assert unused not in optimizer.state


def test_closure_is_called_with_gradients():
    param = torch.nn.Parameter(torch.ones(2))
    optimizer = make_lion([param])

    def closure():
        optimizer.zero_grad()
        loss = (param**2).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 2
    assert not torch.equal(param, torch.ones(2))


@each_program()
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_states_are_wide_and_parameters_keep_their_dtype(name, dtype):
    params = [torch.nn.Parameter(torch.ones(shape, dtype=dtype)) for shape in ((2,), ())]
    optimizer = make(library.load(name), params)
    for param in params:
        param.grad = torch.zeros_like(param)
    optimizer.step()
    states = [value for state in optimizer.state.values() for value in state.values()]
    assert {param.dtype for param in params} == {dtype}
    assert {s.dtype for s in states} <= {torch.promote_types(dtype, torch.float32)}
    assert all(torch.isfinite(param).all() for param in params)


def test_whole_tree_is_explained():
    assert "dot sees all parameters of a group" in to_torch(
        library.load("regularized"), "x", NO_NOTES
    )


def test_lion_takes_the_steps_of_optax():
    params = parameters(jnp.ones(3))
    optimizer = make_lion(params, 1e-3, weight_decay=0.3)
    reference = optax.lion(1e-3, weight_decay=0.3)
    weights, rng = jnp.ones(3), np.random.default_rng(0)
    state = reference.init(weights)
    for _ in range(50):
        gradient = jnp.asarray(rng.standard_normal(3), jnp.float32)
        set_gradient(params, gradient)
        optimizer.step()
        step, state = reference.update(gradient, state, weights)
        weights = jnp.add(weights, jnp.asarray(step))
    np.testing.assert_allclose(params[0].detach(), weights, rtol=2e-6)
