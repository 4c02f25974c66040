"""`lionhunt resume --rescore`: a run of another machine begins again in another folder."""

import dataclasses

import pytest

from lionhunt import dsl
from lionhunt.search.driver import scoring
from lionhunt.search.storage.run_store import RunStore
from tests.support.search.command_line import is_one_line
from tests.support.search.runs import FormulaPool, advance, create, score, start_formula_pool


def here(bytecode):
    """Return the scores of this machine; `score` is another machine."""
    measurement = score(bytecode)
    return dataclasses.replace(measurement, scores=tuple(s + 1e-7 for s in measurement.scores))


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return the folder of a run that stopped on the other machine."""
    monkeypatch.setattr(scoring, "start_pool", start_formula_pool(here))
    with create(tmp_path / "run", seed=7) as records:
        advance(records, FormulaPool(), 50)
    return tmp_path / "run"


def test_rescored_run_is_a_new_one_of_the_same_config(invoke_cli, run, tmp_path):
    status, _, err = invoke_cli("resume", run)
    assert (
        status == 2
        and is_one_line(err)
        and err.endswith(f" with: lionhunt resume {run} --rescore\n")
    )
    before = (run / "run.sqlite").read_bytes()
    new = tmp_path / "run-rescored"
    status, out, err = invoke_cli("resume", run, "--rescore")
    assert (status, err) == (0, "") and f"run {new}:" in " ".join(out.split())
    with create(tmp_path / "expected", seed=7) as records:
        digest = advance(records, FormulaPool(scorer=here)).history_digest()
    with RunStore.open_to_read(new) as records:
        assert records.history_digest() == digest and records.count() == 120
        assert records.info()["rescored_from"] == str(run)
    assert invoke_cli("resume", new)[0] == 0
    assert (run / "run.sqlite").read_bytes() == before


def test_rescored_run_overwrites_nothing(invoke_cli, run, tmp_path):
    for name in ("run-rescored", "run-rescored-2"):
        assert invoke_cli("resume", run, "--rescore")[0] == 0
        assert (tmp_path / name / "run.sqlite").is_file()
    for out, message in ((run, "holds a run"), (tmp_path / "run-rescored", "holds a run")):
        status, _, err = invoke_cli("resume", run, "--rescore", "--out", out)
        assert status == 2 and is_one_line(err) and message in err
    status, _, err = invoke_cli("resume", run, "--out", tmp_path / "other")
    assert status == 2 and is_one_line(err) and "--out needs --rescore" in err
    assert not (tmp_path / "other").exists()


def test_rescored_run_has_the_programs_of_the_records_not_of_files(invoke_cli, run, tmp_path):
    """Ignore the files that the config names: they may be missing, or differ here."""
    program = tmp_path / "mine.txt"
    program.write_text(str(dsl.library.load("lion")))
    with create(tmp_path / "other", initial=str(program), reference=str(program)) as records:
        advance(records, FormulaPool(), 50)
    program.unlink()
    status, _, err = invoke_cli("resume", tmp_path / "other")
    assert status == 2 and "--rescore" in err
    assert invoke_cli("resume", tmp_path / "other", "--rescore")[0] == 0
    with RunStore.open_to_read(tmp_path / "other-rescored") as records:
        assert records.reference() == dsl.library.load("lion") and records.count() == 120
