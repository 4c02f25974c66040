"""Run folders that a stranger made: one line, soon, and nothing of them is executed or followed."""

import json
import os
import shutil
import signal
import sqlite3
import time
from contextlib import closing, contextmanager

import pytest

from lionhunt.search.api import runs
from lionhunt.search.comparison.store import ComparisonStore
from lionhunt.search.driver import scoring
from lionhunt.search.errors import RecordError
from lionhunt.search.selection.store import SelectionStore
from lionhunt.search.storage.query import ask
from lionhunt.search.storage.resume import create_or_resume
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.schema import RUN
from lionhunt.search.trackers.tensorboard import EventFile
from tests.support.search.command_line import is_one_line
from tests.support.search.forged_runs import change, forge, make_endless
from tests.support.search.runs import FormulaPool, advance, create, start_formula_pool

READERS = (
    ("show", "RUN"),
    ("show", "RUN:best"),
    ("show", "RUN:20", "--json"),
    ("query", "RUN", "SELECT 1"),
    ("export-run", "RUN", "--to", "csv"),
    ("classify", "RUN", "--top", "3"),
    ("export", "RUN:best", "--to", "torch"),
    ("report", "RUN"),
    ("diff", "RUN:best", "lion"),
    ("simplify", "RUN:best", "--exact-only"),
    ("bench", "functional", "RUN"),
    ("bench", "hurdles", "RUN"),
    ("select", "RUN", "--config", "select_quickstart"),
    ("resume", "RUN", "--workers", "0"),
    ("resume", "RUN", "--workers", "0", "--rescore"),
)
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"


@pytest.fixture(autouse=True)
def nothing_is_trained(monkeypatch):
    monkeypatch.setattr(scoring, "start_pool", start_formula_pool())


@pytest.fixture
def folder(finished_run_dir, tmp_path):
    """Return a copy of a finished run."""
    return shutil.copytree(finished_run_dir, tmp_path / "mailed")


@contextmanager
def ctrl_c(after):
    """Send Ctrl-C to this process after some seconds."""
    old = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, after)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)


def words_of(command, folder):
    return [word.replace("RUN", str(folder), 1) for word in command]


def of_history(sql):
    return ("DROP VIEW history", f"CREATE VIEW history AS {sql}")


def of_outcomes(columns):
    table = RunStore.kind.tables.partition("CREATE TABLE outcomes (")[2].partition(")")[0]
    return ("DROP TABLE outcomes", f"CREATE TABLE outcomes ({table}, {columns})")


SCHEMAS = {
    "endless view": of_history(ENDLESS),
    "view of the same columns": of_history(
        'SELECT "index", parent, mutation, num_draws, program, fingerprint, num_statements, '
        "num_needed, fingerprint AS outcome, 0.0 AS fitness, 'ok' AS reason, '[]' AS scores, "
        "'[]' AS curves, 0.0 AS seconds FROM individuals"
    ),
    "trigger": (
        "CREATE TRIGGER evil AFTER INSERT ON individuals BEGIN DELETE FROM individuals; END",
    ),
    "trigger of the view": (
        "CREATE TRIGGER history_evil INSTEAD OF INSERT ON history BEGIN SELECT 1; END",
    ),
    "more tables": ("CREATE TABLE more (x)",),
    "virtual table": ("CREATE VIRTUAL TABLE texts USING fts5(text)",),
    "generated column": of_outcomes("x AS (hex(seconds)) VIRTUAL"),
    "check": of_outcomes("CHECK (length(hex(zeroblob(1000000))) > 0)"),
    "index": ('CREATE INDEX evil ON individuals(abs("index"))',),
    "statistics": ("ANALYZE",),
    "column of another type": ("DROP TABLE functional", "CREATE TABLE functional (fingerprint)"),
    "no outcomes": ("DROP TABLE outcomes",),
    "table for a view": ("DROP VIEW history", "CREATE TABLE history (x)"),
    "comment in the SQL": (
        "PRAGMA writable_schema = 1",
        "UPDATE sqlite_schema SET sql = sql || ' --' WHERE name = 'run'",
    ),
    "text after the end": (
        "PRAGMA writable_schema = 1",
        "UPDATE sqlite_schema SET sql = sql || char(0) WHERE name = 'run'",
    ),
    "name twice": (
        "PRAGMA writable_schema = 1",
        "INSERT INTO sqlite_schema SELECT * FROM sqlite_schema WHERE name = 'run'",
    ),
}


