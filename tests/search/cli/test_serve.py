"""The command that serves pages: it starts, answers, and ends by Ctrl-C."""

import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from tests.support.search.command_line import is_one_line

MAIN = "from lionhunt.search.cli.__main__ import main; main()"


def start(*words):
    """Start the command, and return its process and the address that it prints."""
    # Background processes of a shell ignore SIGINT, and their children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN, "serve", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip().rpartition(" ")[2]


def end(process):
    """Press Ctrl-C; return status and errors."""
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    return process.returncode, err


def test_pages_are_served_until_ctrl_c(finished_run_dir):
    process, address = start(finished_run_dir.parent, "--port", "0")
    try:
        with urllib.request.urlopen(address) as answer:
            assert b"Runs in" in answer.read()
    finally:
        status, err = end(process)
        assert status == 130 and is_one_line(err) and "the same command starts again" in err


def test_other_machines_need_the_token(finished_run_dir):
    process, address = start(finished_run_dir.parent, "--host", "0.0.0.0", "--port", "0")
    try:
        port = address.partition("?")[0].strip("/").rpartition(":")[2]
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/")
        token = address.partition("?token=")[2]
        assert len(token) >= 32
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        with opener.open(f"http://127.0.0.1:{port}/?token={token}") as answer:
            assert b"Runs in" in answer.read() and token not in answer.url
    finally:
        status, err = end(process)
        assert status == 130 and is_one_line(err) and "the same command starts again" in err


def test_what_cannot_be_served_is_one_line(invoke_cli, tmp_path):
    assert "no folder" in error_of(invoke_cli("serve", tmp_path / "nothing"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert "give another --port" in error_of(invoke_cli("serve", tmp_path, "--port", port))
    wrong = ("serve", tmp_path, "--host", "no.such.host.invalid")
    assert "give another --host" in error_of(invoke_cli(*wrong))


def error_of(answer):
    status, out, err = answer
    assert (status, out) == (2, "") and is_one_line(err)
    return err
