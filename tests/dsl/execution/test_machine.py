"""Agreement of three ways to run a program, and of each with optax and NumPy.

The ways are the machine, the compilation of one program by itself, and the interpreter.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import assume, given, settings

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.dsl.analysis.canonical import FIRST_STATE, canonicalize
from lionhunt.dsl.backends import PytreeBackend
from lionhunt.dsl.execution import machine
from lionhunt.dsl.execution.bytecode import SMALL, assemble, place_states
from lionhunt.dsl.execution.optax_adapter import ProgramState
from lionhunt.dsl.interpreter import evaluate, run
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.program import Program, Statement, Var
from tests.support.dsl.library_programs import QUICK, each_program
from tests.support.dsl.program_texts import NUMBERS_PER_ARRAY
from tests.support.dsl.programs import MODERATE, programs
from tests.support.dsl.suites import reads
from tests.support.dsl.values import assert_close, draw_tree

NUM_STEPS = 50


def schedule(step_count):
    """Return a curved schedule with peak 1."""
    return jnp.cos(0.02 * jnp.float32(step_count))


def gradients(num_steps: int = NUM_STEPS):
    """Draw gradients of scales from 0.01 to 10."""
    rng = np.random.default_rng(1)
    return [draw_tree(rng, scale=10 ** rng.uniform(-2, 1)) for _ in range(num_steps)]


def first_params():
    return draw_tree(np.random.default_rng(2))


NUM_ARRAYS = len(jax.tree.leaves(first_params()))
NUM_PARAMETERS = sum(leaf.size for leaf in jax.tree.leaves(first_params()))


def train(update, state, num_steps: int = NUM_STEPS):
    """Return the updates of a run; `update` belongs to a transformation."""
    params, updates = first_params(), []
    for gradient in gradients(num_steps):
        step, state = update(gradient, state, params)
        params = optax.apply_updates(params, step)
        updates.append(step)
    return stacked(updates)


def stacked(trees):
    return jax.tree.map(lambda *leaves: np.stack(leaves), *trees)


def train_optimizer(optimizer):
    return train(jax.jit(optimizer.update), optimizer.init(first_params()))


num_traces = 0


@jax.jit
def machine_step(code, gradient, state, params):
    global num_traces
    num_traces += 1
    return machine.as_optimizer(code, schedule).update(gradient, state, params)


def train_machine(program):
    code = assemble(program)
    state = machine.as_optimizer(code, schedule).init(first_params())
    return train(lambda *args: machine_step(code, *args), state)


def interpret(program):
    """Run a program as written, without simplification and without compilation."""
    states = tuple(jax.tree.map(jnp.zeros_like, first_params()) for _ in program.states)

    def update(gradient, state, params):
        step_count, states = state
        step, states = evaluate(program, params, gradient, states, schedule(step_count))
        return jax.tree.map(jnp.negative, step), (step_count + 1, states)

    return train(update, (0, states))


FEW_STEPS = {"fromage": 1, "lamb": 5}
"""Steps of programs whose weights vanish here but for a rounding, which decides later steps."""


def load(name):
    return dsl.parse(NUMBERS_PER_ARRAY) if name == "numbers_per_array" else library.load(name)


COMPILED = ("lion", "adafactor", "came", "numbers_per_array")
"""Programs that are compiled at every run, of all kinds of states and reductions."""


@each_program([*library.names(), "numbers_per_array"], COMPILED)
def test_machine_compiled_program_and_interpreter_agree(name):
    """Compare to 1e-5 of the largest update of an array; the ways round in different orders.

    The interpreter keeps all states as trees.
    """
    program = load(name)
    compiled = train_optimizer(dsl.as_optimizer(program, schedule))
    expected, actual, compiled = (
        jax.tree.map(lambda leaf: leaf[: FEW_STEPS.get(name)], updates)
        for updates in (interpret(program), train_machine(program), compiled)
    )
    assert_close(actual, expected, rtol=1e-5)
    assert_close(compiled, expected, rtol=1e-5)


def test_machine_is_traced_once_for_all_programs_of_a_size():
    programs = [library.load(name) for name in QUICK]
    for program in {assemble(program).shape: program for program in programs}.values():
        train_machine(program)
    before = num_traces
    for program in programs:
        train_machine(program)
    assert num_traces == before


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("lion", lambda lr: optax.lion(lr, b1=0.9, b2=0.99, weight_decay=0.1)),
        ("momentum", lambda lr: optax.sgd(lr, momentum=0.9)),
        ("sgd", optax.sgd),
    ],
)
@pytest.mark.parametrize("learning_rate", [0.01, schedule], ids=["number", "schedule"])
def test_program_is_the_optimizer_of_optax(name, make, learning_rate):
    updates = train_optimizer(dsl.as_optimizer(library.load(name), learning_rate))
    assert_close(updates, train_optimizer(make(learning_rate)), rtol=1e-5)


def adamw_in_numpy(lr):
    """Return updates of AdamW without bias correction and epsilon, in float64."""

    def updates_of(weights, *gradients):
        w, m, v, updates = np.float64(weights), 0.0, 0.0, []
        for step, g in enumerate(map(np.float64, gradients)):
            m = 0.9 * m + 0.1 * g
            v = 0.999 * v + 0.001 * g**2
            update = -0.001 * lr(step) * (m / (np.sqrt(v) + 1e-8) + 0.01 * w)
            w = w + update
            updates.append(update)
        return np.stack(updates)

    return jax.tree.map(updates_of, first_params(), *gradients())


def test_initial_program_is_adamw_in_numpy():
    updates = train_optimizer(dsl.as_optimizer(library.load("adamw_initial"), 0.5))
    assert_close(updates, adamw_in_numpy(lambda step: 0.5), rtol=1e-5)


def test_initial_program_with_a_schedule_is_adamw_in_numpy():
    updates = train_optimizer(dsl.as_optimizer(library.load("adamw_initial"), schedule))
    assert_close(updates, adamw_in_numpy(lambda step: np.cos(0.02 * step)), rtol=1e-5)


@pytest.mark.parametrize(
    "expression",
    [
        "global_norm(norm(g))",
        "norm(norm(g))",
        "norm(dot(g, w))",
        "global_norm(dot(g, w))",
        "dot(norm(g), norm(w))",
        "dot(norm(g), w)",
        "dot(dot(g, w), lr)",
        "cosine_sim(norm(g), lr)",
        "cosine_sim(dot(g, w), lr)",
        "clip(norm(g), 0.5)",
        "clip(dot(g, w), 0.5)",
    ],
)
def test_machine_reduces_what_is_reduced_already(expression):
    """Check that a number is counted once, although a vector has it many times."""
    program = dsl.parse(f"def train(w, g, lr):\n  u = {expression}\n  return u")
    params, (gradient,) = first_params(), gradients(1)
    state = machine.as_optimizer(assemble(program)).init(params)
    actual, _ = machine_step(assemble(program), gradient, state, params)
    expected, _ = evaluate(program, params, gradient, (), schedule(0))
    assert_close(jax.tree.map(jnp.negative, actual), expected, rtol=1e-5)


def test_machine_takes_bytecode_as_it_is_assembled():
    params, (gradient,) = first_params(), gradients(1)
    optimizer = machine.as_optimizer(assemble(library.load("lion")), 0.1)
    actual, _ = optimizer.update(gradient, optimizer.init(params), params)
    expected, _ = lion_step(params, gradient)
    assert_close(actual, expected, rtol=1e-6)


def lion_step(params, gradient):
    optimizer = optax.lion(0.1, b1=0.9, b2=0.99, weight_decay=0.1)
    return optimizer.update(gradient, optimizer.init(params), params)


@pytest.mark.parametrize("make", [dsl.as_optimizer, lambda p: machine.as_optimizer(assemble(p))])
def test_update_without_weights_is_refused(make):
    params = first_params()
    optimizer = make(library.load("lion"))
    with pytest.raises(ValueError, match="reads the weights"):
        optimizer.update(params, optimizer.init(params))


@pytest.mark.parametrize("name", [name for name in library.names() if not reads(name, 0)])
def test_program_that_does_not_read_the_weights_needs_none(name):
    params = first_params()
    optimizer = dsl.as_optimizer(library.load(name), 0.5)
    state = optimizer.init(params)
    expected, _ = optimizer.update(params, state, params)
    update, _ = optimizer.update(params, state)
    assert_close(update, expected, rtol=0)


def test_gradient_of_another_structure_is_refused():
    optimizer = dsl.as_optimizer(library.load("momentum"))
    params = {"a": jnp.ones(2), "b": jnp.ones(3)}
    with pytest.raises(ValueError, match="Expected dict"):
        optimizer.update((jnp.ones(2), jnp.ones(3)), optimizer.init(params), params)


@pytest.mark.parametrize("make", [dsl.as_optimizer, lambda p: machine.as_optimizer(assemble(p))])
def test_complex_parameters_are_refused_in_one_line(make):
    with pytest.raises(TypeError, match="^complex arrays: wrap it in optax.contrib.split_[a-z_]*$"):
        make(library.load("sgd")).init({"a": jnp.ones(2, jnp.complex64)})


def test_numbers_of_python_may_be_parameters():
    optimizer = dsl.as_optimizer(library.load("adam"), 0.5)
    update: Any
    update, _ = optimizer.update({"a": 2.0}, optimizer.init({"a": 1.0}), {"a": 1.0}, value=3.0)
    np.testing.assert_allclose(update["a"], -0.5, rtol=1e-6)


def test_function_that_is_not_compiled_gives_nan():
    params = first_params()
    code = assemble(library.load("lion"))
    optimizer = machine.as_optimizer(code, 0.1, code.functions - {"sign"})
    updates, _ = optimizer.update(params, optimizer.init(params), params)
    assert all(np.isnan(leaf).all() for leaf in jax.tree.leaves(updates))


def test_invalid_program_is_refused():
    with pytest.raises(dsl.InvalidProgram, match="a is read before assignment"):
        reads_a = Statement("u", "abs", (Var("a"),))
        dsl.as_optimizer(Program(("w", "g", "lr"), (reads_a,), (Var("u"),)))


def test_optimizer_keeps_only_the_states_that_matter():
    params = first_params()
    state: Any = dsl.as_optimizer(library.load("raw_lion")).init(params)
    assert len(state.states) == 1
    assert jax.tree.structure(state.states[0]) == jax.tree.structure(params)


def test_optimizer_keeps_numbers_as_numbers():
    params = first_params()
    shapes = jax.tree.map(jnp.shape, params)
    state: Any = dsl.as_optimizer(library.load("adamw")).init(params)
    states = state.states
    assert [jax.tree.map(jnp.shape, each) for each in states] == [shapes, shapes, (), ()]
    state = dsl.as_optimizer(load("numbers_per_array")).init(params)
    per_array = jax.tree.map(lambda leaf: (), params)
    kept = [jax.tree.map(jnp.shape, each) for each in state.states]
    assert kept == [shapes, shapes, per_array, per_array, per_array, ()]


def test_machine_keeps_numbers_as_numbers():
    params = first_params()
    for name, num_per_array in (("adamw", 0), ("numbers_per_array", 4)):
        state: Any = machine.as_optimizer(assemble(load(name))).init(params)
        states = state.states
        assert states.trees.shape == (2, NUM_PARAMETERS)
        assert states.per_array.shape == (num_per_array, NUM_ARRAYS)
        assert states.numbers.shape == (4,)


@pytest.mark.parametrize("make", [dsl.as_optimizer, lambda p: machine.as_optimizer(assemble(p))])
@pytest.mark.parametrize("shapes", [{"a": (0,), "b": (2, 3), "c": (0, 4)}, {"a": (0, 3)}])
def test_arrays_may_be_empty(make, shapes):
    params = {name: jnp.ones(shape) for name, shape in shapes.items()}
    optimizer = make(load("numbers_per_array"))
    update, _ = optimizer.update(params, optimizer.init(params), params)
    assert all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(update))
    assert jax.tree.map(jnp.shape, update) == shapes


def test_interpreter_takes_numpy_arrays():
    program = dsl.parse("def train(w, g, lr):\n  u = reciprocal(w)\n  return u")
    update, _ = evaluate(program, np.zeros(2, np.float32), np.zeros(2, np.float32), (), 1.0)
    np.testing.assert_array_equal(update, np.inf)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_compiled_program_keeps_the_types_of_the_weights(dtype):
    params = {"a": jnp.ones((2, 3), dtype), "b": jnp.ones((), jnp.float32)}
    optimizer = dsl.as_optimizer(library.load("adamw_initial"), 0.5)
    update, state = jax.jit(optimizer.update)(params, optimizer.init(params), params)
    assert [x.dtype for x in jax.tree.leaves(update)] == [dtype, jnp.float32]
    assert {x.dtype for x in jax.tree.leaves(state.states)} == {jnp.dtype("float32")}


def test_update_may_be_a_constant():
    program = dsl.parse("def train(w, g, m, lr):\n  return 0.5, g")
    expected = jax.tree.map(lambda leaf: np.full(leaf.shape, -0.5), first_params())
    for update in (train_machine(program), train_optimizer(dsl.as_optimizer(program))):
        assert_close(jax.tree.map(lambda x: x[0], update), expected, rtol=0)


def values_of(program, trees, lr, number):
    """Return every result and output of a program, in NumPy, in the precision of `number`."""
    backend, results = PytreeBackend(np), []

    def apply(op, *values):
        results.append(op.evaluate(backend, *values))
        return results[-1]

    inputs = [
        tuple(map(number, jax.tree.leaves(each))) if isinstance(each, dict) else number(each)
        for each in trees
    ]
    with np.errstate(all="ignore"):
        outputs = run(program, [*inputs, number(lr)], apply, number)
    return [np.float64(leaf) for value in (*results, *outputs) for leaf in as_leaves(value)]


def as_leaves(value):
    return value if isinstance(value, tuple) else (value,)


def is_well_conditioned(program, trees, lr) -> bool:
    """Check that all values of a program are moderate, and that rounding hardly changes them."""
    pairs = [values_of(program, trees, lr, number) for number in (np.float32, np.float64)]
    return all(
        (np.abs(b) < 1e6).all() and (np.abs(a - b) <= 1e-5 * np.abs(b).max()).all()
        for a, b in zip(*pairs, strict=True)
    )


@settings(max_examples=150)
@given(programs(constants=MODERATE))
def test_machine_agrees_with_the_interpreter_where_rounding_does_not_matter(program):
    form, code = canonicalize(program), assemble(program)
    assume(code.shape == SMALL)
    rng, places = np.random.default_rng(3), place_states(form)
    params, gradient = (draw_tree(rng) for _ in range(2))
    numbers = dict.fromkeys(places.numbers, Kind.SCALAR)
    kinds = [numbers.get(FIRST_STATE + i, Kind.TREE) for i in range(form.num_states)]
    states = [rng.standard_normal() if kind is Kind.SCALAR else draw_tree(rng) for kind in kinds]
    assume(is_well_conditioned(form.to_program(), [params, gradient, *states], schedule(50)))
    update, new = evaluate(form.to_program(), params, gradient, states, schedule(50), kinds)
    trees, numbers = to_machine(states, places)
    kept = machine.MachineStates(
        jnp.stack(trees), jnp.zeros((0, NUM_ARRAYS)), jnp.array(numbers, jnp.float32)
    )
    actual, state = machine_step(code, gradient, ProgramState(jnp.int32(50), kept), params)
    kept = state.states
    actual = (
        jax.tree.map(jnp.negative, actual),
        (
            list(kept.trees[: len(places.trees)]),
            list(kept.numbers[: len(places.numbers)]),
        ),
    )
    expected = update, to_machine(new, places, pad=False)
    assert_close(actual, expected, rtol=1e-3)


def to_machine(states, places, pad=True):
    """Return trees and numbers in their places; the other places hold 123 if `pad`."""
    garbage = jnp.full(NUM_PARAMETERS, 123.0)
    trees = [to_vector(states[state - FIRST_STATE]) for state in places.trees]
    numbers = [states[state - FIRST_STATE] for state in places.numbers]
    if pad:
        trees += [garbage] * (SMALL.num_trees - len(trees))
        numbers += [123.0] * (SMALL.num_numbers - len(numbers))
    return trees, numbers


def to_vector(value):
    return jnp.concatenate([jnp.ravel(leaf) for leaf in jax.tree.leaves(value)])
