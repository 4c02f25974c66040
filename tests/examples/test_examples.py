"""Run the example scripts and the notebook as a user would."""

import functools
import runpy
from pathlib import Path

import jax
import nbclient
import nbformat
import pytest

import lionhunt
from lionhunt.dsl import library
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.search.evaluation.evaluator import Evaluator
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.user_code.kinds import load_kind

EXAMPLES = Path(__file__).parents[2] / "examples"
FEWER = {
    "num_programs": 300,
    "racing.max_seeds": 2,
    "racing.num_fresh": 2,
    "tasks": [{"kind": "digits_mlp", "metric": "loss", "num_steps": 20, "width": 8}],
}
"""Settings of a short search."""


def test_search_to_training_loop(capsys, monkeypatch):
    # One process compiles the tasks once, and two workers compile them twice.
    quick = functools.partial(lionhunt.run, workers=0)
    monkeypatch.setattr(
        lionhunt,
        "run",
        lambda *args, settings, **options: quick(*args, settings=settings | FEWER, **options),
    )
    module = runpy.run_path(str(EXAMPLES / "search_to_training_loop.py"))
    # The example has the settings of a user, not the strict ones of the tests.
    with jax.numpy_rank_promotion("allow"):
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


def run_notebook(name: str, **replaced: str) -> str:
    """Run a notebook in a kernel of its own, with parts replaced, and return its HTML."""
    notebook = nbformat.read(EXAMPLES / name, as_version=4)
    for old, new in replaced.items():
        assert any(old in cell.source for cell in notebook.cells)
        for cell in notebook.cells:
            cell.source = cell.source.replace(old, new)
    client = nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3")
    client.execute(cwd=str(EXAMPLES))
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert not [output for output in outputs if output.output_type == "error"]
    return "".join(output.data.get("text/html", "") for output in outputs if "data" in output)


@pytest.mark.slow
def test_first_notebook_runs_from_a_clean_kernel():
    html = run_notebook("first_search.ipynb", **{'{"num_programs": 2000}': f"{FEWER}, workers=0"})
    assert "hall" not in html and "statements are needed" in html


def test_notebook_of_your_own_problem_runs_from_a_clean_kernel():
    fewer = {'"num_programs": 400': '"num_programs": 70'}
    html = run_notebook("your_own_problem.ipynb", **fewer)
    assert "statements are needed" in html


@pytest.mark.parametrize("name", ["Recall", "Oscillator"])
def test_own_tasks_are_learned(name, monkeypatch):
    monkeypatch.chdir(EXAMPLES.parent)
    task = load_kind(f"examples/own_tasks.py:{name}").value().build()
    job = Job("", assemble(library.load("adamw_initial")), multiples=((4.0, 32.0),))
    # The example has the settings of a user, not the strict ones of the tests.
    with jax.numpy_rank_promotion("allow"):
        (measured,) = Evaluator([task], 0, job.bytecode.functions).evaluate([job])
    (curve,) = measured.curves
    assert measured.status is Status.OK and curve[-1] < 0.9 * curve[0]


@pytest.mark.parametrize("name", ["search_to_training_loop.py", "derive_lion.py"])
def test_scripts_say_how_to_run_them(name):
    assert f"python examples/{name}" in (EXAMPLES / name).read_text("utf-8")
