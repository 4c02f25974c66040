"""The liveness of Ray: addresses that listen, addresses that do not, and slow ones."""

import socket
from contextlib import closing
from types import SimpleNamespace

import pytest

from lionhunt.search.errors import WorkerError
from lionhunt.search.workers.cluster import ray_head
from lionhunt.search.workers.cluster.ray_head import MAX_SILENT, RayHead


def listen():
    return socket.create_server(("127.0.0.1", 0))


def port_of(server) -> int:
    return server.getsockname()[1]


def make_head(gcs, node):
    """Return the head of a Ray that listens at two addresses, and a list of its shutdowns."""
    ended = []
    context = SimpleNamespace(gcs_address=f"127.0.0.1:{port_of(gcs)}", get_node_id=lambda: "this")
    this = {
        "NodeID": "this",
        "NodeManagerAddress": "127.0.0.1",
        "NodeManagerPort": port_of(node),
    }
    ray = SimpleNamespace(
        get_runtime_context=lambda: context,
        nodes=lambda: [this | {"NodeID": "other", "NodeManagerPort": 1}, this],
        shutdown=lambda: ended.append(True),
    )
    return RayHead(ray), ended


@pytest.mark.parametrize("gone", ["gcs", "node"])
def test_ray_that_has_gone_is_noticed(gone, monkeypatch):
    monkeypatch.setattr(ray_head, "CHECK_SECONDS", 0.0)
    with closing(listen()) as gcs, closing(listen()) as node:
        head, _ = make_head(gcs, node)
        monkeypatch.setattr(ray_head, "TIMEOUT", 0.2)
        head.check()
        {"gcs": gcs, "node": node}[gone].close()
        with pytest.raises(WorkerError, match="Ray has gone"):
            head.check()


def test_ray_that_is_slow_has_not_gone(monkeypatch):
    """Check a Ray that accepts no connection, as a stopped process does."""
    monkeypatch.setattr(ray_head, "CHECK_SECONDS", 0.0)
    monkeypatch.setattr(ray_head, "TIMEOUT", 0.05)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as gcs, closing(listen()) as node:
        head, _ = make_head(gcs, node)
        for _ in range(4):
            head.check()


def test_ray_that_stays_silent_has_gone(monkeypatch):
    """Check a Ray that never answers; one answer in between resets the count."""
    monkeypatch.setattr(ray_head, "CHECK_SECONDS", 0.0)
    with closing(listen()) as gcs, closing(listen()) as node:
        head, _ = make_head(gcs, node)

    def check(is_alive):
        def connect(*_, timeout):
            if not is_alive:
                raise TimeoutError
            return SimpleNamespace(close=lambda: None)

        monkeypatch.setattr(ray_head.socket, "create_connection", connect)
        head.check()

    for is_alive in (*[False] * (MAX_SILENT - 1), True, *[False] * (MAX_SILENT - 1)):
        check(is_alive)
    with pytest.raises(WorkerError, match="Ray has gone"):
        check(False)


def test_a_cluster_lives_on():
    with closing(listen()) as gcs, closing(listen()) as node:
        head, ended = make_head(gcs, node)
    head.close()
    assert ended == [True]
