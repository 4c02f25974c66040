"""JAX's transformations, optax's and optax's wrappers, for exports."""

# Test code reads attributes that types do not tell, and variables of loops after them.
# pyright: reportAttributeAccessIssue=false, reportPossiblyUnboundVariable=false, reportArgumentType=false
# pyright: reportOptionalMemberAccess=false, reportCallIssue=false, reportOperatorIssue=false
# pyright: reportInvalidTypeForm=false

import functools
import subprocess
import sys

import jax
import jax.numpy as jnp
import optax
import pytest

from tests.support.dsl import suites
from tests.support.dsl.optax_suite import (
    EXPORT,
    GRADIENTS,
    OWN,
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
    FEW,
    ONE,
    REPRESENTATIVES,
    on_programs,
    optax_function,
    rate,
    without,
)
from tests.support.dsl.values import assert_close


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
