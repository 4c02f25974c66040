"""Exported optax optimizers and `dsl.as_optimizer` in the tests that optax has for its own.

The cases are those of optax's tests of aliases, wrappers, tree utilities, types and sharding.
`on_programs` names the programs to which a test does not apply.
"""

# Test code reads attributes that types do not tell, and variables of loops after them.
# pyright: reportAttributeAccessIssue=false, reportPossiblyUnboundVariable=false, reportArgumentType=false
# pyright: reportOptionalMemberAccess=false, reportCallIssue=false, reportOperatorIssue=false
# pyright: reportInvalidTypeForm=false

import copy
import functools
import inspect
import pickle
import subprocess
import sys
from collections.abc import Collection, Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lionhunt import dsl
from lionhunt.dsl.analysis.liveness import simplify
from tests.support.dsl import suites
from tests.support.dsl.oracles import OPTAX, ademamix, radam
from tests.support.dsl.suites import (
    ALL_TOGETHER,
    FEW,
    NAMES,
    ONE,
    REPRESENTATIVES,
    on_programs,
    optax_function,
    rate,
    without,
)
from tests.support.dsl.values import assert_close

EXPORT, OWN = "export", "as_optimizer"


def on_both(unless: Mapping[str, str] | None = None, *, quick: Collection[str] = NAMES):
    """Parametrize a test over exports and `dsl.as_optimizer`, by `source` and `name`.

    Args:
        unless: for each program to which the test does not apply, the reason.
        quick: programs whose exports always run. `dsl.as_optimizer` always runs the
            representatives among them. The others run with `-m slow` alone.
    """
    left_out = dict(unless or {})

    def mark(test):
        test.not_applicable = left_out
        params = []
        for source, names in ((EXPORT, quick), (OWN, {*quick} & {*REPRESENTATIVES})):
            for name in NAMES:
                if name not in left_out:
                    marks = [] if name in names else [pytest.mark.slow]
                    params.append(pytest.param(source, name, marks=marks))
        return pytest.mark.parametrize(("source", "name"), params)(test)

    return mark


FLOATS = (jnp.float16, jnp.bfloat16, jnp.float32)


@pytest.fixture(scope="module", autouse=True)
def strict_types():
    """Mix types as users and wrappers of optax do; leave out checks of JAX itself for speed."""
    with jax.numpy_dtype_promotion("standard"), jax.enable_checks(False):
        yield


def make(source, name, learning_rate=None, **options):
    learning_rate = rate(name) if learning_rate is None else learning_rate
    if source == OWN:
        return dsl.as_optimizer(suites.program(name), learning_rate, **options)
    return optax_function(name)(learning_rate, **options)


def draw(seed, dtype=jnp.float32):
    """Return a tree of weights or a gradient."""
    rng = np.random.default_rng(seed)
    shapes = {"layer": {"bias": (), "kernel": (3, 4)}, "scale": (3, 4)}
    return jax.tree.map(
        lambda shape: jnp.asarray(rng.standard_normal(shape), dtype),
        shapes,
        is_leaf=lambda node: isinstance(node, tuple),
    )


PARAMS = draw(0)
GRADIENTS = [draw(seed) for seed in (1, 2, 3)]


def run(optimizer, params=PARAMS, gradients=GRADIENTS, state=None, update=None):
    """Return the updates of all steps and the last state; the weights move."""
    state = optimizer.init(params) if state is None else state
    updates = []
    for gradient in gradients:
        step, state = (update or optimizer.update)(gradient, state, params)
        params = optax.apply_updates(params, step)
        updates.append(step)
    return updates, state


@functools.cache
def steps(source, name):
    """Return the updates and the state of three steps."""
    return run(make(source, name))


def cast(tree, dtype):
    return jax.tree.map(lambda leaf: leaf.astype(dtype), tree)


def assert_same(one, other):
    """Assert that two trees are the same, bit for bit."""
    assert jax.tree.structure(one) == jax.tree.structure(other)
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        assert jnp.result_type(a) == jnp.result_type(b)
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


def types(tree):
    return jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype, leaf.weak_type), tree)


# The interface


@on_both()
def test_extra_arguments_are_ignored(source, name):
    optimizer = make(source, name)
    assert isinstance(optimizer, optax.GradientTransformationExtraArgs)
    assert optax.with_extra_args_support(optimizer) is optimizer
    state = optimizer.init(PARAMS)
    expected = optimizer.update(GRADIENTS[0], state, PARAMS)
    extra = {"value": jnp.float32(1.0), "grad": GRADIENTS[0], "anything": "else"}
    assert_same(optimizer.update(GRADIENTS[0], state, PARAMS, **extra), expected)
    assert_same(optimizer.update(GRADIENTS[0], state, params=PARAMS), expected)
    chained = optax.chain(optimizer, optax.scale(1.0))
    chained.update(GRADIENTS[0], chained.init(PARAMS), PARAMS, value=1.0)


