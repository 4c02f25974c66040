"""Run the example scripts and the notebook as a user would."""

import functools
import runpy
from pathlib import Path

import jax
import nbclient
import nbformat
import pytest

import lionhunt

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_search_to_training_loop(capsys, monkeypatch):
    # One process compiles the tasks once, and two workers compile them twice.
    monkeypatch.setattr(lionhunt, "run", functools.partial(lionhunt.run, workers=0))
    module = runpy.run_path(str(EXAMPLES / "search_to_training_loop.py"))
    # The example has the settings of a user, not the strict ones of the tests.
    with jax.numpy_rank_promotion("allow"), jax.enable_checks(False):
        module["main"](300)
    printed = capsys.readouterr().out
    assert "300 of 300 programs" in printed
    assert "GradientTransformation" in printed
    losses = [float(line.partition(":")[2]) for line in printed.splitlines() if "AdamW:" in line]
    assert losses and losses[0] < 0.5


def test_derivation_of_lion(capsys):
    runpy.run_path(str(EXAMPLES / "derive_lion.py"))["main"]()
    printed = capsys.readouterr().out
    assert "sqrt(square(x)) = abs(x)" in printed
    assert "nearest known optimizers: lion" in printed


def test_notebook_runs_from_a_clean_kernel(monkeypatch):
    # The kernel is another process, which does not inherit the settings of the tests.
    monkeypatch.delenv("JAX_ENABLE_CHECKS", raising=False)
    notebook = nbformat.read(EXAMPLES / "first_search.ipynb", as_version=4)
    for cell in notebook.cells:
        # One process compiles the tasks once, and two workers compile them twice.
        short = "'num_programs': 300}, workers=0"
        cell.source = cell.source.replace("'num_programs': 2000}", short)
    client = nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3")
    client.execute(cwd=str(EXAMPLES))
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    html = "".join(output.data.get("text/html", "") for output in outputs if "data" in output)
    assert "hall" not in html and "statements are needed" in html
    assert not [output for output in outputs if output.output_type == "error"]


@pytest.mark.parametrize("name", ["search_to_training_loop.py", "derive_lion.py"])
def test_scripts_say_how_to_run_them(name):
    assert f"python examples/{name}" in (EXAMPLES / name).read_text("utf-8")