@pytest.mark.parametrize("forgery", SCHEMAS)
def test_file_with_another_schema_is_refused_by_every_command(
    forgery, folder, invoke_cli, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    change(folder, *SCHEMAS[forgery])
    content = (folder / RUN.file_name).read_bytes()
    for command in READERS:
        begin = time.monotonic()
        status, out, err = invoke_cli(*words_of(command, folder))
        assert (status, out) == (2, "") or "starts again" in out
        assert is_one_line(err) and "is damaged (" in err and time.monotonic() - begin < 10
    assert (folder / RUN.file_name).read_bytes() == content
    assert os.listdir(tmp_path) == ["mailed"]


@pytest.mark.parametrize("later", ["history", "taken", "functional"])
def test_file_of_an_earlier_version_lacks_tables_and_is_read(later, folder, invoke_cli):
    digest = runs.load(folder).history_digest
    change(folder, "DROP VIEW history")
    if later != "history":
        change(folder, f"DROP TABLE {later}")
    assert runs.load(folder).history_digest == digest
    for command in (("show", "RUN"), ("resume", "RUN"), ("export-run", "RUN", "--to", "csv")):
        assert invoke_cli(*words_of(command, folder))[0] == 0


@pytest.mark.parametrize("store", [SelectionStore, ComparisonStore])
def test_other_records_with_another_schema_are_refused(store, tmp_path):
    with store.create(tmp_path, {"a": 1}) as records:
        records.commit()
    file = tmp_path / store.kind.file_name
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"CREATE VIEW more AS {ENDLESS}")
    with pytest.raises(RecordError, match="view more is not as it was made"):
        with ask(tmp_path, "SELECT * FROM more"):
            pass
    for opener in (store.open_to_read, store.open_to_write):
        with pytest.raises(RecordError, match="view more is not as it was made"), opener(tmp_path):
            pass


DEEP = "[" * 100_000
INFOS = ("[]", "null", "5", "[{}]", "[1]", '{"a": []}', DEEP)


@pytest.mark.parametrize("key", ["config", "initial", "reference", "tasks", "versions", "machine"])
def test_info_of_another_shape_is_damage(key, folder, invoke_cli):
    for text in INFOS:
        forge(folder, "run", "value", text, f"key = '{key}'")
        for command in (("show", "RUN"), ("export-run", "RUN", "--to", "csv"), ("resume", "RUN")):
            status, _, err = invoke_cli(*words_of(command, folder))
            assert status == 2 and is_one_line(err) and "is damaged (" in err


@pytest.mark.parametrize("key", ["initial", "reference"])
@pytest.mark.parametrize("text", ["", "def train(", "\x1b[2J", f"def f(w, g, lr):\n return {DEEP}"])
def test_recorded_program_that_is_none_is_damage(key, text, folder, invoke_cli):
    forge(folder, "run", "value", json.dumps(text), f"key = '{key}'")
    change(folder, 'DELETE FROM individuals WHERE "index" > 50')
    status, _, err = invoke_cli("resume", folder, "--workers", 0)
    assert status == 2 and is_one_line(err) and f"is damaged ({key}: " in err


CONTENTS = [
    ("outcomes", "scores", ("{}", "[1.0, 2.0]", '["a"]', "[[]]", "5", DEEP)),
    ("outcomes", "curves", ("{}", "[[], [], []]", '[["a"]]', "5", DEEP)),
    ("outcomes", "seconds", (-1.0,)),
    ("outcomes", "reason", ("fine", "\x1b[2J")),
    ("individuals", "program", ("", "def train(", "x" * 10**5, f"def f(w, g, lr):\n{DEEP}")),
    ("individuals", "parent", (-1, 119, 10**15)),
    ("individuals", "fingerprint", ("", "#", "a#b")),
]


@pytest.mark.parametrize(
    "table, column, value",
    [(table, column, value) for table, column, values in CONTENTS for value in values],
    ids=lambda value: str(value)[:20],
)
def test_content_that_no_run_has_is_one_line(table, column, value, folder, invoke_cli):
    forge(folder, table, column, value)
    for command in (("show", "RUN:20"), ("bench", "hurdles", "RUN"), ("show", "RUN")):
        status, _, err = invoke_cli(*words_of(command, folder))
        assert (status, err) == (0, "") or status == 2 and is_one_line(err)
    assert status == 2 and "is damaged (" in err


def test_value_that_is_larger_than_memory_allows_is_damage(folder, invoke_cli):
    change(folder, "INSERT INTO run VALUES ('huge', hex(zeroblob(20000000)), 1)")
    for command in READERS[:2]:
        status, _, err = invoke_cli(*words_of(command, folder))
        assert status == 2 and is_one_line(err) and "too big" in err


