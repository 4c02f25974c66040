"""Strict types for the tests of `dsl`: no dtype is promoted by accident.

Other tests cannot be strict, since Adam and the cosine schedule of optax promote integers.
"""

import jax
import pytest


@pytest.fixture(scope="module", autouse=True)
def strict_types():
    with jax.numpy_dtype_promotion("strict"):
        yield
