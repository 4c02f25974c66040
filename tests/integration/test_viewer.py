"""A viewer that reads a run while it grows: it sees one state, and blocks no writer."""

import pytest

from lionhunt.search.storage import database
from lionhunt.search.storage.run_store import RunStore
from tests.support.search.runs import FormulaPool, advance, create, finished


@pytest.fixture(scope="module")
def undisturbed_digest(tmp_path_factory):
    """Return the history digest of a run without a viewer."""
    return finished(tmp_path_factory.mktemp("run"), num_programs=600)


def log_size(folder):
    return (folder / "run.sqlite-wal").stat().st_size


def test_long_select_and_the_run_do_not_see_each_other(undisturbed_digest, tmp_path):
    """Read the rows of a viewer before and after the run continues to its end."""
    with create(tmp_path, num_programs=600) as records:
        advance(records, FormulaPool(), 50)
        with RunStore.open_to_read(tmp_path) as viewer:
            count, rows = viewer.count(), viewer.rows()
            viewed = [next(rows)]
            assert advance(records, FormulaPool()).history_digest() == undisturbed_digest
            viewed += rows
        assert [row.individual.index for row in viewed] == list(range(count))
        assert 50 <= count < records.count() == 600
    assert not list(tmp_path.glob("run.sqlite-*"))


def test_log_is_taken_into_the_file_once_viewers_are_gone(tmp_path):
    """Check that writes stay in the log while a viewer reads, and reuse its space afterwards."""

    # It writes 10 MB; SQLite merges a log that nobody reads at about 4 MB.
    def write(first):
        for number in range(first, first + 100):
            records._insert("run", f"{number}", "x" * 100_000)
            records.commit()

    with create(tmp_path) as records:
        with RunStore.open_to_read(tmp_path) as viewer:
            num_keys = len(viewer.info())
            write(0)
            before = log_size(tmp_path)
            assert len(viewer.info()) == num_keys and before > 100 * 100_000
        write(100)
        assert log_size(tmp_path) < 1.1 * before


def test_viewer_at_the_end_of_a_run_leaves_a_file_that_is_complete(
    undisturbed_digest, tmp_path, monkeypatch
):
    monkeypatch.setattr(database, "NUM_READER_TRIES", 1)
    with create(tmp_path, num_programs=600) as records:
        advance(records, FormulaPool())
        viewer = RunStore.open_to_read(tmp_path)
        assert viewer.__enter__().count() == 600
    # The copy has no log beside it.
    copy = tmp_path / "copy.sqlite"
    copy.write_bytes((tmp_path / "run.sqlite").read_bytes())
    viewer.__exit__(None, None, None)
    for path in (copy, tmp_path):
        with RunStore.open_to_read(path) as records:
            assert records.history_digest() == undisturbed_digest
    with RunStore.open_to_write(tmp_path):
        pass
    assert not list(tmp_path.glob("run.sqlite-*"))


def test_run_ends_in_one_file_once_a_viewer_lets_go(tmp_path, monkeypatch):
    with create(tmp_path) as records:
        advance(records, FormulaPool())
        viewer = RunStore.open_to_read(tmp_path)
        assert viewer.__enter__().count() == 120
        slept = []

        def sleep(seconds):
            slept.append(seconds)
            if len(slept) == 3:
                viewer.__exit__(None, None, None)

        monkeypatch.setattr(database.time, "sleep", sleep)
    assert len(slept) == 3 and not list(tmp_path.glob("run.sqlite-*"))