READS_WEIGHTS = without(lambda name: suites.reads(name, 0), "does not read the weights")
DOES_NOT = without(lambda name: not suites.reads(name, 0), "reads the weights")


@on_both(READS_WEIGHTS)
def test_missing_params_are_asked_for(source, name):
    optimizer = make(source, name)
    with pytest.raises(ValueError, match="params"):
        optimizer.update(GRADIENTS[0], optimizer.init(PARAMS))


@on_both(DOES_NOT)
def test_params_are_not_needed(source, name):
    optimizer = make(source, name)
    state = optimizer.init(PARAMS)
    expected = optimizer.update(GRADIENTS[0], state, PARAMS)
    assert_same(optimizer.update(GRADIENTS[0], state), expected)
    for dtype in FLOATS:
        update, _ = optimizer.update(cast(GRADIENTS[0], dtype), state)
        assert {leaf.dtype for leaf in jax.tree.leaves(update)} == {jnp.dtype(dtype)}


@on_both({"shrinking": "does not read the gradient"})
def test_gradient_of_another_structure_is_refused(source, name):
    params = {"a": jnp.ones(2), "b": jnp.ones(2)}
    optimizer = make(source, name)
    state = optimizer.init(params)
    for gradient in (
        (jnp.ones(2), jnp.ones(2)),
        {"a": jnp.ones(2), "c": jnp.ones(2)},
        {"a": jnp.ones(2), "b": [jnp.ones(2)]},
        {"a": jnp.ones(2)},
        {"a": jnp.ones(2), "b": None},
    ):
        with pytest.raises(ValueError):
            optimizer.update(gradient, state, params)


@on_both()
def test_complex_numbers_are_refused(source, name):
    params = {"a": jnp.ones(2, jnp.complex64), "b": jnp.ones(2)}
    optimizer = make(source, name)
    with pytest.raises(TypeError, match="optax.contrib.split_real_and_imaginary") as raised:
        optimizer.init(params)
    assert "\n" not in str(raised.value)
    real = jax.tree.map(jnp.ones_like, {"a": params["b"], "b": params["b"]})
    with pytest.raises(TypeError, match="optax.contrib.split_real_and_imaginary"):
        optimizer.update(params, optimizer.init(real), real)


@on_both(quick=REPRESENTATIVES)
def test_complex_numbers_can_be_split(source, name):
    pairs = [(draw(seed), draw(seed + 10)) for seed in range(3)]
    (params, *gradients) = [jax.tree.map(lambda x, y: x + 1j * y, *pair) for pair in pairs]
    split = optax.contrib.split_real_and_imaginary(make(source, name))
    updates, _ = run(split, params, gradients)
    plain = [dict(zip("ab", pair, strict=True)) for pair in pairs]
    expected, _ = run(make(source, name), plain[0], plain[1:])
    for update, each in zip(updates, expected, strict=True):
        joined = jax.tree.map(lambda x, y: x + 1j * y, each["a"], each["b"])
        assert_close(update, joined, rtol=1e-6)


# Trees


@on_both()
def test_state_is_a_tree_of_arrays(source, name):
    optimizer = make(source, name)
    state = optimizer.init(PARAMS)
    _, last = steps(source, name)
    leaves, structure = jax.tree.flatten(last)
    assert jax.tree.structure(state) == structure and types(state) == types(last)
    assert_same(structure.unflatten(leaves), last)
    shapes = {leaf.shape for leaf in jax.tree.leaves(PARAMS)} | {()}
    for leaf in leaves:
        assert isinstance(leaf, jax.Array) and leaf.shape in shapes
        assert leaf.dtype in (jnp.float32, jnp.int32) and not leaf.weak_type
    again = structure.unflatten([np.asarray(leaf) for leaf in leaves])
    update = optimizer.update(GRADIENTS[0], last, PARAMS)
    assert_same(optimizer.update(GRADIENTS[0], again, PARAMS), update)


COUNTERS = ("m_correction", "v_correction", "v_correction_average", "step_count")
COUNTING = without(
    lambda name: any(state in COUNTERS for state in suites.program(name).states),
    "no state is one number",
)


@on_programs(COUNTING)
def test_counters_are_single_numbers(name):
    optimizer = make(EXPORT, name)
    num_counters = sum(state in COUNTERS for state in suites.program(name).states)
    num_leaves = len(jax.tree.leaves(optimizer.init({"a": jnp.ones(2), "b": jnp.ones((2, 2))})))
    num_states = len(simplify(suites.program(name)).states)
    # The count of steps is one more leaf.
    assert num_leaves == 1 + num_counters + 2 * (num_states - num_counters)


@on_both()
def test_update_is_like_the_weights(source, name):
    (update, *_), _ = steps(source, name)
    assert types(update) == types(PARAMS)


