"""The list of runs and experiments: each kind, each state, and nothing stops it."""

import json
import shutil

import pytest

from lionhunt.errors import LionhuntError
from lionhunt.search.api.folders import list_folders
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.schema import COMPARISON, RUN, SELECTION
from tests.support.search.forged_runs import change
from tests.support.search.runs import FormulaPool, advance, best_of, create


@pytest.fixture
def root(finished_run_dir, tmp_path):
    root = tmp_path / "runs"
    shutil.copytree(finished_run_dir, root / "done")
    with create(root / "study" / "search_1") as records:
        advance(records, FormulaPool(), 40)
    return root


def states(root):
    return {entry["folder"].split("/")[-1]: entry["state"] for entry in list_folders(root)}


def test_runs_are_listed_with_their_state(root):
    done, stopped = list_folders(root)
    with RunStore.open_to_read(root / "done") as records:
        assert (done["programs"], done["best"]) == (records.count(), best_of(records).fitness)
        assert done["change"] == records.path.stat().st_mtime
    assert (done["kind"], done["state"], done["problem"]) == ("run", "complete", None)
    assert (stopped["state"], stopped["programs"] >= 40) == ("stopped", True)
    with RunStore.open_to_write(root / "done"):
        assert states(root) == {"done": "running", "search_1": "stopped"}
    assert states(root)["done"] == "complete"


def test_damaged_and_foreign_folders_do_not_stop_the_list(root, invoke_cli):
    for name, content in (("text", b"hello"), ("empty", b""), ("head", b"SQLite format 3\x00")):
        (root / name).mkdir()
        (root / name / RUN.file_name).write_bytes(content)
    for kind in (SELECTION, COMPARISON):
        (root / kind.noun).mkdir()
        (root / kind.noun / kind.file_name).write_bytes(b"hello")
    shutil.copytree(root / "done", root / "forged")
    change(root / "forged", "DROP TABLE outcomes")
    (root / "loop").symlink_to(root)
    (root / "a folder").mkdir()
    (root / "a folder" / "report.json").write_text('{"campaign": "lion_family", "study": {}}')
    (root / "odd").mkdir()
    (root / "odd" / "report.json").write_text("[" * 10_000)
    found = states(root)
    assert found.pop("a folder") == "complete" and found.pop("odd") == "complete"
    assert (found.pop("done"), found.pop("search_1")) == ("complete", "stopped")
    assert set(found.values()) == {"damaged"} and len(found) == 6
    status, out, err = invoke_cli("list", root)
    assert (status, err) == (0, "") and "campaign" in out and "is damaged" in out
    entries = json.loads(invoke_cli("list", root, "--json")[1])
    assert [entry["kind"] for entry in entries if entry["folder"].endswith("odd")] == ["report"]


def test_listing_changes_nothing(root):
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    list_folders(root)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_missing_folder_is_an_error(tmp_path, invoke_cli):
    with pytest.raises(LionhuntError, match="no folder"):
        list_folders(tmp_path / "nothing")
    status, _, err = invoke_cli("list", tmp_path / "nothing")
    assert status == 2 and err.count("\n") == 1
