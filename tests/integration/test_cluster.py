"""Workers on two Ray nodes: the same run, and a head that is unreachable or dies."""

import dataclasses
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import cloudpickle
import pytest
import ray
from ray._private.utils import check_version_info

from lionhunt.search.errors import WorkerError
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.workers.cluster import ray_cluster
from lionhunt.search.workers.cluster.ray_cluster import connect
from lionhunt.search.workers.open_pool import open_pool_of
from tests.support.search import runs as small_runs
from tests.support.search.command_line import is_one_line
from tests.support.search.runs import FormulaPool, advance, create, finished

# Workers cannot import tests.
cloudpickle.register_pickle_by_value(small_runs)
cloudpickle.register_pickle_by_value(sys.modules[__name__])


@dataclasses.dataclass
class OnBothNodes:
    """A scorer by a formula that first waits for a worker on each node.

    Attributes:
        folder: in which each node with a worker leaves its name.
    """

    folder: Path

    def __post_init__(self):
        (self.folder / ray.get_runtime_context().get_node_id()).touch()

    def evaluate(self, jobs):
        while jobs[0].name != "reference" and len(list(self.folder.iterdir())) < 2:
            time.sleep(0.01)
        return [small_runs.score_job(job) for job in jobs]


def on_cluster(address, folder):
    folder.mkdir(exist_ok=True)
    return open_pool_of(
        lambda: OnBothNodes(folder), num_workers=2, candidate_seconds=60.0, ray_address=address
    )


@contextmanager
def two_nodes():
    """Start a cluster; yield its address, and a function that kills its head."""
    process = subprocess.Popen(
        [sys.executable, Path(__file__).parents[1] / "support" / "search" / "ray_nodes.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    stdin, stdout = process.stdin, process.stdout

    def kill_head():
        print("kill", file=stdin, flush=True)
        assert stdout.readline() == "killed\n"

    yield stdout.readline().strip(), kill_head
    process.communicate(timeout=60)


@pytest.mark.slow
def test_two_nodes_give_the_same_history(tmp_path):
    nodes = tmp_path / "nodes"
    with two_nodes() as (address, _):
        with create(tmp_path / "run") as records, on_cluster(address, nodes) as pool:
            digest = advance(records, pool).history_digest()
    assert digest == finished(tmp_path / "alone")
    assert len(list(nodes.iterdir())) == 2


@pytest.mark.slow
def test_cluster_is_left_as_it_was_and_a_lost_head_loses_nothing(tmp_path):
    nodes = tmp_path / "nodes"
    with two_nodes() as (address, kill_head):
        with create(tmp_path / "run") as records, on_cluster(address, nodes) as pool:
            digest = advance(records, pool).history_digest()
        # The cluster lives, and the first run's workers have left its two cores.
        with pytest.raises(WorkerError, match="Ray has gone, .*start the cluster again"):
            with create(tmp_path / "lost") as records, on_cluster(address, nodes) as pool:
                advance(records, pool, 40)
                kill_head()
                while True:
                    pool.wait(0.1)
    with RunStore.open_to_write(tmp_path / "lost") as records:
        assert 40 <= records.count() < 120
        assert advance(records, FormulaPool()).history_digest() == digest


@pytest.mark.parametrize(
    "address, cause",
    [
        ("127.0.0.1:1", "nothing answers at .*:1"),
        ("no.such.host.invalid:6379", "."),
        ("auto", "nothing answers at .*:1"),
        ("ray://127.0.0.1:1", "."),
        ("nonsense", "."),
    ],
)
def test_cluster_that_is_not_there_is_said_in_one_line(address, cause, monkeypatch):
    # "auto" finds this address.
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(WorkerError, match=rf"no Ray cluster at '{address}' \({cause}") as error:
        connect(address)
    assert "\n" not in str(error.value) and "ray start --head" in str(error.value)
    assert not ray.is_initialized()


def version_mismatch():
    """Return Ray's error about a cluster of other versions, which has seven lines."""
    of_cluster = {"ray_version": "2.59.1", "python_version": "3.12.1"}
    with pytest.raises(RuntimeError) as error:
        check_version_info(of_cluster, "node 10.0.0.2")
    return error.value


SLOW = "The current node timed out during startup. This could happen because of these reasons:\nx"


@pytest.mark.parametrize(
    "error, message",
    [
        (
            version_mismatch(),
            rf"with Ray 2.59.1 and Python 3.12.1, this command has Ray {ray.__version__} and Py",
        ),
        (
            Exception(SLOW),
            r"no Ray cluster at '10.0.0.1:6379' \(The current node timed out during startup",
        ),
        (RuntimeError(""), r"no Ray cluster at '10.0.0.1:6379' \(RuntimeError\)"),
    ],
)
def test_cluster_that_refuses_is_said_in_one_line(error, message, monkeypatch):
    monkeypatch.setattr(ray, "init", raising(error))
    monkeypatch.setattr(ray_cluster, "_find_head", str)
    with pytest.raises(WorkerError, match=message) as refused:
        connect("10.0.0.1:6379")
    assert "\n" not in str(refused.value)


def raising(error):
    def init(**_):
        raise error

    return init


@pytest.mark.parametrize(
    "words",
    [["--ray-address", "127.0.0.1:1"], ["--set", "evaluation.ray_address=127.0.0.1:1"]],
)
def test_search_without_its_cluster_leaves_no_run(words, invoke_cli, tmp_path):
    config = tmp_path / "small.toml"
    config.write_text('num_programs = 1000\n[[tasks]]\nkind = "digits_mlp"\n')
    status, _, err = invoke_cli("search", config, "--out", tmp_path / "run", *words)
    assert status == 2 and is_one_line(err) and "no Ray cluster at '127.0.0.1:1'" in err
    assert not (tmp_path / "run").exists()