@on_both()
def test_state_can_be_searched_and_mapped(source, name):
    optimizer = make(source, name)
    _, state = steps(source, name)
    assert_same(optax.tree.map_params(optimizer, lambda leaf: leaf, state), state)
    labels = optax.tree.map_params(
        optimizer,
        lambda leaf, param: f"like {param.shape}",
        state,
        PARAMS,
        transform_non_params=lambda leaf: "other",
    )
    found = list(zip(jax.tree.leaves(labels), jax.tree.leaves(state), strict=True))
    assert all(label == f"like {leaf.shape}" for label, leaf in found if leaf.shape)
    assert all(leaf.shape == () for label, leaf in found if label == "other")
    assert labels.step_count == "other"
    chained = optax.chain(optax.clip(1.0), optimizer)
    inside = chained.init(PARAMS)
    assert optax.tree.get(inside, "step_count").item() == 0
    changed = optax.tree.set(inside, step_count=jnp.int32(7))
    assert optax.tree.get(changed, "step_count").item() == 7


@on_both(quick=REPRESENTATIVES)
@pytest.mark.parametrize("params", [{}, (), [], {"a": {}}, {"a": jnp.ones((0,))}], ids=str)
def test_empty_trees_will_do(source, name, params):
    optimizer = make(source, name)
    state = optimizer.init(params)
    for _ in range(2):
        update, state = optimizer.update(params, state, params)
    assert types(update) == types(params)
    assert jax.tree.structure(update) == jax.tree.structure(params)


@on_both()
def test_none_is_an_empty_tree(source, name):
    def with_none(tree):
        return {"first": None, "tree": tree, "last": (None, {}, [])}

    updates, _ = run(make(source, name), with_none(PARAMS), list(map(with_none, GRADIENTS)))
    expected, _ = steps(source, name)
    assert_same(updates, list(map(with_none, expected)))


@on_both(quick=REPRESENTATIVES)
def test_modules_are_trees(source, name):
    model = eqx.nn.Linear(3, 2, use_bias=False, key=jax.random.key(0))
    optimizer = make(source, name)
    params = eqx.filter(model, eqx.is_inexact_array)
    gradient = eqx.filter_grad(lambda model: jnp.sum(model(jnp.ones(3)) ** 2))(model)
    update, _ = optimizer.update(gradient, optimizer.init(params), params)
    moved = eqx.apply_updates(model, update)
    assert moved.weight.shape == (2, 3) and not jnp.array_equal(moved.weight, model.weight)


@on_both(quick=REPRESENTATIVES)
def test_single_arrays_and_tuples_are_trees(source, name):
    leaf, gradient = jnp.array([1.0, -2.0]), jnp.array([0.5, 0.25])
    expected, _ = run(make(source, name), leaf, [gradient] * 2)
    for wrap in (lambda x: (x,), lambda x: [x], lambda x: {"a": [(x,)]}):
        updates, _ = run(make(source, name), wrap(leaf), [wrap(gradient)] * 2)
        assert_same(updates, list(map(wrap, expected)))


# Types


@on_both()
def test_arithmetic_is_float32_and_updates_round_once(source, name):
    optimizer = make(source, name)
    for dtype in FLOATS:
        params = cast(PARAMS, dtype)
        for gradient_dtype in {dtype, jnp.float32, jnp.bfloat16}:
            state = exact_state = optimizer.init(params)
            for gradient in GRADIENTS[:2]:
                gradient = cast(gradient, gradient_dtype)
                update, state = optimizer.update(gradient, state, params)
                expected, exact_state = optimizer.update(
                    cast(gradient, jnp.float32), exact_state, cast(params, jnp.float32)
                )
                assert_same(update, cast(expected, dtype))
                assert_same(state, exact_state)
    assert {leaf.dtype for leaf in jax.tree.leaves(state)} <= {
        jnp.dtype("float32"),
        jnp.dtype("int32"),
    }


@on_both(quick=ONE)
def test_types_can_be_mixed(source, name):
    with jax.enable_x64(True):
        kinds = {"a": jnp.float16, "b": jnp.bfloat16, "c": jnp.float32, "d": jnp.float64}
        params = {key: jnp.asarray([1.0, -2.0], dtype) for key, dtype in kinds.items()}
        gradient = {key: jnp.asarray([0.5, 0.25], dtype) for key, dtype in kinds.items()}
        optimizer = make(source, name)
        state = optimizer.init(params)
        mixed = jax.jit(optimizer.update)
        for _ in range(2):
            update, new_state = mixed(gradient, state, params)
            assert types(update) == types(params) and types(new_state) == types(state)
            state = new_state
        large = [leaf.dtype for leaf in jax.tree.leaves(state) if leaf.shape == (2,)]
        assert large.count(jnp.float32) == 3 * large.count(jnp.float64)
        assert len(large) == 4 * large.count(jnp.float64)
        if name not in ALL_TOGETHER:
            for key in "abcd":
                given = {key: params[key]}, [{key: gradient[key]}]
                alone, _ = run(optimizer, *given, update=mixed)
                first, _ = run(optimizer, params, [gradient], update=mixed)
                rounding = float(jnp.finfo(kinds[key]).eps)
                assert_close(*cast((first[0][key], alone[0][key]), jnp.float64), 2e-5 + rounding)


