"""Runs in a folder whose modules have the names of our packages."""

import subprocess
import sys

import pytest

CONFIG = """
num_programs = 12
[evolution]
population_size = 4
[[tasks]]
kind = "digits_mlp"
num_steps = 5
batch_size = 4
width = 4
"""
MAIN = "from lionhunt.search.cli.__main__ import main; main()"
IMPORTED = 'raise ImportError("a module of the user was imported")\n'
SCRIPT = f'if __name__ == "__main__":\n    {MAIN}\nelse:\n    {IMPORTED}'


SCRIPTED = pytest.param(["search.py"], marks=pytest.mark.slow)


@pytest.mark.parametrize("python", [["-c", MAIN], SCRIPTED])
def test_worker_starts_beside_modules_of_the_same_names(python, tmp_path):
    """Check both entries of `sys.path`: `python -c` has the working directory, a script its own."""
    (tmp_path / "search.py").write_text(SCRIPT)
    (tmp_path / "dsl.py").write_text(IMPORTED)
    (tmp_path / "proxy_tasks").mkdir()
    (tmp_path / "proxy_tasks" / "__init__.py").write_text(IMPORTED)
    (tmp_path / "small.toml").write_text(CONFIG)
    words = ["search", "small.toml", "--out", "run", "--workers", "1"]
    done = subprocess.run(
        [sys.executable, *python, *words], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "run" / "run.sqlite").is_file()
