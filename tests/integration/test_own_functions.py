"""Searches that train with functions of the user, in this process and in workers."""

import pytest

import lionhunt
from tests.support.own_functions import write_functions

CONFIG = """
seed = 3
num_programs = 30
functions_from = ["./my_functions.py"]
[[tasks]]
kind = "digits_mlp"
num_steps = 10
batch_size = 4
width = 4
[evolution]
population_size = 6
tournament_size = 2
lag = 4
[mutation]
functions = ["own", "multiply"]
"""


@pytest.mark.slow
def test_history_is_the_same_with_any_workers_and_after_a_stop(tmp_path):
    path = write_functions(tmp_path)
    (tmp_path / "c.toml").write_text(CONFIG)
    run = lionhunt.run(tmp_path / "c.toml", tmp_path / "run", workers=2)
    stopped = lionhunt.run(
        tmp_path / "c.toml",
        tmp_path / "stopped",
        workers=0,
        on_progress=lambda progress: progress.num_programs > 12,
    )
    assert not stopped.is_complete
    assert lionhunt.resume(stopped, workers=0).history_digest == run.history_digest
    # The best program keeps its functions, wherever it is used.
    (found,) = run.query(
        "SELECT \"index\" FROM individuals WHERE program LIKE '%softsign(%' LIMIT 1"
    )
    program = run.program(found["index"])
    assert program.properties is not None and program.as_optimizer(0.1) is not None
    assert program.simplify(exact_only=True).program.num_needed <= program.num_needed
    path.write_text(path.read_text() + "\n# edited\n")
    assert "softsign(" in run.program(found["index"]).text