@on_both(quick=ONE)
def test_float64_gradients_of_float32_weights_will_do(source, name):
    optimizer = make(source, name)
    update = jax.jit(optimizer.update)
    with jax.enable_x64(True):
        updates, state = run(optimizer, PARAMS, [cast(GRADIENTS[0], jnp.float64)], update=update)
        expected = run(optimizer, PARAMS, GRADIENTS[:1], update=update)
        assert_close((updates, state), expected, rtol=1e-6)
        assert types(updates[0]) == types(PARAMS)
        updates, state = run(optimizer, cast(PARAMS, jnp.float64), GRADIENTS[:1], update=update)
        assert {leaf.dtype for leaf in jax.tree.leaves(updates)} == {jnp.dtype("float64")}
        large = {leaf.dtype for leaf in jax.tree.leaves(state) if leaf.shape == (3, 4)}
        assert large <= {jnp.dtype("float64")}


@on_both()
def test_numbers_of_python_and_numpy_are_weights(source, name):
    params = {"a": 1.5, "b": np.array([1.0, -2.0], np.float32), "c": np.float32(0.5)}
    gradient = {"a": 0.5, "b": np.array([0.5, 0.25], np.float32), "c": np.float32(-1.0)}
    updates, state = run(make(source, name), params, [gradient] * 2)
    arrays = [jax.tree.map(jnp.asarray, tree) for tree in (params, gradient)]
    expected, expected_state = run(make(source, name), arrays[0], [cast(arrays[1], "float32")] * 2)
    assert_close(updates, cast(expected, jnp.float32), rtol=1e-6)
    assert jax.tree.structure(state) == jax.tree.structure(expected_state)


@on_both()
def test_zero_gradient_is_harmless_in_low_precision(source, name):
    for dtype in (jnp.float16, jnp.bfloat16):
        params = cast(PARAMS, dtype)
        zeros = jax.tree.map(jnp.zeros_like, params)
        leaves = jax.tree.leaves(run(make(source, name), params, [zeros] * 3))
        assert all(bool(np.all(np.isfinite(np.asarray(leaf, np.float32)))) for leaf in leaves)


@on_both(COUNTING, quick=REPRESENTATIVES)
def test_counters_are_exact_in_low_precision(source, name):
    optimizer = make(source, name)

    def count(dtype):
        params = jnp.ones(2, dtype)

        def step(state, gradient):
            return optimizer.update(gradient, state, params)[1], None

        gradients = jnp.ones((3000, 2), dtype)
        return jax.lax.scan(step, optimizer.init(params), gradients)[0]

    low, exact = count(jnp.bfloat16), count(jnp.float32)
    for one, other in zip(jax.tree.leaves(low), jax.tree.leaves(exact), strict=True):
        # Compiled code of other types may round averages of vectors in another order.
        assert one.dtype == other.dtype and (one.shape or one == other)
    if "step_count" in suites.program(name).states:
        assert 3000.0 in [leaf.item() for leaf in jax.tree.leaves(exact) if leaf.shape == ()]


LARGE = without(
    lambda name: name != "clipped" and bool(simplify(suites.program(name)).states),
    "no state has the shape of the weights",
)


@on_both(LARGE)
def test_large_states_take_the_type_that_is_asked_for(source, name):
    for params in (PARAMS, cast(PARAMS, jnp.bfloat16)):
        optimizer = make(source, name, state_dtype=jnp.bfloat16)
        state = optimizer.init(params)
        updates, last = run(optimizer, params)
        assert types(last) == types(state) and types(updates[-1]) == types(params)
        for leaf in jax.tree.leaves(optimizer.init({"a": jnp.ones(7)})):
            assert leaf.dtype == jnp.bfloat16 if leaf.shape else leaf.dtype != jnp.bfloat16


# Values of the learning rate


@on_both()
def test_schedule_is_read_at_each_step(source, name):
    values = [rate(name) * factor for factor in (1.0, 0.5, 0.25)]
    updates, _ = run(make(source, name, lambda count: jnp.asarray(values)[count]))
    state, params = make(source, name).init(PARAMS), PARAMS
    for value, gradient, update in zip(values, GRADIENTS, updates, strict=True):
        step, state = make(source, name, value).update(gradient, state, params)
        params = optax.apply_updates(params, step)
        assert_close(update, step, rtol=1e-5)


