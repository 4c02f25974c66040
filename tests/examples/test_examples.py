"""Run the example scripts and the notebook as a user would."""

import runpy
from pathlib import Path

import nbclient
import nbformat
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_search_to_training_loop(capsys):
    module = runpy.run_path(str(EXAMPLES / "search_to_training_loop.py"))
    module["main"](300)
    printed = capsys.readouterr().out
    assert "300 of 300 programs" in printed
    assert "GradientTransformation" in printed
    losses = [float(line.partition(":")[2]) for line in printed.splitlines() if "AdamW:" in line]
    assert losses and losses[0] < 0.5


def test_derivation_of_lion(capsys):
    runpy.run_path(str(EXAMPLES / "derive_lion.py"))["main"]()
    printed = capsys.readouterr().out
    assert "x / abs(x) = sign(x)" in printed
    assert "nearest known optimizers: lion" in printed


def test_notebook_runs_from_a_clean_kernel(monkeypatch):
    # The kernel is another process, which does not inherit the settings of the tests.
    monkeypatch.delenv("JAX_ENABLE_CHECKS", raising=False)
    notebook = nbformat.read(EXAMPLES / "first_search.ipynb", as_version=4)
    for cell in notebook.cells:
        cell.source = cell.source.replace("'num_programs': 2000", "'num_programs': 300")
    client = nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3")
    client.execute(cwd=str(EXAMPLES))
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    html = "".join(output.data.get("text/html", "") for output in outputs if "data" in output)
    assert "hall" not in html and "statements are needed" in html
    assert not [output for output in outputs if output.output_type == "error"]


@pytest.mark.parametrize("name", ["search_to_training_loop.py", "derive_lion.py"])
def test_scripts_say_how_to_run_them(name):
    assert f"python examples/{name}" in (EXAMPLES / name).read_text("utf-8")
