"""Queries in SQL: their answers, their refusals, and that they change nothing."""

import csv
import json
import signal
import sqlite3
import sys

import pytest

from lionhunt.search.comparison.store import ComparisonStore
from lionhunt.search.errors import QueryError
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.selection.store import SelectionStore
from lionhunt.search.storage.query import ask
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.schema import COMPARISON, RUN, SELECTION
from tests.support.search.command_line import is_one_line
from tests.support.search.runs import FormulaPool, advance, create

COUNT = "SELECT count(*) AS n FROM individuals"
FITNESS = 'SELECT "index", fitness, program FROM individuals JOIN outcomes USING (fingerprint)'


@pytest.fixture(scope="module")
def expected(finished_run_dir):
    with RunStore.open_to_read(finished_run_dir) as records:
        return [
            (row.individual.index, row.fitness, str(row.individual.program))
            for row in records.rows()
        ]


def test_json_and_csv_have_every_row(invoke_cli, finished_run_dir, expected):
    status, out, err = invoke_cli(
        "query", finished_run_dir, f'{FITNESS} ORDER BY "index"', "--json"
    )
    assert (status, err) == (0, "")
    assert [tuple(row.values()) for row in json.loads(out)] == expected
    assert list(json.loads(out)[0]) == ["index", "fitness", "program"]
    _, out, _ = invoke_cli("query", finished_run_dir, f'{FITNESS} ORDER BY "index"', "--csv")
    head, *rows = csv.reader(out.splitlines(keepends=True))
    assert head == ["index", "fitness", "program"]
    texts = [("" if fitness is None else repr(fitness)) for _, fitness, _ in expected]
    assert [row[1] for row in rows] == texts and len(set(texts)) > 20
    assert [row[2] for row in rows] == [text for _, _, text in expected]


@pytest.mark.parametrize("options, count", [([], 100), (["--limit", 7], 7), (["--limit", 0], 120)])
def test_table_says_when_there_is_more(invoke_cli, finished_run_dir, options, count):
    _, out, _ = invoke_cli("query", finished_run_dir, 'SELECT "index" FROM individuals', *options)
    head, line, *rows = [text.strip() for text in out.splitlines() if text.strip()]
    assert head == "index" and set(line) == {"─"}
    assert (rows.pop() == f"the first {count} rows; --limit 0 prints all") or count == 120
    assert rows[:count] == [str(number) for number in range(len(rows))]


@pytest.mark.parametrize("form", ["--json", "--csv"])
def test_limit_of_json_and_csv(invoke_cli, finished_run_dir, form):
    _, out, _ = invoke_cli(
        "query", finished_run_dir, 'SELECT "index" FROM individuals', form, "--limit", 3
    )
    rows = json.loads(out) if form == "--json" else out.splitlines()[1:]
    assert len(rows) == 3


