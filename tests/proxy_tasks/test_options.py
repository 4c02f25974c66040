"""Options of tasks: they are read without JAX."""

import subprocess
import sys

HEAVY = ("jax", "equinox", "optax", "sklearn", "sentencepiece", "numpy")


def test_options_are_read_without_heavy_imports():
    code = (
        "import sys; from lionhunt.proxy_tasks import FAMILIES; "
        "[family() for family in FAMILIES.values()]; "
        f"print(*[name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "", done.stdout
    assert done.returncode == 0, done.stderr
