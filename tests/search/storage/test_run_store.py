"""The file of a run: its contents, the processes it refuses, and files it leaves alone."""

import random
import sqlite3
from contextlib import contextmanager

import pytest

from lionhunt.search.driver.setup import load_run
from lionhunt.search.driver.summary import summarize_run
from lionhunt.search.errors import ConfigError, RecordError
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.storage import database
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.schema import RUN
from tests.support.search.runs import FormulaPool, advance, create, finished


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Return the folder of a finished run."""
    folder = tmp_path_factory.mktemp("small")
    finished(folder, num_programs=12)
    return folder


def test_what_is_written_is_read(tmp_path):
    with create(tmp_path) as records:
        advance(records, FormulaPool())
        rows, info = list(records.rows()), records.info()
    with RunStore.open_to_read(tmp_path) as records:
        assert list(records.rows()) == rows and records.info() == info
        assert [records.row(i) for i in (0, 50, 119)] == [rows[i] for i in (0, 50, 119)]
        assert list(records.rows(100)) == rows[100:]
        failed = next(row for row in rows if row.status is Status.NOT_FINITE)
        measurement = records.measurement(failed.fingerprint)
        assert (
            measurement is not None
            and measurement.status is Status.NOT_FINITE
            and measurement.curves[0][0] != 0
        )
        lineage = records.lineage(119)
        assert lineage[0].individual.parent is None and lineage[-1] == rows[119]
        for parent, child in zip(lineage, lineage[1:], strict=False):
            assert child.individual.parent == parent.individual.index
    assert info["config"]["seed"] == 1 and info["tasks"][0]["name"] == "digits_mlp"
    assert {"jax", "python", "lionhunt"} <= set(info["versions"])


def test_a_finished_run_is_one_file_that_can_be_read_where_nothing_can_be_written(tmp_path):
    digest = finished(tmp_path)
    assert not list(tmp_path.glob("*-wal"))
    tmp_path.chmod(0o500)
    try:
        with RunStore.open_to_read(tmp_path / RUN.file_name) as records:
            assert records.history_digest() == digest
    finally:
        tmp_path.chmod(0o700)


def test_digest_sees_every_column_of_the_history(tmp_path):
    digests = {finished(tmp_path)}
    for change in (
        'UPDATE individuals SET parent = 3 WHERE "index" = 20',
        "UPDATE individuals SET mutation = 'x' WHERE \"index\" = 20",
        "UPDATE individuals SET program = program || ' ' WHERE \"index\" = 20",
        "UPDATE outcomes SET fitness = fitness + 1e-15 WHERE fitness > 0",
        'DELETE FROM individuals WHERE "index" = 119',
    ):
        with sqlite3.connect(tmp_path / RUN.file_name) as connection:
            connection.execute(change)
        connection.close()
        with RunStore.open_to_read(tmp_path) as records:
            digests.add(records.history_digest())
    assert len(digests) == 6


def test_run_is_never_overwritten(tmp_path):
    digest = finished(tmp_path)
    with pytest.raises(RecordError, match="holds a run; .* or continue it with: lionhunt resume"):
        with create(tmp_path):
            pass
    with RunStore.open_to_read(tmp_path) as records:
        assert records.history_digest() == digest


def test_second_writer_is_refused_and_readers_are_not(tmp_path):
    with create(tmp_path) as records:
        advance(records, FormulaPool(), 50)
        with pytest.raises(RecordError, match="another process is running"):
            with RunStore.open_to_write(tmp_path):
                pass
        with pytest.raises(RecordError, match="another process is running"):
            with create(tmp_path):
                pass
        with RunStore.open_to_read(tmp_path) as reader:
            assert reader.count() == records.count()
        advance(records, FormulaPool())


def test_reader_sees_what_is_committed_while_the_run_goes_on(tmp_path):
    with create(tmp_path) as records:
        counts = []
        for stop in (20, 60, 120):
            advance(records, FormulaPool(), stop)
            with RunStore.open_to_read(tmp_path) as reader:
                counts.append(reader.count())
        assert counts[0] >= 20 and counts[1] >= 60 and counts[2] == 120


def test_reader_sees_one_state_of_a_run_that_goes_on(tmp_path):
    with create(tmp_path) as records:
        advance(records, FormulaPool(), 50)
        with RunStore.open_to_read(tmp_path) as reader:
            before = reader.count()
            advance(records, FormulaPool())
            assert reader.count() == before < records.count()


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "is not a run of lionhunt"),
        (b"def train(w, g, lr):\n  return g\n" * 100, "is not a run of lionhunt"),
        (b"SQLite format 3\x00" + b"\x01" * 5000, "is not a run of lionhunt|malformed"),
    ],
)
@pytest.mark.parametrize("opener", [RunStore.open_to_read, RunStore.open_to_write])
def test_foreign_file_is_named_and_left_alone(tmp_path, content, message, opener):
    file = tmp_path / RUN.file_name
    file.write_bytes(content)
    with pytest.raises(RecordError, match=message):
        with opener(tmp_path):
            pass
    assert file.read_bytes() == content and list(tmp_path.iterdir()) == [file]


def test_damaged_run_is_named_and_left_alone(tmp_path):
    """Flip bytes and cut ends off: there is one kind of error, and nothing is written."""
    file = tmp_path / RUN.file_name
    finished(tmp_path)
    (tmp_path / "run.lock").unlink()
    sound = file.read_bytes()
    rng = random.Random(0)
    num_refused = 0
    for trial in range(60):
        damaged = bytearray(sound)
        if trial % 4:
            for _ in range(8):
                damaged[rng.randrange(100, len(sound))] ^= 1 << rng.randrange(8)
        else:
            del damaged[rng.randrange(len(sound)) :]
        file.write_bytes(damaged)
        try:
            with RunStore.open_to_read(tmp_path) as records:
                summarize_run(records)
        except RecordError as error:
            assert "\n" not in str(error)
            num_refused += 1
            with pytest.raises(RecordError), RunStore.open_to_write(tmp_path) as records:
                load_run(records)
                list(records.rows())
        assert file.read_bytes() == damaged and list(tmp_path.iterdir()) == [file]
    # The other changes hit unused parts of the file.
    assert num_refused > 40


@pytest.mark.parametrize("opener", [RunStore.open_to_read, RunStore.open_to_write])
@pytest.mark.parametrize(
    "error", [ValueError, ConfigError, KeyError, TypeError, OverflowError, sqlite3.IntegrityError]
)
def test_error_of_who_reads_or_writes_is_not_said_of_the_file(small, opener, error):
    with pytest.raises(error, match="of the caller"), opener(small):
        raise error("of the caller")


@pytest.mark.parametrize("opener", [RunStore.open_to_read, RunStore.open_to_write])
def test_statement_that_is_wrong_is_a_bug_and_no_damage(small, opener):
    with pytest.raises(sqlite3.OperationalError, match="no such column"), opener(small) as records:
        records._query("SELECT x FROM run")


@pytest.mark.parametrize(
    "change, message",
    [
        ("ALTER TABLE outcomes RENAME COLUMN curves TO curvez", "table outcomes is not as"),
        ("ALTER TABLE individuals RENAME TO individualz", "table individualz is not as"),
        ("UPDATE run SET value = '{' WHERE key = 'config'", "a row of run is not as it was"),
        ("UPDATE outcomes SET reason = 'fine'", "'fine' is not a valid Status"),
        (
            "UPDATE individuals SET program = 'def train('",
            "line 1, column 11: expected",
        ),
        ("UPDATE outcomes SET curves = '['", "malformed JSON"),
        ("UPDATE individuals SET program = CAST(x'ff' AS TEXT)", "decode to UTF-8"),
    ],
)
def test_content_that_makes_no_sense_is_damage_whoever_asks(small, tmp_path, change, message):
    file = tmp_path / RUN.file_name
    file.write_bytes((small / RUN.file_name).read_bytes())
    with sqlite3.connect(file) as connection:
        connection.execute(change)
    connection.close()
    with pytest.raises(RecordError, match=f"is damaged .*({message})") as error:
        with RunStore.open_to_read(tmp_path) as records:
            records.info()
            records.row(0)
            records.num_chunks()
    assert "\n" not in str(error.value)


def test_other_database_is_left_alone(tmp_path):
    file = tmp_path / RUN.file_name
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE mine (x)")
    connection.commit()
    connection.close()
    content = file.read_bytes()
    with pytest.raises(RecordError, match="is not a run of lionhunt; it was left alone"):
        with RunStore.open_to_write(tmp_path):
            pass
    assert file.read_bytes() == content and list(tmp_path.iterdir()) == [file]


def test_run_of_another_format_is_refused(tmp_path):
    finished(tmp_path)
    with sqlite3.connect(tmp_path / RUN.file_name) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(RecordError, match="has format 99, this lionhunt reads 1"):
        with RunStore.open_to_read(tmp_path):
            pass


def test_missing_run_and_missing_program_are_named(tmp_path):
    with pytest.raises(RecordError, match="no run at .*; start one"):
        with RunStore.open_to_read(tmp_path / "none"):
            pass
    finished(tmp_path)
    with RunStore.open_to_read(tmp_path) as records:
        with pytest.raises(RecordError, match="has no program 120; it has 0 to 119"):
            records.row(120)
        assert records.row(119).individual.index == 119


def test_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match="cannot make .*file/run"):
        with create(tmp_path / "file" / "run"):
            pass


def test_what_fails_before_there_is_a_result_leaves_only_what_was_there(tmp_path, monkeypatch):
    """Check also that the lock is held until the file is gone."""

    def begin(folder):
        with create(folder) as records:
            records.log.write_text("line")
            raise ConfigError("a task that does not train")

    (tmp_path / "mine" / "cache").mkdir(parents=True)
    (tmp_path / "mine" / "run.log.jsonl").write_text("line")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes").write_text("mine")
    older_files = sorted(tmp_path.rglob("*"))
    held = []
    discard = database._discard

    def look(file, but):
        with pytest.raises(RecordError, match="another process"), database._lock(file):
            pass
        held.append(file.parent.name)
        discard(file, but)

    monkeypatch.setattr(database, "_discard", look)
    for name in ("mine", "new", "other"):
        with pytest.raises(ConfigError):
            begin(tmp_path / name)
    assert sorted(tmp_path.rglob("*")) == older_files and held == ["mine", "new", "other"]


def test_file_that_went_while_the_lock_was_waited_for_is_named(small, tmp_path):
    file = tmp_path / RUN.file_name
    file.write_bytes((small / RUN.file_name).read_bytes())
    lock = database._lock

    @contextmanager
    def late(path):
        with lock(path):
            path.unlink()
            yield

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_lock", late)
        with pytest.raises(RecordError, match="no run at"), RunStore.open_to_write(tmp_path):
            pass
    assert not file.exists()


def test_half_made_file_of_a_killed_process_is_in_nobodys_way(tmp_path):
    (tmp_path / "run.new").write_bytes(b"half")
    finished(tmp_path)
