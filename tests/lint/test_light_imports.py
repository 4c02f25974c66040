"""Commands and imports that need no training must not load the libraries that train."""

import subprocess
import sys

import pytest

HEAVY = ("jax", "ray", "matplotlib", "scipy", "sklearn", "torch", "pandas", "pyarrow", "equinox")
MAIN = "from lionhunt.search.cli.__main__ import main; main()"


def loaded_by(code: str, *words: str) -> set[str]:
    """Return the heavy libraries that a new Python process has loaded after some code."""
    check = f"import sys; print(*(m for m in {HEAVY} if m in sys.modules), file=sys.stderr)"
    program = f"import atexit\natexit.register(lambda: exec({check!r}, {{}}))\n{code}"
    done = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["--version"],
        ["search", "--help"],
        ["show", "lion"],
        ["show", "--list"],
        ["export", "lion", "--to", "torch"],
        ["classify", "raw_lion", "--no-behavior"],
        ["classify", "adamw", "--no-behavior"],
    ],
    ids=" ".join,
)
def test_light_commands_load_no_heavy_library(words):
    assert not loaded_by(MAIN, *words)


@pytest.mark.parametrize(
    "code",
    [
        "import lionhunt",
        "import lionhunt.dsl",
        "import lionhunt; lionhunt.program('lion').fingerprint",
        "import lionhunt; lionhunt.run; lionhunt.load; lionhunt.RunConfig",
        "import lionhunt.search.server.start",
    ],
)
def test_light_imports_load_no_heavy_library(code):
    assert not loaded_by(code)
