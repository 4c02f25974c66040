"""What every test runs under: checked JAX on one thread, repeatable Hypothesis, two fixtures."""

import os
import tempfile

import hypothesis
import jax
import numpy as np
import pytest

from lionhunt.search.workers.xla_environment import set_xla_environment

# JAX reads these variables when it computes for the first time.
os.environ["PJRT_NPROC"] = "1"
set_xla_environment()

# All processes of a test run compile a thing once, and forget it afterwards.
CACHE = "JAX_COMPILATION_CACHE_DIR"
if CACHE not in os.environ:
    compiled = tempfile.TemporaryDirectory()
    os.environ[CACHE] = compiled.name
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.5"
jax.config.update("jax_compilation_cache_dir", os.environ[CACHE])
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)

jax.config.update("jax_enable_checks", True)
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_legacy_prng_key", "error")

hypothesis.settings.register_profile(
    "repeatable", derandomize=True, database=None, deadline=None, max_examples=100
)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def key() -> jax.Array:
    return jax.random.key(0)
