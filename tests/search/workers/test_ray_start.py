"""The start of a local Ray: its folder, its token, tries and messages."""

import errno
import os
import tempfile
from pathlib import Path

import pytest
import ray
from ray._private.authentication import authentication_token_setup

from lionhunt.search.errors import WorkerError
from lionhunt.search.log import print_warnings, write_log
from lionhunt.search.workers import ray_start
from lionhunt.search.workers.ray_node import NodeError
from lionhunt.search.workers.ray_start import start_local, temporary_folder


@pytest.fixture
def starts(monkeypatch):
    """Return a list of errors; each start of Ray raises the first and removes it."""
    errors: list[Exception] = []

    def init(**_):
        if errors:
            raise errors.pop(0)

    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(ray_start, "_ensure_token", lambda: None)
    return errors


def ended(folder: Path) -> NodeError:
    logs = folder / "session" / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    return NodeError("its raylet ended: of a cause", has_ended=True, logs=logs)


def test_ray_that_ended_is_started_again_with_a_word(starts, tmp_path, capsys):
    starts.append(ended(tmp_path))
    with print_warnings(), write_log(tmp_path / "log.jsonl"):
        start_local(1)
    assert not starts and not (tmp_path / "session").exists()
    words = "Ray ended as it started (its raylet ended: of a cause); it is started again"
    assert capsys.readouterr().err == f"lionhunt: {words}\n"
    assert '"event": "warning", "message": "Ray ended' in (tmp_path / "log.jsonl").read_text()


def test_ray_that_always_ends_leaves_its_log_and_says_where(starts, tmp_path):
    starts += [ended(tmp_path) for _ in range(ray_start.MAX_STARTS)]
    with pytest.raises(WorkerError, match=r"Ray does not start \(its raylet ended") as error:
        start_local(1)
    logs = tmp_path / "session" / "logs"
    assert str(error.value).endswith(f"Ray's log is in {logs}")


@pytest.mark.parametrize(
    "error, advice",
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/x"), "make room there"),
        (OSError(errno.EACCES, os.strerror(errno.EACCES), "/x"), "give permission"),
        (OSError(errno.EROFS, os.strerror(errno.EROFS), "/x"), "another folder in RAY_TMPDIR"),
        (OSError(errno.EMFILE, os.strerror(errno.EMFILE)), "ulimit -n"),
        (OSError(errno.EAGAIN, os.strerror(errno.EAGAIN)), "ulimit -u"),
        (OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), "end programs that use memory"),
        (RuntimeError("RAY_AUTH_TOKEN_PATH is set but ..."), "RAY_AUTH_TOKEN_PATH is set"),
        (ValueError("x" * 50_000 + "\nmore"), "mend the cause"),
        (
            NodeError("this machine is too busy: ...", has_ended=False, logs=Path("/logs")),
            "end other programs, and give the command again",
        ),
    ],
)
def test_advice_fits_the_cause(error, advice, starts):
    starts.append(error)
    with pytest.raises(WorkerError) as refused:
        start_local(1)
    message = str(refused.value)
    assert advice in message and "\n" not in message and len(message) < 500
    assert "--workers 0" in message and "/dev/shm" not in message


LONG = "x" * 90


@pytest.mark.parametrize(
    "name, used",
    [
        ("TMPDIR", "good"),
        ("RAY_TMPDIR", "good"),
        ("TMPDIR", "missing"),
        ("TMPDIR", "file"),
        ("TMPDIR", LONG),
        ("RAY_TMPDIR", "missing"),
        ("RAY_TMPDIR", "file"),
        ("RAY_TMPDIR", LONG),
        ("RAY_TMPDIR", "/proc"),
    ],
)
def test_folder_that_cannot_be_used_is_not_made(name, used, short_tmp_path, monkeypatch):
    """Check that Ray takes another where Python does, and that what you name for Ray must fit."""
    for made in ("good", LONG):
        (short_tmp_path / made).mkdir()
    (short_tmp_path / "file").touch()
    folder = short_tmp_path / used
    for variable in ("TMPDIR", "TEMP", "TMP", "RAY_TMPDIR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(name, str(folder))
    # Python looks once.
    monkeypatch.setattr(tempfile, "tempdir", None)
    if used == "good":
        assert temporary_folder() == folder
    elif name == "TMPDIR":
        assert temporary_folder() != folder
    elif used == "/proc" and os.access("/proc", os.W_OK):
        pytest.skip("root may write everywhere")
    else:
        with pytest.raises(WorkerError, match=f"^{folder} .*; name another folder in RAY_TMPDIR"):
            temporary_folder()
    assert not (short_tmp_path / "missing").exists()


def test_relative_folder_is_one_of_this_place(short_tmp_path, monkeypatch):
    (short_tmp_path / "here").mkdir()
    monkeypatch.chdir(short_tmp_path)
    monkeypatch.setenv("RAY_TMPDIR", "here")
    assert temporary_folder() == short_tmp_path / "here"


def test_home_that_cannot_be_written_needs_no_token_there(monkeypatch):
    class Loader:
        """The tokens of a user without any."""

        instance = classmethod(lambda cls: cls())

        def has_token(self, ignore_auth_mode):
            return False

        def reset_cache(self):
            pass

    def fail():
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/home/me")

    monkeypatch.setattr("ray._raylet.AuthenticationTokenLoader", Loader)
    monkeypatch.setattr(authentication_token_setup, "generate_and_save_token", fail)
    # It is removed again after the test.
    monkeypatch.setenv("RAY_AUTH_TOKEN", "")
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    ray_start._ensure_token()
    assert len(os.environ["RAY_AUTH_TOKEN"]) == 64
