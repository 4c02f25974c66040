"""Files that are written completely or not at all, and replace no other file."""

import os

import pytest

from lionhunt.search.errors import OutputError
from lionhunt.search.storage.atomic_file import new_file


@pytest.fixture(params=["links", "no links"])
def folder(request, tmp_path, monkeypatch):
    """Return an empty folder, also on a file system without links."""

    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    if request.param == "no links":
        monkeypatch.setattr(os, "link", refuse)
    return tmp_path


def write(path, text):
    with new_file(path) as part:
        part.write_text(text)


def test_file_has_its_name_once_it_is_complete(folder):
    path = folder / "a"
    with new_file(path) as part:
        part.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole" and list(folder.iterdir()) == [path]
    plain = folder / "plain"
    plain.touch()
    # Other users may read it as any other file.
    assert path.stat().st_mode == plain.stat().st_mode


def test_no_file_is_replaced_whenever_it_came(folder):
    path = folder / "a"
    (folder / "a.part").write_text("mine")
    with pytest.raises(OutputError, match="is there already"):
        with new_file(path) as part:
            part.write_text("late")
            path.write_text("mine")
    with pytest.raises(OutputError, match="is there already"):
        write(path, "again")
    (folder / "link").symlink_to("nowhere")
    with pytest.raises(OutputError, match="is there already"):
        write(folder / "link", "again")
    assert path.read_text() == (folder / "a.part").read_text() == "mine"
    assert sorted(file.name for file in folder.iterdir()) == ["a", "a.part", "link"]


def test_of_two_at_once_the_first_to_end_has_the_name(folder):
    path = folder / "a"
    with pytest.raises(OutputError, match="is there already"):
        with new_file(path) as part:
            part.write_text("second")
            write(path, "first")
    assert path.read_text() == "first" and list(folder.iterdir()) == [path]


def test_what_is_no_file_is_written_as_it_is(folder):
    os.mkfifo(folder / "pipe")
    reader = os.open(folder / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        write(folder / "pipe", "through")
        assert os.read(reader, 100) == b"through"
    finally:
        os.close(reader)


def test_what_fails_leaves_nothing_and_keeps_its_error(folder):
    with pytest.raises(ValueError, match="of the caller"), new_file(folder / "a"):
        raise ValueError("of the caller")
    with pytest.raises(OutputError, match="cannot write .*a: No such file or directory"):
        write(folder / "none" / "a", "")
    with pytest.raises(OutputError, match="cannot write .*a: disk is full"), new_file(folder / "a"):
        raise OSError("disk is full")
    assert not list(folder.iterdir())
