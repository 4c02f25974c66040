"""The store of a selection: damage and foreign files are refused."""

import pytest

from lionhunt.search.errors import RecordError
from lionhunt.search.selection.store import SelectionStore
from lionhunt.search.storage.schema import SELECTION
from tests.support.search.selections import selected


def test_damaged_selection_is_named(finished_run_dir, tmp_path):
    selected(tmp_path / "s", [finished_run_dir])
    with SelectionStore.open_to_write(tmp_path / "s") as records:
        records._connection.execute("UPDATE trials SET fitness = 9.0 WHERE trial = 0")
        records.commit()
    with pytest.raises(RecordError, match="a row of trials is not as it was written"):
        with SelectionStore.open_to_write(tmp_path / "s"):
            pass


def test_run_is_no_selection_and_a_missing_one_is_named(finished_run_dir, tmp_path):
    with pytest.raises(RecordError, match="no selection at .*; start one with 'lionhunt select"):
        with SelectionStore.open_to_read(finished_run_dir):
            pass
    (tmp_path / SELECTION.file_name).write_bytes((finished_run_dir / "run.sqlite").read_bytes())
    with pytest.raises(RecordError, match="is not a selection of lionhunt; it was left alone"):
        with SelectionStore.open_to_read(tmp_path):
            pass