@on_both()
def test_learning_rate_is_any_number(source, name):
    expected, _ = run(make(source, name, 0.25), gradients=GRADIENTS[:1])
    for value in (np.float32(0.25), np.float64(0.25), jnp.float32(0.25), jnp.bfloat16(0.25)):
        updates, _ = run(make(source, name, value), gradients=GRADIENTS[:1])
        assert_close(updates, expected, rtol=1e-6)
        assert types(updates[0]) == types(PARAMS)
    run(make(source, name, 1), gradients=GRADIENTS[:1])
    for schedule in (
        optax.cosine_decay_schedule(0.25, 10),
        optax.warmup_cosine_decay_schedule(0.25, 0.5, 2, 10),
        optax.join_schedules([optax.constant_schedule(0.25)] * 2, [1]),
    ):
        updates, _ = run(make(source, name, schedule), gradients=GRADIENTS[:1])
        assert_close(updates, expected, rtol=1e-6)


@on_both(quick=FEW)
def test_learning_rate_can_be_mapped_and_learned(source, name):
    state = make(source, name).init(PARAMS)

    def update(learning_rate):
        return make(source, name, learning_rate).update(GRADIENTS[0], state, PARAMS)[0]

    rates = jnp.array([0.25, 0.5, 1.0]) * rate(name)
    mapped = jax.jit(jax.vmap(update))(rates)
    for index, value in enumerate(rates):
        each = jax.tree.map(lambda leaf, index=index: leaf[index], mapped)
        # A scalar that does not depend on the rate is not mapped.
        assert_close(each, update(value), rtol=1e-5)
    slope = jax.jit(jax.grad(lambda value: optax.tree.sum(update(value))))(rates[0])
    assert bool(jnp.isfinite(slope))


# Transformations of JAX


@on_both(quick=FEW)
def test_compiled_steps_are_the_same_and_compiled_once(source, name):
    optimizer = make(source, name)
    update = jax.jit(optimizer.update)
    state = jax.jit(optimizer.init)(PARAMS)
    assert_same(state, optimizer.init(PARAMS))
    updates, last = run(optimizer, state=state, update=update)
    expected, expected_state = steps(source, name)
    assert_close((updates, last), (expected, expected_state), rtol=1e-4)
    assert update._cache_size() == 1


@on_both(quick=FEW)
def test_weights_and_state_can_be_donated(source, name):
    optimizer = make(source, name)

    @functools.partial(jax.jit, donate_argnums=(0, 1))
    def step(params, state, gradient):
        update, state = optimizer.update(gradient, state, params)
        return optax.apply_updates(params, update), state

    params = jax.tree.map(jnp.copy, PARAMS)
    state = optimizer.init(params)
    for gradient in GRADIENTS:
        old, old_state = params, state
        params, state = step(params, state, gradient)
    assert all(leaf.is_deleted() for leaf in jax.tree.leaves((old, old_state)))
    expected = PARAMS
    for update in steps(source, name)[0]:
        expected = optax.apply_updates(expected, update)
    assert_close(params, expected, rtol=1e-5)


@on_both()
def test_shapes_are_enough_to_make_a_state(source, name):
    optimizer = make(source, name)
    shapes = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), PARAMS)
    state = optimizer.init(PARAMS)
    for abstract in (jax.eval_shape(optimizer.init, PARAMS), optimizer.init(shapes)):
        assert jax.tree.structure(abstract) == jax.tree.structure(state)
        assert [x.shape for x in jax.tree.leaves(abstract)] == [
            x.shape for x in jax.tree.leaves(state)
        ]
    update, after = jax.eval_shape(optimizer.update, shapes, state, shapes)
    assert types(update) == types(PARAMS) and types(after) == types(state)


@on_both(quick=FEW)
@pytest.mark.parametrize("dtype", ["float32", pytest.param("bfloat16", marks=pytest.mark.slow)])
def test_loss_falls_in_a_loop_of_jax(source, name, dtype):
    optimizer = make(source, name)
    params = cast(PARAMS, dtype)

    def loss(params):
        return sum(jnp.sum(jnp.square(leaf)) for leaf in jax.tree.leaves(params))

    def step(carry, index):
        params, state = carry
        gradient = jax.grad(loss)(params)
        # The branches have the same types.
        update, state = jax.lax.cond(
            index >= 0,
            lambda: optimizer.update(gradient, state, params),
            lambda: (gradient, state),
        )
        return (optax.apply_updates(params, update), state), None

    (after, _), _ = jax.lax.scan(step, (params, optimizer.init(params)), jnp.arange(20))
    # Some steps are too small for bfloat16.
    assert loss(after) < loss(params) or (dtype == "bfloat16" and loss(after) == loss(params))


@on_both(quick=FEW)
def test_ensembles_are_mapped(source, name):
    optimizer = make(source, name)
    members = [(draw(seed), draw(seed + 50)) for seed in range(3)]
    params, gradient = jax.tree.map(lambda *leaves: jnp.stack(leaves), *members)
    mapped = jax.jit(jax.vmap(optimizer.update))
    state = jax.vmap(optimizer.init)(params)
    update, state = mapped(gradient, state, params)
    update, _ = mapped(gradient, state, params)
    for index, (weights, slope) in enumerate(members):
        each = jax.tree.map(lambda leaf, index=index: leaf[index], update)
        inner = optimizer.init(weights)
        _, inner = optimizer.update(slope, inner, weights)
        expected, _ = optimizer.update(slope, inner, weights)
        assert_close(each, expected, rtol=1e-5)