READ_FOR_EVER = {
    "run": [("show", "RUN:best")],
    "individuals": [
        ("show", "RUN:best"),
        ("classify", "RUN"),
        ("query", "RUN", "SELECT sum(num_needed) FROM individuals", "--seconds", "0"),
    ],
}


@pytest.mark.parametrize("table", READ_FOR_EVER)
def test_tree_that_never_ends_is_damage_or_ends_by_ctrl_c(table, folder, invoke_cli):
    make_endless(folder, table)
    for command in (("show", "RUN"), ("resume", "RUN"), ("export-run", "RUN", "--to", "csv")):
        status, _, err = invoke_cli(*words_of(command, folder))
        assert status == 2 and is_one_line(err) and "is damaged (On tree page" in err
    for command in READ_FOR_EVER[table]:
        begin = time.monotonic()
        with ctrl_c(0.5):
            status, _, err = invoke_cli(*words_of(command, folder))
        assert (status, err) == (130, "") and time.monotonic() - begin < 10


def test_query_has_a_time_limit(folder, invoke_cli):
    make_endless(folder)
    for sql in (ENDLESS.replace("SELECT i FROM", "SELECT max(i) FROM"),) + (
        # SQLite counts rows in one step, which heeds no Ctrl-C.
        "SELECT count(*) FROM individuals",
    ):
        status, out, err = invoke_cli("query", folder, sql, "--seconds", 1)
        assert (status, out) == (2, "") and is_one_line(err)
        assert "no answer in 1 s; ask for less, or give more time with --seconds" in err


def test_query_is_bounded_in_a_cell_a_row_and_in_all(finished_run_dir, invoke_cli, monkeypatch):
    wide = f"{ENDLESS} LIMIT 100"
    for sql, parts in (
        ("SELECT hex(zeroblob(500000)) AS a", ("...", "1 long values are cut; --json or --csv")),
        (f"SELECT {', '.join(['hex(zeroblob(500))'] * 9)}", ("...", "4 long values are cut")),
        (
            wide.replace("SELECT i FROM", "SELECT hex(zeroblob(500)) FROM"),
            ("the first 50 rows; --",),
        ),
    ):
        status, out, err = invoke_cli("query", finished_run_dir, sql, "--limit", 0)
        assert (status, err) == (0, "") and all(part in out for part in parts)
        assert out.count("0") < 60_000
    monkeypatch.setattr("lionhunt.search.cli.records.MAX_PRINTED", 10_000)
    for form in ("--json", "--csv"):
        status, out, err = invoke_cli("query", finished_run_dir, ENDLESS, form)
        assert (status, out) == (2, "") and is_one_line(err) and "ask for less" in err
    too_big = "SELECT hex(zeroblob(500000000))"
    assert invoke_cli("query", finished_run_dir, too_big) == (
        2,
        "",
        "lionhunt: SQL: string or blob too big\n",
    )


def test_long_values_are_printed_whole_below_the_bounds(finished_run_dir, invoke_cli):
    _, out, _ = invoke_cli("query", finished_run_dir, f"SELECT '{'a' * 900}' AS b, 7 AS c")
    assert out.count("a") == 900 and "cut" not in out
    _, out, _ = invoke_cli("query", finished_run_dir, f"SELECT '{'a' * 900}' AS b")
    assert out.count("a") == 900


@pytest.mark.parametrize("name", ["run.log.jsonl", "run.lock", "run.sqlite-wal", "run.sqlite"])
def test_links_to_files_of_yours_are_not_followed(name, folder, tmp_path, invoke_cli):
    change(folder, 'DELETE FROM individuals WHERE "index" > 50')
    mine = tmp_path / "mine"
    mine.write_bytes((folder / RUN.file_name).read_bytes())
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(mine)
    before = mine.read_bytes()
    status, _, err = invoke_cli("resume", folder, "--workers", 0)
    assert status == 2 and is_one_line(err) and mine.read_bytes() == before
    with pytest.raises(RecordError, match="is a link, so nothing was written"):
        with RunStore.create(folder, {}):
            pass
    assert mine.read_bytes() == before


def test_link_of_a_folder_of_curves_is_not_followed(tmp_path):
    pytest.importorskip("tensorboard")
    (tmp_path / "mine").mkdir()
    (tmp_path / "curves").symlink_to(tmp_path / "mine")
    with pytest.raises(OSError, match="it is a link"):
        EventFile(tmp_path / "curves", 0)
    assert not list((tmp_path / "mine").iterdir())


