"""Packing of the user's code for workers: by value, and with a word about what is missing."""

import subprocess
import sys
import threading

import pytest

from lionhunt.search.driver.config import parse_run_config
from lionhunt.search.errors import WorkerError
from lionhunt.search.user_code.loading import imported_files
from lionhunt.search.workers.packing import pack, pickle_by_value, unpack
from tests.support.search.own_tasks import PARABOLA, write_task
from tests.support.search.runs import RAW


def test_a_process_without_the_file_builds_the_task(tmp_path):
    kind = write_task(tmp_path, f"from beside import SIZE\n{PARABOLA.replace('= 3', '= SIZE')}")
    (tmp_path / "beside.py").write_text("SIZE = 5")
    (options,) = parse_run_config(RAW | {"tasks": [{"kind": kind}]}, "test").tasks
    pickle_by_value(imported_files())
    packed = pack(options.build)
    for file in tmp_path.iterdir():
        if file.suffix == ".py":
            file.unlink()
    code = (
        "import sys; from lionhunt.search.workers.packing import unpack\n"
        "task = unpack(sys.stdin.buffer.read())(); print(task.digest, task.num_parameters)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=packed, capture_output=True, check=True
    )
    assert done.stdout.decode().split() == [options.build().digest, "5"]


def test_what_a_worker_cannot_load_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "only_here.py").write_text("def make():\n    return 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import only_here  # type: ignore[import-not-found]

    packed = pack(only_here.make)
    monkeypatch.delitem(sys.modules, "only_here")
    (tmp_path / "only_here.py").unlink()
    with pytest.raises(WorkerError, match="No module named 'only_here'") as caught:
        unpack(packed)
    assert len(str(caught.value).splitlines()) == 1


def test_what_cannot_be_sent_is_one_line():
    lock = threading.Lock()
    with pytest.raises(WorkerError, match="cannot be sent to workers .*lock") as caught:
        pack(lambda: lock)
    assert len(str(caught.value).splitlines()) == 1
