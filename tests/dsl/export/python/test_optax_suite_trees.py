"""optax's tests of its interface, of trees, types and learning rates, for exports."""

# Test code reads attributes that types do not tell, and variables of loops after them.
# pyright: reportAttributeAccessIssue=false, reportPossiblyUnboundVariable=false, reportArgumentType=false
# pyright: reportOptionalMemberAccess=false, reportCallIssue=false, reportOperatorIssue=false
# pyright: reportInvalidTypeForm=false

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.analysis.state_kinds import narrow_states
from lionhunt.dsl.kinds import Kind
from tests.support.dsl import suites
from tests.support.dsl.optax_suite import (
    FLOATS,
    GRADIENTS,
    PARAMS,
    assert_same,
    cast,
    draw,
    make,
    on_both,
    run,
    steps,
    strict_types,  # noqa: F401
    types,
)
from tests.support.dsl.suites import (
    ALL_TOGETHER,
    FEW,
    ONE,
    REPRESENTATIVES,
    rate,
    without,
)
from tests.support.dsl.values import assert_close


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


def kinds(name):
    """Return the kinds of the states that an exported optimizer keeps."""
    return narrow_states(simplify(suites.program(name)))


COUNTING = without(lambda name: Kind.SCALAR in kinds(name), "no state is one number")


@on_both(COUNTING)
def test_counters_are_single_numbers(source, name):
    optimizer = make(source, name)
    num_counters = kinds(name).count(Kind.SCALAR)
    num_leaves = len(jax.tree.leaves(optimizer.init({"a": jnp.ones(2), "b": jnp.ones((2, 2))})))
    num_states = len(kinds(name))
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


SUMMED = {"dadapt_adam": "its number is made of sums over gradients, which round"}


@on_both(COUNTING | SUMMED, quick=REPRESENTATIVES)
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
