"""Remembered checks of files of records: the same bytes are checked once, others always."""

import json
import os
import sqlite3
import subprocess
import sys

import pytest

import lionhunt
from lionhunt.search.driver.summary import summarize_run
from lionhunt.search.errors import RecordError
from lionhunt.search.storage.checks import remembered
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.schema import RUN
from lionhunt.search.user_folder import user_folder
from tests.support.search.command_line import call
from tests.support.search.runs import FormulaPool, advance, create, finished

OPTIONS = {
    "evaluation": {"functional_cache": True, "step_sizes": [0.5, 1.0, 2.0]},
    "racing": {"num_best": 5, "max_seeds": 4, "num_fresh": 2},
    "objectives": {"max_state": 3},
}
"""Options with which most tables have rows."""


@pytest.fixture(autouse=True)
def kept(monkeypatch, tmp_path):
    """Remember small files too, in a folder of this test, and return that folder."""
    monkeypatch.setattr(remembered, "MIN_BYTES", 0)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    return user_folder().with_name("lionhunt-records")


@pytest.fixture
def checks(monkeypatch):
    """Return a list that grows with each check of a whole file."""
    done, check = [], RunStore._check

    def counted(records):
        done.append(records.path)
        check(records)

    monkeypatch.setattr(RunStore, "_check", counted)
    return done


def look(folder):
    with RunStore.open_to_read(folder) as records:
        return summarize_run(records)


def change(folder, statement):
    connection = sqlite3.connect(folder / RUN.file_name)
    assert connection.execute(statement).rowcount
    connection.commit()
    connection.close()


def test_same_bytes_are_checked_once_wherever_they_are(tmp_path, checks):
    run, copy = tmp_path / "run", tmp_path / "copy"
    finished(run)
    first = look(run)
    assert look(run) == first == json.loads(json.dumps(first)) and len(checks) == 1
    copy.mkdir()
    (copy / RUN.file_name).write_bytes((run / RUN.file_name).read_bytes())
    assert look(copy) == first | {"run": str(copy / RUN.file_name)} and len(checks) == 1
    with RunStore.open_to_read(run) as records:
        assert records.history_digest() == first["history_digest"] == records._history_digest()


@pytest.mark.parametrize("table", RunStore.tables)
def test_damage_in_every_table_is_found_after_a_remembered_check(tmp_path, table):
    finished(tmp_path, **OPTIONS)
    file = tmp_path / RUN.file_name
    change_of_row = f"UPDATE {table} SET checksum = checksum + 1"
    with RunStore.open_to_read(tmp_path) as records:
        ((count,),) = records._query(f"SELECT count(*) FROM {table}")
        columns = [row[1] for row in records._query(f"PRAGMA table_info({table})")]
    if not count:
        values = ", ".join("1" for _ in columns)
        change_of_row = f"INSERT INTO {table} VALUES ({values})"
    look(tmp_path)
    before = file.stat()
    change(tmp_path, change_of_row)
    # The check sees bytes, not times.
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    for opener in (look, lambda folder: RunStore.open_to_write(folder).__enter__()):
        with pytest.raises(RecordError, match=f"a row of {table} is not as it was written"):
            opener(tmp_path)
    with pytest.raises(RecordError, match="damaged"), RunStore.open_to_read(tmp_path) as records:
        records.check()


def test_one_flipped_bit_is_found_with_size_and_times_as_before(tmp_path):
    finished(tmp_path)
    look(tmp_path)
    file = tmp_path / RUN.file_name
    content, before = bytearray(file.read_bytes()), file.stat()
    place = content.index(b"def train(", len(content) // 2)
    content[place] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(RecordError, match="damaged"):
        look(tmp_path)


def test_run_that_goes_on_is_checked_again(tmp_path, checks):
    run = tmp_path / "run"
    with create(run) as records:
        advance(records, FormulaPool(), 50)
    assert look(run)["programs"] < 120 and len(checks) == 1
    with RunStore.open_to_write(run) as records:
        # The bytes are those of before.
        assert len(checks) == 1
        advance(records, FormulaPool(), 80)
        # A run that is open to write is in two files.
        for count in (2, 3):
            look(run)
            assert len(checks) == count
        advance(records, FormulaPool())
    assert look(run)["programs"] == 120 and len(checks) == 4


def test_check_is_done_again_if_you_ask(tmp_path, checks, monkeypatch, capsys):
    run = tmp_path / "run"
    finished(run)
    shown = [call(monkeypatch, capsys, "show", str(run)) for _ in range(2)]
    assert len(checks) == 1
    shown += [call(monkeypatch, capsys, "show", str(run), "--recheck")]
    assert len(checks) == 2 and len({*shown}) == 1
    lionhunt.load(run).summary(recheck=True)
    assert len(checks) == 3


def test_values_are_of_one_version_of_lionhunt(tmp_path, checks, monkeypatch):
    run = tmp_path / "run"
    finished(run)
    look(run)
    monkeypatch.setattr(remembered, "source_digest", lambda: "other")
    look(run)
    assert len(checks) == 2


def test_damaged_values_are_made_again(tmp_path, checks, kept):
    run = tmp_path / "run"
    finished(run)
    first = look(run)
    (file,) = kept.iterdir()
    sound = file.read_text()
    for count, text in enumerate((sound.replace('"programs": 120', '"programs": 121'), "", "{}")):
        file.write_text(text)
        assert look(run) == first and len(checks) == 2 + count
        assert json.loads(file.read_text().partition("\n")[2]) == json.loads(
            sound.partition("\n")[2]
        )


def test_folder_that_others_could_have_written_is_not_used(tmp_path, checks, kept):
    run = tmp_path / "run"
    finished(run)
    look(run)
    kept.chmod(0o777)
    look(run)
    assert len(checks) == 2


def test_small_files_are_not_remembered(tmp_path, checks, kept, monkeypatch):
    monkeypatch.setattr(remembered, "MIN_BYTES", 16 * 2**20)
    finished(tmp_path / "run")
    for _ in range(2):
        look(tmp_path / "run")
    assert len(checks) == 2 and not kept.exists()


def test_number_of_files_is_bounded(tmp_path, kept, monkeypatch):
    monkeypatch.setattr(remembered, "MAX_FILES", 2)
    for seed in range(4):
        finished(tmp_path / str(seed), num_programs=12, seed=seed)
        look(tmp_path / str(seed))
    assert len(list(kept.iterdir())) == 2


def test_digest_of_the_bytes_leaves_the_lock_of_the_reader(tmp_path):
    finished(tmp_path)
    code = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN EXCLUSIVE')"
    command = (sys.executable, "-c", code, str(tmp_path / RUN.file_name))
    with RunStore.open_to_read(tmp_path) as records:
        records.check()
        records.check()
        locked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "database is locked" in locked.stderr
    assert not subprocess.run(command, capture_output=True, check=False).returncode
