"""Set up every test: checked JAX on one thread, repeatable Hypothesis, two fixtures."""

import os
import tempfile
from pathlib import Path

import hypothesis
import jax
import numpy as np
import pytest

from lionhunt.search.workers.xla_environment import set_xla_environment

# Compilation takes most of the time of tests; `make test-all` compiles as users do.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")
# JAX reads these variables when it computes for the first time.
set_xla_environment()

# All processes of a test run share compiled code, which goes with the run.
CACHE = "JAX_COMPILATION_CACHE_DIR"
if CACHE not in os.environ:
    compiled = tempfile.TemporaryDirectory()
    os.environ[CACHE] = compiled.name
# Tests of the folder for compiled code leave that of the user alone.
os.environ["XDG_CACHE_HOME"] = f"{os.environ[CACHE]}/user"
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.5"
jax.config.update("jax_compilation_cache_dir", os.environ[CACHE])
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)

jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_legacy_prng_key", "error")

hypothesis.settings.register_profile(
    "repeatable", derandomize=True, database=None, deadline=None, max_examples=25
)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def key() -> jax.Array:
    return jax.random.key(0)


@pytest.fixture
def short_tmp_path():
    """Return a folder whose name leaves room for that of a socket."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def invoke_cli(monkeypatch, capsys):
    """Return a function that runs the command line and returns status, output and errors."""

    def invoke(*words):
        from lionhunt.search.cli import main

        monkeypatch.setattr("sys.argv", ["lionhunt", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            main.main()
        out, err = capsys.readouterr()
        return stopped.value.code or 0, out, err

    return invoke


@pytest.fixture(scope="module")
def finished_run_dir(tmp_path_factory):
    """Return the folder of a finished run that a formula scored."""
    from tests.support.search.runs import FormulaPool, advance, create

    folder = tmp_path_factory.mktemp("run")
    with create(folder) as store:
        advance(store, FormulaPool())
    return folder
