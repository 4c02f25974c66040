"""A run as a table: every program with its outcome and scores, in CSV and Parquet."""

import csv
import dataclasses
import io
import json
import sys

import pytest
from pyarrow import parquet

from lionhunt.search.storage import export
from lionhunt.search.storage.run_store import RunStore
from tests.support.search.command_line import is_one_line
from tests.support.search.runs import FormulaPool, advance, create, score

TASKS = [{"kind": "digits_mlp", "num_steps": 5, "batch_size": 4, "width": 4}] * 2


def two_scores(bytecode):
    """Return the scores of the formula on two tasks."""
    one = score(bytecode)
    return dataclasses.replace(one, scores=tuple(f * s for f in (1, 3) for s in one.scores))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return the folder of a run on two tasks."""
    folder = tmp_path_factory.mktemp("run")
    with create(folder, tasks=TASKS) as records:
        advance(records, FormulaPool(scorer=two_scores))
    return folder


@pytest.fixture(scope="module")
def expected(run):
    """Return the table of the run, read through `RunStore`."""
    table = []
    with RunStore.open_to_read(run) as records:
        for row in records.rows():
            individual, measurement = row.individual, records.measurement(row.outcome)
            assert measurement is not None
            first, second = measurement.scores or (None, None)
            table.append(
                {
                    "index": individual.index,
                    "parent": individual.parent,
                    "mutation": individual.mutation,
                    "num_draws": individual.num_draws,
                    "program": str(individual.program),
                    "fingerprint": row.fingerprint,
                    "num_statements": row.num_statements,
                    "num_needed": row.num_needed,
                    "outcome": str(row.outcome),
                    "fitness": row.fitness,
                    "rank": row.rank,
                    "reason": row.status.value,
                    "seconds": measurement.seconds,
                    "digits_mlp": first,
                    "digits_mlp_2": second,
                }
            )
    return table


def test_parquet_has_every_value(invoke_cli, run, expected, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "GROUP_SIZE", 50)
    file = tmp_path / "run.parquet"
    status, out, err = invoke_cli("export-run", run, "--to", "parquet", "--out", file)
    assert (status, err) == (0, "") and "120 programs" in out
    written = parquet.ParquetFile(file)
    # The rows are read and written in groups.
    assert written.metadata.num_row_groups == 3
    table = written.read()
    assert table.to_pylist() == expected
    with RunStore.open_to_read(run) as records:
        assert json.loads(table.schema.metadata[b"lionhunt"]) == records.info()
    assert {row["reason"] for row in expected} == {"ok", "not_finite"}


def test_csv_has_every_value(invoke_cli, run, expected, tmp_path):
    status, out, err = invoke_cli("export-run", run, "--to", "csv")
    assert (status, err) == (0, "")
    rows = list(csv.DictReader(io.StringIO(out)))
    texts = [{k: "" if v is None else str(v) for k, v in row.items()} for row in expected]
    assert rows == texts
    file = tmp_path / "run.csv"
    assert invoke_cli("export-run", run, "--to", "csv", "--out", file)[0] == 0
    assert file.read_text("utf-8") == out and list(tmp_path.iterdir()) == [file]


def test_a_file_that_is_there_stays(invoke_cli, run, tmp_path):
    file = tmp_path / "mine"
    file.write_text("mine")
    for form in ("csv", "parquet"):
        status, _, err = invoke_cli("export-run", run, "--to", form, "--out", file)
        assert status == 2 and is_one_line(err) and "is there already" in err
    assert file.read_text() == "mine" and list(tmp_path.iterdir()) == [file]


def test_an_export_that_fails_leaves_nothing(invoke_cli, run, tmp_path):
    damaged = bytearray((run / "run.sqlite").read_bytes())
    place = damaged.index(b"interp(g, m")
    damaged[place : place + 6] = b"INTERP"
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.sqlite").write_bytes(damaged)
    status, _, err = invoke_cli(
        "export-run", tmp_path / "run", "--to", "csv", "--out", tmp_path / "a"
    )
    assert status == 2 and is_one_line(err) and "is damaged" in err
    status, out, err = invoke_cli("export-run", tmp_path / "run", "--to", "csv")
    assert (status, out) == (2, "") and "is damaged" in err
    status, _, err = invoke_cli("export-run", run, "--to", "csv", "--out", tmp_path / "none" / "a")
    assert status == 2 and is_one_line(err) and "No such file or directory" in err
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_parquet_without_pyarrow_says_what_to_install(invoke_cli, run, tmp_path, monkeypatch):
    for name in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    status, _, err = invoke_cli("export-run", run, "--to", "parquet", "--out", tmp_path / "a")
    assert status == 2 and err == "lionhunt: Parquet needs pyarrow; install lionhunt[parquet]\n"
    assert not list(tmp_path.iterdir())


def test_parquet_is_not_printed(invoke_cli, run):
    status, out, err = invoke_cli("export-run", run, "--to", "parquet")
    assert (status, out) == (2, "") and "give --out FILE" in err
