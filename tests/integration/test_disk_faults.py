"""A run whose disk is full, read-only or bad: it ends in one line, and can be resumed."""

import contextlib
import random
import resource
import sqlite3

import pytest

from lionhunt.search.errors import RecordError
from lionhunt.search.storage import database
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.schema import RUN
from tests.support.search.runs import FormulaPool, advance, create, finished


@pytest.fixture(scope="module")
def undisturbed_digest(tmp_path_factory):
    """Return the history digest of a run that nothing disturbs."""
    return finished(tmp_path_factory.mktemp("run"))


@contextlib.contextmanager
def full_file_system(records):
    """Limit the size of files to that of the run, as a full file system does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (records.path.stat().st_size + 30_000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextlib.contextmanager
def full_database(records):
    (pages,) = records._connection.execute("PRAGMA page_count").fetchone()
    records._connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    yield


@contextlib.contextmanager
def read_only(records):
    records._connection.execute("PRAGMA query_only = ON")
    yield


@pytest.mark.parametrize("fault", [full_file_system, full_database, read_only])
def test_disk_that_takes_no_more_loses_nothing(fault, undisturbed_digest, tmp_path):
    with create(tmp_path) as records:
        advance(records, FormulaPool(), 30)
    with pytest.raises(RecordError, match="make room or give permission, and resume") as error:
        with RunStore.open_to_write(tmp_path) as records, fault(records):
            advance(records, FormulaPool())
    assert "\n" not in str(error.value)
    # The failed process holds no lock.
    with RunStore.open_to_write(tmp_path) as records:
        assert 30 <= records.count() < 120
        assert advance(records, FormulaPool()).history_digest() == undisturbed_digest
    assert {file.name for file in tmp_path.iterdir()} <= {"run.sqlite", "run.lock"}


@pytest.mark.parametrize("is_new_folder", [True, False])
def test_disk_that_is_full_from_the_start_is_named_and_keeps_nothing(
    is_new_folder, tmp_path, monkeypatch
):
    connect, opened = sqlite3.connect, []

    def full(*args, **kwargs):
        connection = connect(*args, **kwargs)
        connection.execute("PRAGMA max_page_count = 2")
        opened.append(connection)
        return connection

    folder = tmp_path / "run" if is_new_folder else tmp_path
    monkeypatch.setattr(database.sqlite3, "connect", full)
    with pytest.raises(RecordError, match="database or disk is full"), create(folder):
        pass
    monkeypatch.undo()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[0].execute("SELECT 1")
    assert not list(tmp_path.iterdir())
    finished(folder)


def test_damage_that_is_not_refused_is_in_no_history(undisturbed_digest, tmp_path):
    """Flip bits all over the file, and in its header."""
    file = tmp_path / RUN.file_name
    finished(tmp_path)
    sound = file.read_bytes()
    rng = random.Random(0)
    num_refused = 0
    for trial in range(60):
        place = rng.randrange(100) if trial % 3 == 0 else rng.randrange(len(sound))
        damaged = bytearray(sound)
        damaged[place] ^= 1 << rng.randrange(8)
        file.write_bytes(damaged)
        try:
            with RunStore.open_to_write(tmp_path) as records:
                assert records.history_digest() == undisturbed_digest, f"byte {place}"
        except RecordError as error:
            num_refused += 1
            assert "\n" not in str(error) and file.read_bytes() == damaged
    assert num_refused > 15
