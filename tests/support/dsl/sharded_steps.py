"""Steps of sharded weights on four devices of the CPU, against steps of whole weights.

Run with `python -m tests.support.dsl.sharded_steps NAME...`; it prints what passed.
"""

import os
import sys

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"

import jax
import jax.numpy as jnp
import numpy as np

from lionhunt import dsl
from tests.support.dsl import suites


def steps(optimizer, params, gradient, update):
    """Return the updates of two steps and the states before and after."""
    before = optimizer.init(params)
    first, state = update(gradient, before, params)
    second, after = update(gradient, state, params)
    return (first, second), before, after


def check(optimizer) -> None:
    """Assert that sharding changes neither values nor the types of states."""
    rng = np.random.default_rng(0)
    weights, slopes = (rng.standard_normal((2, 4, 8)).astype(np.float32) for _ in range(2))
    expected, _, _ = steps(optimizer, jnp.asarray(weights), jnp.asarray(slopes), optimizer.update)
    for kind in (jax.sharding.AxisType.Explicit, jax.sharding.AxisType.Auto):
        mesh = jax.make_mesh((4,), ("x",), axis_types=(kind,))
        sharding = jax.sharding.NamedSharding(mesh, jax.P(None, "x"))
        with jax.set_mesh(mesh):
            params, gradient = (jax.device_put(x, sharding) for x in (weights, slopes))
            for update in (jax.jit(optimizer.update),):
                updates, before, after = steps(optimizer, params, gradient, update)
                types = [jax.tree.map(jax.typeof, state) for state in (before, after)]
                assert types[0] == types[1], types
                for actual, wanted in zip(updates, expected, strict=True):
                    assert jax.typeof(actual) == jax.typeof(params)
                    assert actual.sharding.is_equivalent_to(sharding, actual.ndim)
                    np.testing.assert_allclose(actual, wanted, rtol=1e-4, atol=1e-6)
            whole = [leaf for leaf in jax.tree.leaves(before) if leaf.shape == params.shape]
            assert all(leaf.sharding.is_equivalent_to(sharding, 3) for leaf in whole)


def main() -> None:
    """Check the named programs."""
    for name in sys.argv[1:]:
        program, rate = suites.program(name), suites.rate(name)
        for source, optimizer in (
            ("export", suites.optax_function(name)(rate)),
            ("as_optimizer", dsl.as_optimizer(program, rate)),
        ):
            check(optimizer)
            print(f"{source}:{name}")


if __name__ == "__main__":
    main()
