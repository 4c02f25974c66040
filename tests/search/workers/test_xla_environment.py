"""The XLA environment: its variables, and that a worker sets them before JAX reads them."""

import os
import subprocess
import sys

from lionhunt.search.workers.xla_environment import set_xla_environment

NAMES = ("PJRT_NPROC", "XLA_PYTHON_CLIENT_PREALLOCATE", "XLA_FLAGS")

WORKER = """
import os
import lionhunt.search.comparison.trainer, lionhunt.search.driver.scoring
from lionhunt.search.workers.worker import Worker
from jax._src import xla_bridge
assert not xla_bridge.backends_are_initialized()
Worker(lambda: None, None)
assert os.environ["PJRT_NPROC"] == "1"
"""


def environment():
    return {name: os.environ.get(name) for name in NAMES}


def test_variables_are_set_once(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    set_xla_environment()
    first = environment()
    assert first["PJRT_NPROC"] == "1" and first["XLA_PYTHON_CLIENT_PREALLOCATE"] == "false"
    assert first["XLA_FLAGS"] == " --xla_gpu_deterministic_ops=true"
    set_xla_environment()
    assert environment() == first


def test_variables_of_the_user_stay(monkeypatch):
    flags = "--xla_gpu_deterministic_ops=false --xla_dump_to=x"
    for name, value in zip(NAMES, ("4", "true", flags), strict=True):
        monkeypatch.setenv(name, value)
    before = environment()
    set_xla_environment()
    assert environment() == before


def test_worker_sets_them_before_jax_starts():
    own = {name: value for name, value in os.environ.items() if name not in NAMES}
    subprocess.run([sys.executable, "-c", WORKER], env=own, check=True)