def leave_in_the_middle_of_a_write(folder):
    """Write as a process that is killed before it commits."""
    file = folder / RUN.file_name
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN")
        connection.execute("UPDATE outcomes SET curves = hex(zeroblob(9000))")
        killed = [(p, p.read_bytes()) for p in (file, file.with_name(f"{file.name}-journal"))]
    for path, content in killed:
        path.write_bytes(content)


def test_write_of_a_killed_process_is_undone_by_resume(folder, invoke_cli):
    change(folder, 'DELETE FROM individuals WHERE "index" > 50')
    digest = runs.load(folder).history_digest
    leave_in_the_middle_of_a_write(folder)
    status, _, err = invoke_cli("show", folder)
    assert status == 2 and is_one_line(err)
    assert f"left in the middle of a write; undo it with: lionhunt resume {folder}" in err
    with RunStore.open_to_write(folder) as records:
        assert records.history_digest() == digest
    assert not (folder / "run.sqlite-journal").exists()


def test_write_of_a_killed_process_is_undone_by_the_command_of_an_experiment(tmp_path):
    info = {"a": 1}
    with ComparisonStore.create(tmp_path, info) as records:
        records.commit()
    file = tmp_path / "comparison.sqlite"
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("INSERT INTO comparison VALUES ('b', '1', 1)")
        journal = file.with_name("comparison.sqlite-journal").read_bytes()
    file.with_name("comparison.sqlite-journal").write_bytes(journal)
    with create_or_resume(ComparisonStore, tmp_path, info, dict) as records:
        assert records.info() == info


def test_journal_that_names_other_files_removes_nothing(folder, tmp_path, invoke_cli):
    """SQLite removes the file that the end of a journal names, once it has undone the write."""
    change(folder, 'DELETE FROM individuals WHERE "index" > 50')
    leave_in_the_middle_of_a_write(folder)
    mine, journal = tmp_path / "mine", folder / "run.sqlite-journal"
    mine.write_text("mine")
    name = str(mine).encode()
    numbers = [len(name), sum(name)]
    end = b"".join(number.to_bytes(4, "big") for number in numbers)
    lock_page = 2**30 // 4096 + 1
    magic = bytes.fromhex("d9d505f920a163d7")
    journal.write_bytes(journal.read_bytes() + lock_page.to_bytes(4, "big") + name + end + magic)
    copy = shutil.copytree(folder, tmp_path / "copy")
    status, _, err = invoke_cli("resume", folder, "--workers", 0)
    assert status == 2 and is_one_line(err) and "journal names other files" in err
    assert mine.read_text() == "mine"
    # This shows that the journal is one that SQLite obeys.
    with closing(sqlite3.connect(copy / RUN.file_name)) as connection:
        connection.execute("SELECT * FROM run").fetchall()
    assert not mine.exists()


def test_nothing_in_the_folder_is_loaded_as_code(folder, tmp_path, invoke_cli, monkeypatch):
    """Python and JAX find nothing to import or to load in a run's folder."""
    cache = folder / "cache"
    cache.mkdir()
    for name in ("sitecustomize.py", "lionhunt.py", "digits_mlp.py", "cache/jit_run-cache"):
        (folder / name).write_text("raise SystemExit('executed')")
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    monkeypatch.chdir(folder)
    for command in READERS[:3]:
        assert invoke_cli(*words_of(command, folder))[0] == 0
    for path, content in before.items():
        assert path.read_bytes() == content


def test_lineage_that_runs_in_a_circle_is_damage(tmp_path):
    with create(tmp_path / "run") as records:
        advance(records, FormulaPool(), 60)
    for parent in (50, 51, -1):
        forge(tmp_path / "run", "individuals", "parent", parent, '"index" = 50')
        with RunStore.open_to_read(tmp_path / "run") as records:
            with pytest.raises(RecordError, match="a program is older than its parent"):
                records.lineage(50)


def test_wait_for_another_program_heeds_ctrl_c(folder, invoke_cli):
    change(folder, 'DELETE FROM individuals WHERE "index" > 50')
    with closing(sqlite3.connect(folder / RUN.file_name, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for command in (("show", "RUN"), ("resume", "RUN", "--workers", "0")):
            begin = time.monotonic()
            with ctrl_c(0.3):
                status, _, err = invoke_cli(*words_of(command, folder))
            assert (status, err) == (130, "") and time.monotonic() - begin < 10
