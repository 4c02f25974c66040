"""Loading of the user's code: what it finds, what identifies it, how it fails."""

import math
import sys
from pathlib import Path

import pytest

from lionhunt.search.errors import SourceError
from lionhunt.search.user_code import loading
from lionhunt.search.user_code.loading import changed_files, load, source_digests
from lionhunt.search.user_code.reference import Reference, is_reference, with_full_paths


def is_one_line(message: str) -> bool:
    return len(message.splitlines()) == 1


@pytest.fixture(autouse=True)
def module_paths(monkeypatch):
    """Keep the folders and modules of a test out of the others."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    monkeypatch.setattr(loading, "_files", {})


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    "text, module, name",
    [
        ("./my_task.py:MyTask", "./my_task.py", "MyTask"),
        ("/a b/c:d.py:größe", "/a b/c:d.py", "größe"),
        ("package.tasks:Task", "package.tasks", "Task"),
    ],
)
def test_references(text, module, name):
    assert Reference.parse(text) == (module, name) and is_reference(text)
    assert str(Reference.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "digits_mlp", "a.py", "a.py:", "a.py:1", "a-b:C", ":C", "a:b:c"]
)
def test_other_texts_are_no_references(text):
    assert not is_reference(text)
    with pytest.raises(SourceError) as caught:
        load(text)
    assert is_one_line(str(caught.value))


def test_paths_start_from_the_folder_of_the_config(tmp_path):
    raw = {"a": ["./f.py:X", "pkg:X", 3], "b": {"kind": "../g.py:Y"}, "c": "/h.py:Z", "d": "f.py"}
    assert with_full_paths(raw, tmp_path) == {
        "a": [f"{tmp_path}/f.py:X", "pkg:X", 3],
        "b": {"kind": f"{tmp_path}/../g.py:Y"},
        "c": "/h.py:Z",
        "d": "f.py",
    }
    assert raw["a"][0] == "./f.py:X"


def test_a_file_may_import_files_beside_it(tmp_path):
    write(tmp_path / "pkg" / "__init__.py", "")
    write(tmp_path / "pkg" / "deep.py", "VALUE = 2")
    write(tmp_path / "lazy.py", "VALUE = 3")
    write(tmp_path / "unused.py", "raise RuntimeError")
    text = "from pkg.deep import VALUE\nclass A:\n def f(self):\n  import lazy\n  return lazy.VALUE"
    main = write(tmp_path / "main.py", text)
    code = load(f"{main}:A")
    assert code.value().f() == 3 and load(f"{main}:VALUE").value == 2
    assert {Path(each).name for each in code.digests} == {
        "main.py",
        "__init__.py",
        "deep.py",
        "lazy.py",
    }
    assert code.digests == source_digests(f"{main}:A")
    # The same class again, as long as nothing changes.
    assert load(f"{main}:A").value is code.value
    names = {module.__name__.rpartition("_")[0] for module in loading.imported_files()}
    assert "lionhunt_user_main" in names


def test_a_change_of_any_file_is_seen(tmp_path):
    main = write(tmp_path / "main_a.py", "from side_a import VALUE")
    side = write(tmp_path / "side_a.py", "VALUE = 1")
    code = load(f"{main}:VALUE")
    write(side, "VALUE = 22")
    current = source_digests(f"{main}:VALUE")
    assert changed_files(code.digests, current) == [str(side)]
    changed = load(f"{main}:VALUE")
    assert changed.value == 22 and changed.digest != code.digest
    side.unlink()
    assert changed_files(code.digests, source_digests(f"{main}:VALUE")) == [str(side)]


def test_the_digest_does_not_depend_on_the_folder(tmp_path):
    digests = set()
    for folder in ("one", "two"):
        main = write(tmp_path / folder / f"{folder}_main.py", "A = 1")
        digests.add(load(f"{main}:A").digest)
    assert len(digests) == 1


def test_an_installed_module_hides_a_file_beside(tmp_path):
    write(tmp_path / "json.py", "raise RuntimeError('hidden')")
    main = write(tmp_path / "uses_json.py", "import json\nA = json.dumps")
    assert load(f"{main}:A").value is __import__("json").dumps


def test_modules_of_packages(tmp_path):
    assert load("math:pi" if hasattr(math, "__file__") is None else "json.decoder:JSONDecoder")
    write(tmp_path / "own_package" / "__init__.py", "")
    inner = write(tmp_path / "own_package" / "inner" / "tasks.py", "class T: pass")
    write(tmp_path / "own_package" / "other.py", "X = 1")
    sys.path.append(str(tmp_path))
    code = load("own_package.inner.tasks:T")
    assert str(inner) in code.digests and len(code.digests) == 3
    assert source_digests("own_package.inner.tasks:T") == code.digests


@pytest.mark.parametrize(
    "text, said",
    [
        ("class A(:\n", "line 1: invalid syntax"),
        ("\n\nraise ValueError('no\\nway')", "line 3: ValueError: no"),
        ("import no_such_package_of_mine", "line 1: ModuleNotFoundError"),
        ("class MyTusk: pass", "did you mean 'MyTusk'?"),
        ("\0", "is not Python"),
        ("def f():\n    return 1 / 0\nf()", "line 2: ZeroDivisionError"),
        ("raise SystemExit(3)", "line 1: SystemExit: 3"),
    ],
)
def test_faults_of_a_file_are_one_line(tmp_path, text, said):
    path = write(tmp_path / "faulty.py", text)
    for _ in range(2):
        with pytest.raises(SourceError) as caught:
            load(f"{path}:MyTask")
        message = str(caught.value)
        assert said in message and str(path) in message and is_one_line(message)
    assert "Tusk" in text or not any("lionhunt_user_faulty" in name for name in sys.modules)


@pytest.mark.parametrize("text", ["no_such_module_here:A", "json.nothing:A", "json:Nothing"])
def test_missing_modules_are_one_line(text, tmp_path):
    with pytest.raises(SourceError) as caught:
        load(text)
    assert text.partition(":")[0] in str(caught.value) and is_one_line(str(caught.value))
    with pytest.raises(SourceError, match="cannot read"):
        load(f"{tmp_path}/missing.py:A")
