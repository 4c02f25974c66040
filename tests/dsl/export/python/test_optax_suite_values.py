"""optax's checkpoints, masks and values, for exports."""

# Test code reads attributes that types do not tell, and variables of loops after them.
# pyright: reportAttributeAccessIssue=false, reportPossiblyUnboundVariable=false, reportArgumentType=false
# pyright: reportOptionalMemberAccess=false, reportCallIssue=false, reportOperatorIssue=false
# pyright: reportInvalidTypeForm=false

import copy
import functools
import inspect
import pickle

import jax
import jax.numpy as jnp
import numpy as np
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
    make,
    on_both,
    run,
    steps,
    strict_types,  # noqa: F401
)
from tests.support.dsl.oracles.numpy_oracles import EXACT
from tests.support.dsl.oracles.optax_oracles import OPTAX
from tests.support.dsl.suites import (
    ONE,
    on_programs,
    optax_function,
    without,
)
from tests.support.dsl.values import assert_close


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


DECAYING = without(
    lambda name: "decays = _masked(" in suites.optax_text(name), "no decoupled weight decay"
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
        optimizer = OPTAX[name].make(0.01, **constants)
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
@pytest.mark.parametrize("name", EXACT)
def test_float64_is_exact(source, name):
    rng = np.random.default_rng(0)
    gradients, weights = rng.standard_normal((100, 5)), rng.standard_normal(5)
    constants = {each.name: each.value for each in suites.notes(name).constants}
    # The rules do not read the weights.
    expected = EXACT[name].directions(gradients, gradients, np.full(100, 0.01), constants)
    with jax.enable_x64(True):
        updates = loop(make(source, name, 0.01), jnp.asarray(weights), jnp.asarray(gradients))
    np.testing.assert_allclose(updates / -0.01, expected, rtol=1e-10, atol=1e-12)