def test_values_that_json_does_not_have(invoke_cli, finished_run_dir):
    sql = "SELECT 9e999 AS a, x'00ff' AS b, NULL AS c, CAST(x'ff' AS TEXT) AS d, 1.5 AS e"
    values = json.loads(invoke_cli("query", finished_run_dir, sql, "--json")[1])
    assert values == [{"a": "inf", "b": "00ff", "c": None, "d": r"\xff", "e": 1.5}]
    assert (
        invoke_cli("query", finished_run_dir, sql, "--csv")[1]
        == "a,b,c,d,e\n" + r"inf,00ff,,\xff,1.5" + "\n"
    )
    assert json.loads(invoke_cli("query", finished_run_dir, "SELECT 1 WHERE 0", "--json")[1]) == []


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO run VALUES ('a', 'b', 1)",
        "WITH x AS (SELECT 1) DELETE FROM outcomes",
        "UPDATE individuals SET parent = 0",
        "DROP TABLE run",
        "CREATE TABLE mine (x)",
        "CREATE TEMP TABLE mine (x)",
        "ATTACH 'other.sqlite' AS other",
        "DETACH main",
        "PRAGMA user_version = 7",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "COMMIT",
        "SAVEPOINT a",
        "ANALYZE",
        "REINDEX",
        "SELECT load_extension('mine')",
    ],
)
def test_what_does_more_than_read_is_refused(finished_run_dir, sql, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = (finished_run_dir / "run.sqlite").read_bytes()
    with pytest.raises(QueryError, match="a query only reads"):
        with ask(finished_run_dir, sql):
            pass
    assert (finished_run_dir / "run.sqlite").read_bytes() == before and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "sql, message",
    [
        ("SELEC 1", 'SQL: near "SELEC": syntax error'),
        ("SELECT a FROM run", "no such column: a; the tables are run, individuals, outcomes"),
        ("SELECT * FROM runs", "no such table: runs; the tables are run, individuals"),
        ("SELECT 1; SELECT 2", "give one statement at a time"),
        ("VACUUM INTO 'copy'", "SQL: cannot VACUUM"),
        ("", "give a query, as in"),
        ("SELECT ?", "SQL: Incorrect number of bindings"),
        ("SELECT '\udcff'", "the query is not UTF-8"),
        ("SELECT json(program) FROM individuals", "SQL: malformed JSON"),
        ("SELECT 1 AS a, 2 AS a", "two columns are called 'a'; rename one with AS"),
    ],
)
def test_bad_query_is_one_line(invoke_cli, finished_run_dir, sql, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, err = invoke_cli("query", finished_run_dir, sql, "--json")
    assert (status, out) == (2, "") and is_one_line(err) and message in err
    assert not list(tmp_path.iterdir())


def test_columns_of_a_table_can_be_asked_for(finished_run_dir):
    with ask(finished_run_dir, "PRAGMA table_info(outcomes)") as answer:
        assert "fitness" in [row[1] for row in answer.rows]


def test_query_that_never_ends_is_interrupted(finished_run_dir):
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    old = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    try:
        with pytest.raises(KeyboardInterrupt), ask(finished_run_dir, endless):
            pass
    finally:
        signal.signal(signal.SIGALRM, old)


def test_run_that_goes_on_is_asked_and_not_held_up(invoke_cli, tmp_path):
    with create(tmp_path) as records:
        advance(records, FormulaPool(), 50)
        count = records.count()
        with ask(tmp_path, COUNT) as answer, ask(tmp_path, FITNESS) as rows:
            next(rows.rows)
            advance(records, FormulaPool())
            assert list(answer.rows) == [(count,)]
            assert len(list(rows.rows)) == count - 1
        assert json.loads(invoke_cli("query", tmp_path, COUNT, "--json")[1]) == [{"n": 120}]


def test_other_records_are_asked_too(invoke_cli, tmp_path):
    measurement = Measurement(Status.OK, (0.5,), ((1.0,),), 0.1)
    with ComparisonStore.create(tmp_path, {"a": 1}) as comparison:
        comparison.add_training(("task", "adamw", 0, False), measurement)
        comparison.commit()
    with SelectionStore.create(tmp_path / "selection", {"a": 1}) as selection:
        selection.add_measurement("stage 1", "name", 7, measurement)
        selection.commit()
    for path, sql, answer in (
        (tmp_path, "SELECT optimizer FROM trainings", {"optimizer": "adamw"}),
        (tmp_path / COMPARISON.file_name, "SELECT seed FROM trainings", {"seed": 0}),
        (tmp_path / "selection", "SELECT seed FROM measurements", {"seed": 7}),
        (tmp_path / "selection" / SELECTION.file_name, "SELECT key FROM selection", {"key": "a"}),
    ):
        assert json.loads(invoke_cli("query", path, sql, "--json")[1]) == [answer]


def test_what_is_no_record_is_named(invoke_cli, tmp_path):
    (tmp_path / "text").write_text("text")
    with sqlite3.connect(tmp_path / "other") as connection:
        connection.execute("CREATE TABLE mine (x)")
    connection.close()
    for path, message in (
        (tmp_path, "no run at"),
        (tmp_path / "none", "no run at"),
        (tmp_path / "text", "is not a run of lionhunt"),
        (tmp_path / "other", "is not a run of lionhunt"),
    ):
        status, _, err = invoke_cli("query", path, "SELECT 1")
        assert status == 2 and is_one_line(err) and message in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "text"]


def test_damage_is_told_as_damage(invoke_cli, finished_run_dir, tmp_path):
    content = bytearray((finished_run_dir / RUN.file_name).read_bytes())
    content[4096:] = bytes(len(content) - 4096)
    (tmp_path / RUN.file_name).write_bytes(content)
    status, _, err = invoke_cli("query", tmp_path, FITNESS)
    assert status == 2 and is_one_line(err) and "is damaged (database disk image" in err


@pytest.mark.parametrize("limit", [10**15 + 1, 99999999999999999999])
def test_limit_that_is_no_number_of_rows_is_named(invoke_cli, finished_run_dir, limit):
    status, out, err = invoke_cli("query", finished_run_dir, COUNT, "--json", "--limit", limit)
    assert (status, out) == (2, "") and is_one_line(err) and "--limit" in err
    assert invoke_cli("query", finished_run_dir, COUNT, "--json", "--limit", 10**15)[0] == 0


def test_output_is_printed_when_the_file_is_closed(invoke_cli, finished_run_dir, monkeypatch):
    """Check that a slow reader of the output, such as `less`, does not keep the file open."""
    write, printed = sys.stdout.write, []

    def look(text):
        connection = sqlite3.connect(finished_run_dir / "run.sqlite", timeout=0)
        # This fails while there is a reader.
        connection.execute("BEGIN EXCLUSIVE")
        connection.close()
        printed.append(text)
        return write(text)

    monkeypatch.setattr("sys.stdout.write", look)
    assert invoke_cli("query", finished_run_dir, COUNT, "--csv")[0] == 0
    assert invoke_cli("query", finished_run_dir, COUNT)[0] == 0
    assert len(printed) >= 2