def check_sharding(names):
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.dsl.sharded_steps", *names],
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split() == [f"{s}:{n}" for n in names for s in (EXPORT, OWN)]


def test_weights_can_be_sharded():
    check_sharding(ONE)


@pytest.mark.slow
def test_weights_of_every_program_can_be_sharded():
    check_sharding(suites.NAMES)


# Wrappers of optax


@on_both(quick=ONE)
def test_gradients_are_accumulated(source, name):
    optimizer = optax.MultiSteps(make(source, name), 2)
    for dtype in (jnp.float32, jnp.bfloat16):
        params = cast(PARAMS, dtype)
        one, two = (cast(gradient, dtype) for gradient in GRADIENTS[:2])
        (first, second), _ = run(optimizer, params, [one, two], update=jax.jit(optimizer.update))
        assert_same(first, jax.tree.map(jnp.zeros_like, params))
        mean = jax.tree.map(lambda x, y: (x + y) / 2, one, two)
        expected, _ = run(make(source, name), params, [mean])
        assert_close(
            cast(second, jnp.float32),
            cast(expected[0], jnp.float32),
            rtol=1e-5 if dtype == jnp.float32 else 3e-2,
        )


@on_both(quick=REPRESENTATIVES)
def test_a_part_of_the_weights_can_be_masked_and_partitioned(source, name):
    keep = {"layer": {"bias": False, "kernel": True}, "scale": True}
    some = {"layer": {"bias": False, "kernel": True}, "scale": True}
    part = [{"k": tree["layer"]["kernel"], "s": tree["scale"]} for tree in (PARAMS, *GRADIENTS)]
    expected, _ = run(make(source, name), part[0], part[1:])
    labels = jax.tree.map(lambda kept: "train" if kept else "freeze", keep)
    masked, _ = run(optax.masked(make(source, name), some))
    transforms = {"train": make(source, name), "freeze": optax.set_to_zero()}
    partitioned, _ = run(optax.partition(transforms, labels))
    frozen, _ = run(optax.transforms.freeze({"layer": True, "scale": False}))
    assert float(frozen[0]["layer"]["bias"]) == 0
    for index, each in enumerate(expected):
        for updates in (masked, partitioned):
            assert_same(updates[index]["layer"]["kernel"], each["k"])
            assert_same(updates[index]["scale"], each["s"])
        assert_same(masked[index]["layer"]["bias"], GRADIENTS[index]["layer"]["bias"])
        assert float(partitioned[index]["layer"]["bias"]) == 0


@on_both(quick=REPRESENTATIVES)
def test_transformations_can_be_chained(source, name):
    optimizer = make(source, name)
    clipped = [jax.tree.map(lambda leaf: jnp.clip(leaf, -0.5, 0.5), each) for each in GRADIENTS]
    for chain in (
        optax.chain(optax.clip(0.5), optimizer, optax.scale(1.0)),
        optax.named_chain(("clip", optax.clip(0.5)), ("rule", optimizer)),
    ):
        updates, _ = run(chain)
        assert_same(updates, run(optimizer, gradients=clipped)[0])


def factory(source, name):
    """Return a function that makes an optimizer, for `optax.inject_hyperparams`."""
    if source == EXPORT:
        return optax_function(name)
    return lambda learning_rate: make(OWN, name, learning_rate)


@on_both(quick=ONE)
def test_hyperparameters_can_be_injected(source, name):
    optimizer = optax.inject_hyperparams(factory(source, name))(learning_rate=rate(name))
    updates, state = run(optimizer, update=jax.jit(optimizer.update))
    expected, expected_state = steps(source, name)
    assert_close((updates, state.inner_state), (expected, expected_state), rtol=1e-3)
    for key, value in suites.constants(name).items() if source == EXPORT else ():
        assert state.hyperparams[key] == pytest.approx(value)
    state.hyperparams["learning_rate"] = jnp.asarray(rate(name) / 2)
    update, _ = optimizer.update(GRADIENTS[0], state, PARAMS)
    halved, _ = make(source, name, rate(name) / 2).update(GRADIENTS[0], state.inner_state, PARAMS)
    assert_close(update, halved, rtol=1e-3)
    scheduled = optax.inject_hyperparams(factory(source, name))(
        learning_rate=optax.linear_schedule(rate(name), 0.0, 10)
    )
    update, state = scheduled.update(GRADIENTS[0], scheduled.init(PARAMS), PARAMS)
    assert_close(update, expected[0], rtol=1e-3)


