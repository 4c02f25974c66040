"""A Ray on this machine alone: where it listens, slow helpers, and a start that fails."""

import os
import subprocess
import sys

import psutil
import pytest

from lionhunt.search.errors import WorkerError
from lionhunt.search.log import print_warnings
from lionhunt.search.workers import ray_node
from lionhunt.search.workers.ray_cluster import LOCAL, connect
from lionhunt.search.workers.ray_node import last_words

START = """
import psutil
from lionhunt.search.errors import WorkerError
from lionhunt.search.workers.ray_cluster import connect
try:
    connect("local", 1).shutdown()
    print("started")
except WorkerError as error:
    print(error)
print(len(psutil.Process().children(recursive=True)))
"""
SLOW_HELPERS = """
import sys, time
if any(word.endswith("agent.py") or "agent/main.py" in word for word in sys.orig_argv):
    time.sleep(600)
"""


def start(tmp_path, **variables) -> tuple[str, str]:
    """Start a Ray in a process of its own; return what it says, and its children at the end."""
    environment = os.environ | {"RAY_TMPDIR": str(tmp_path)} | variables
    command = [sys.executable, "-c", START]
    output = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    said, num_children = output.stdout.splitlines()
    return said, num_children


def listening_hosts() -> set[str]:
    """Return the addresses at which this process and its children listen."""
    this = psutil.Process()
    sockets = [
        connection
        for process in (this, *this.children(recursive=True))
        for connection in process.net_connections("inet")
    ]
    return {each.laddr.ip for each in sockets if each.status == psutil.CONN_LISTEN}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere only root sees all sockets")
def test_local_ray_listens_on_loopback_alone(monkeypatch, capsys):
    """Check also the message about a start that takes long."""
    monkeypatch.setattr(ray_node, "BUSY_SECONDS", -1.0)
    with print_warnings():
        ray = connect(LOCAL, num_workers=2)
    assert capsys.readouterr().err.startswith("lionhunt: this machine is busy: Ray needs long")
    try:

        class Actor:
            def hosts(self):
                return listening_hosts()

        actors = [ray.remote(num_cpus=1)(Actor).remote() for _ in range(2)]
        hosts = listening_hosts().union(*ray.get([actor.hosts.remote() for actor in actors]))
    finally:
        ray.shutdown()
    assert hosts and hosts <= {"127.0.0.1", "::ffff:127.0.0.1", "::1"}


def test_ray_starts_however_slow_its_helpers_are(short_tmp_path):
    """Check helpers that a busy machine does not let start: Ray's own limit is 15 seconds."""
    (short_tmp_path / "sitecustomize.py").write_text(SLOW_HELPERS)
    assert start(short_tmp_path, PYTHONPATH=str(short_tmp_path)) == ("started", "0")


def test_ray_that_cannot_start_says_why_and_leaves_no_process(short_tmp_path):
    """Check a server that ends at once, since TLS has no certificate."""
    said, num_children = start(short_tmp_path, RAY_USE_TLS="1")
    assert said.startswith("Ray does not start (its gcs_server ended: ") and num_children == "0"
    assert f"Ray's log is in {short_tmp_path}/ray/session_" in said


def test_machine_that_is_too_busy_is_named(monkeypatch, short_tmp_path):
    monkeypatch.setenv("RAY_TMPDIR", str(short_tmp_path))
    monkeypatch.setattr(ray_node, "START_SECONDS", -1.0)
    with pytest.raises(WorkerError, match="this machine is too busy: .*; end other programs, and"):
        connect(LOCAL, num_workers=1)


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "its raylet ended without a word"),
        ("a line\n Check failed: x == y  no port\nmore", "its raylet ended: x == y  no port"),
        ("what(): No space [x] /a/raylet(+0x1) [0x2]\n", "its raylet ended: No space [x]"),
    ],
)
def test_log_of_a_process_says_why_it_ended(text, words, tmp_path):
    (tmp_path / "raylet.out").write_text(text)
    assert last_words(tmp_path, "raylet") == words
