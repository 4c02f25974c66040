"""Strict types for the tests of dsl: nothing may promote one dtype to another by accident.

Only here, since optax's own Adam and cosine schedule promote integers.
"""

import jax
import pytest


@pytest.fixture(scope="module", autouse=True)
def strict_types():
    with jax.numpy_dtype_promotion("strict"):
        yield