@on_programs(without(lambda name: bool(suites.constants(name)), "no constants"), quick=ONE)
def test_constants_can_be_scheduled_mapped_and_learned(name):
    constants = suites.constants(name)
    state = steps(EXPORT, name)[1]

    def update(**constants):
        optimizer = make(EXPORT, name, **constants)
        return optimizer.update(GRADIENTS[0], state, PARAMS)[0]

    schedules = {
        key: lambda count, value=value: value * 0.9**count for key, value in constants.items()
    }
    scheduled = optax.inject_hyperparams(factory(EXPORT, name))(rate(name), **schedules)
    run(scheduled, update=jax.jit(scheduled.update))
    expected = update(**{key: 0.9 * value for key, value in constants.items()})
    values = {key: jnp.array([value, 0.9 * value]) for key, value in constants.items()}
    mapped = jax.jit(jax.vmap(lambda values: update(**values)))(values)
    last = jax.tree.map(lambda leaf: leaf[1], mapped)
    assert_close(last, expected, rtol=2e-3)
    slopes = jax.jit(jax.grad(lambda values: optax.tree.sum(update(**values))))(dict(constants))
    assert all(bool(jnp.isfinite(slope)) for slope in slopes.values())


@on_both(quick=ONE)
def test_steps_with_nan_can_be_left_out(source, name):
    optimizer = optax.apply_if_finite(make(source, name), 5)
    bad = jax.tree.map(lambda leaf: leaf * jnp.nan, GRADIENTS[0])
    good, *_ = GRADIENTS
    gradients = [good, bad, *GRADIENTS[1:]]
    updates, _ = run(optimizer, gradients=gradients, update=jax.jit(optimizer.update))
    expected, _ = steps(source, name)
    assert all(bool(jnp.all(leaf == 0)) for leaf in jax.tree.leaves(updates[1]))
    assert_close([updates[0], *updates[2:]], expected, rtol=1e-5)


@on_both(quick=ONE)
def test_other_wrappers_take_the_optimizer(source, name):
    lookahead = optax.lookahead(make(source, name), 2, 0.5)
    weights = optax.LookaheadParams.init_synced(PARAMS)
    state = lookahead.init(weights)
    update_lookahead = jax.jit(lookahead.update)
    for gradient in GRADIENTS:
        update, state = update_lookahead(gradient, state, weights)
        weights = optax.apply_updates(weights, update)
    wrapped = [
        optax.contrib.mechanize(make(source, name)),
        optax.contrib.schedule_free(make(source, name), rate(name)),
        optax.flatten(make(source, name)),
        optax.conditionally_transform(make(source, name), lambda step: step < 2),
        optax.chain(make(source, name), optax.apply_every(2)),
    ]
    results = [weights]
    for optimizer in wrapped:
        results.append(run(optimizer, update=jax.jit(optimizer.update))[0])
    plateau = optax.chain(make(source, name), optax.contrib.reduce_on_plateau())
    state = plateau.init(PARAMS)
    for gradient in GRADIENTS:
        update, state = plateau.update(gradient, state, PARAMS, value=1.0)
        results.append(update)
    assert all(bool(jnp.all(jnp.isfinite(leaf))) for leaf in jax.tree.leaves(results))


# Checkpoints


@on_both()
def test_pickled_state_goes_on_bit_for_bit(source, name):
    optimizer = make(source, name)
    _, state = steps(source, name)
    expected = run(optimizer, state=state)
    for way in (lambda tree: pickle.loads(pickle.dumps(tree)), copy.deepcopy, jax.device_get):
        again = way(state)
        assert type(again) is type(state)
        assert_same(run(optimizer, state=again), expected)


@on_both(quick=ONE)
def test_checkpoints_of_orbax_go_on_bit_for_bit(source, name, tmp_path):
    checkpoint = pytest.importorskip("orbax.checkpoint")
    optimizer = make(source, name)
    _, state = steps(source, name)
    with checkpoint.StandardCheckpointer() as checkpointer:
        checkpointer.save(tmp_path / "state", state)
        checkpointer.wait_until_finished()
        again = checkpointer.restore(tmp_path / "state", optimizer.init(PARAMS))
    assert_same(again, state)
    assert_same(run(optimizer, state=again), run(optimizer, state=state))


# Masks of the weight decay


DECAYING = without(
    lambda name: "weight_decay" in suites.constants(name), "no decoupled weight decay"
)


