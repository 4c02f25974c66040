"""Hold runs to the user's code that they began with."""

import pytest

from lionhunt.search.errors import RecordError, SourceError
from lionhunt.search.user_code.recorded_code import check_unchanged, current_digests


@pytest.fixture
def reference(tmp_path):
    (tmp_path / "helper.py").write_text("HALF = 0.5\n")
    (tmp_path / "own.py").write_text("from helper import HALF\n\ndef f(x):\n    return HALF\n")
    return f"{tmp_path / 'own.py'}:f"


def info_of(*code):
    return {"sources": current_digests(code)}


def test_unchanged_files_pass(tmp_path, reference):
    check_unchanged([reference], info_of(reference), tmp_path)
    check_unchanged([], {}, tmp_path)


@pytest.mark.parametrize("name", ["own.py", "helper.py"])
def test_an_edited_file_is_named_with_the_command_that_runs_anew(tmp_path, reference, name):
    info = info_of(reference)
    with (tmp_path / name).open("a") as file:
        file.write("# an edit\n")
    with pytest.raises(RecordError) as raised:
        check_unchanged([reference], info, tmp_path / "RUN")
    text = str(raised.value)
    assert str(tmp_path / name) in text and "RUN --rescore" in text
    assert "\n" not in text


def test_a_removed_file_is_named(tmp_path, reference):
    info = info_of(reference)
    (tmp_path / "own.py").unlink()
    with pytest.raises(SourceError, match=r"cannot read .*own\.py"):
        check_unchanged([reference], info, tmp_path)


def test_nothing_is_executed(tmp_path):
    (tmp_path / "own.py").write_text("raise SystemExit\n\ndef f(x):\n    return 1\n")
    reference = f"{tmp_path / 'own.py'}:f"
    check_unchanged([reference], info_of(reference), tmp_path)