@on_programs(DECAYING)
def test_mask_says_where_to_decay(name):
    plain, _ = steps(EXPORT, name)
    bare, _ = run(make(EXPORT, name, weight_decay=0.0))
    full = {"layer": {"bias": False, "kernel": True}, "scale": False}
    prefix = {"layer": True, "scale": False}
    masks = {
        "tree": full,
        "prefix": prefix,
        "function": lambda params: jax.tree.map(lambda leaf, kept: kept, params, full),
        "function of a prefix": lambda params: prefix,
        "everywhere": True,
        "nowhere": False,
    }
    for title, mask in masks.items():
        updates, _ = run(make(EXPORT, name, mask=mask), gradients=GRADIENTS[:1])
        for path, update in jax.tree.leaves_with_path(updates[0]):
            key = jax.tree_util.keystr(path)
            decays = {
                "prefix": "layer" in key,
                "function of a prefix": "layer" in key,
                "everywhere": True,
                "nowhere": False,
            }.get(title, "kernel" in key)
            source = dict(
                (jax.tree_util.keystr(p), leaf)
                for p, leaf in jax.tree.leaves_with_path((plain if decays else bare)[0])
            )
            np.testing.assert_allclose(update, source[key], rtol=1e-6, err_msg=title)
    assert_same(run(make(EXPORT, name, mask=True)), run(make(EXPORT, name)))
    with pytest.raises(ValueError):
        run(make(EXPORT, name, mask={"other": True}))
    masked = make(EXPORT, name, mask=full)
    jitted = run(masked, update=jax.jit(masked.update))
    assert_close(jitted, run(masked), rtol=1e-5)
    assert_same(masked.init(PARAMS), make(EXPORT, name).init(PARAMS))


@on_programs(
    without(lambda name: "weight_decay" not in suites.constants(name), "has a weight decay")
)
def test_programs_without_weight_decay_have_no_mask(name):
    assert "mask" not in inspect.signature(optax_function(name)).parameters


@pytest.mark.parametrize("name", ["adamw", "lion"])
@pytest.mark.parametrize("kind", ["tree", "function"])
def test_mask_is_the_mask_of_optax(name, kind):
    tree = {"layer": {"bias": False, "kernel": True}, "scale": False}
    mask = tree if kind == "tree" else lambda params: tree
    constants = suites.constants(name) | {"weight_decay": 0.3}
    make_reference = {
        "adamw": lambda b1, b2, eps, wd: optax.adamw(0.1, b1, b2, eps, weight_decay=wd, mask=mask),
        "lion": lambda b1, b2, wd: optax.lion(0.1, b1, b2, weight_decay=wd, mask=mask),
    }
    reference = make_reference[name](*constants.values())
    expected, _ = run(reference)
    updates, _ = run(make(EXPORT, name, 0.1, mask=mask, weight_decay=0.3))
    assert_close(updates, expected, rtol=2e-5)


# Values

OF_OPTAX = without(lambda name: name in OPTAX, "optax has no such rule")
SLACK = {"radam": 1e-8, "adafactor": 1e-6}
"""Tolerances in float64.

RAdam divides by y + 1e-8, by the rule of the language. Optax computes Adafactor's decay in float32.
"""


@functools.cache
def reference(name):
    """Return 100 gradients and the updates of optax, in float64."""
    with jax.enable_x64(True):
        rng = np.random.default_rng(0)
        gradients = jax.tree.map(
            lambda leaf: rng.standard_normal((100, *leaf.shape)), jax.tree.map(np.asarray, PARAMS)
        )
        # Adafactor of optax factors the two longest axes of an array.
        constants = {each.name: each.value for each in suites.notes(name).constants}
        optimizer = OPTAX[name](0.01, **constants)
        return gradients, loop(optimizer, cast(PARAMS, jnp.float64), gradients)


def loop(optimizer, params, gradients):
    update, state, updates = jax.jit(optimizer.update), optimizer.init(params), []
    for index in range(len(jax.tree.leaves(gradients)[0])):
        gradient = jax.tree.map(lambda leaf, index=index: leaf[index], gradients)
        step, state = update(gradient, state, params)
        params = optax.apply_updates(params, step)
        updates.append(step)
    return jax.tree.map(lambda *leaves: np.stack(leaves), *updates)


@on_both(OF_OPTAX, quick=("adamw", "lion"))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_steps_are_those_of_optax(source, name, dtype):
    gradients, expected = reference(name)
    with jax.enable_x64(dtype == "float64"):
        params = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf), dtype), PARAMS)
        given = jax.tree.map(lambda leaf: leaf.astype(dtype), gradients)
        updates = loop(make(source, name, 0.01), params, given)
    exact = SLACK.get(name, 1e-10)
    assert_close(updates, expected, rtol=2e-5 if dtype == "float32" else exact)


@pytest.mark.parametrize("source", [EXPORT, OWN])
@pytest.mark.parametrize("name, oracle", [("ademamix", ademamix), ("radam", radam)])
def test_float64_is_exact(source, name, oracle):
    rng = np.random.default_rng(0)
    gradients, weights = rng.standard_normal((100, 5)), rng.standard_normal(5)
    constants = {each.name: each.value for each in suites.notes(name).constants}
    expected = np.stack(list(oracle(gradients, **constants)))
    with jax.enable_x64(True):
        updates = loop(make(source, name, 0.01), jnp.asarray(weights), jnp.asarray(gradients))
    np.testing.assert_allclose(updates / -0.01, expected, rtol=1e-10, atol=1e-12)
