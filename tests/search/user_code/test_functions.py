"""Functions of the user in files: loaded, recorded, read back without executing them."""

# pyright: reportOptionalMemberAccess=false

import importlib.metadata
import json
import sys

import pytest

from lionhunt import dsl
from lionhunt.dsl.analysis.properties import known_properties
from lionhunt.dsl.op import FunctionError
from lionhunt.dsl.op_table import OPS, PLAIN, active_table
from lionhunt.search.driver.config import RunConfig, load_config, parse_run_config
from lionhunt.search.errors import ConfigError, SourceError
from lionhunt.search.user_code import loading
from lionhunt.search.user_code.functions import (
    RECORDED,
    functions_of,
    load_functions,
    merge,
    read_functions,
    record_functions,
)
from lionhunt.search.user_code.reference import with_full_paths
from tests.support.own_functions import NAMES, TEXT, write_functions

PROGRAM = "def f(w, g, lr):\n  return softsign(g) * lr"
RAISES = "import sys\nsys.exit('executed')\n"


@pytest.fixture(autouse=True)
def module_paths(monkeypatch):
    """Keep the folders and modules of a test out of the others."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    monkeypatch.setattr(loading, "_files", {})


def recorded(path):
    """Return the entry of a file's functions, as it comes out of records."""
    entry = record_functions(load_functions([str(path)]))[RECORDED]
    return json.loads(json.dumps(entry))


def test_functions_of_a_file(tmp_path):
    path = write_functions(tmp_path)
    table = load_functions([str(path)])
    assert tuple(op.name for op in table.own) == NAMES
    assert {op.own.source for op in table.own if op.own} == {str(path)}
    assert len({op.own.digest for op in table.own if op.own}) == 1
    assert active_table() is PLAIN


def test_the_digest_changes_with_a_rule(tmp_path):
    names = []
    for text in (TEXT, TEXT.replace("1 + np.abs(x)", "2 + np.abs(x)"), TEXT):
        with load_functions([str(write_functions(tmp_path, text))]):
            names.append(dsl.fingerprint(dsl.parse(PROGRAM)))
    assert names[0] == names[2] != names[1]


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "declares no function; use @lionhunt.function"),
        ("def f(:", "line 1"),
        ("import no_such_module", "No module named 'no_such_module'"),
        ("1 / 0", "line 1: ZeroDivisionError"),
        (TEXT.replace("arity=2", "arity=3"), "need a rule of (np, x, y, a)"),
        (TEXT.replace("(1 + np.abs", "(1 + np.no_such"), "'softsign': it raised AttributeError"),
        (TEXT.replace('kind="row"', 'kind="line"'), "kind 'line' is none of"),
        (TEXT.replace('name="hypot"', 'name="softsign"'), "two functions have the name 'softsign'"),
        ("from lionhunt.dsl.ops import BUILT_IN\ntanh = BUILT_IN['tanh']", "built-in function"),
    ],
)
def test_faults_of_files_are_one_line(text, words, tmp_path):
    path = write_functions(tmp_path, text)
    with pytest.raises((SourceError, FunctionError)) as caught:
        load_functions([str(path)])
    message = str(caught.value)
    assert words in message and str(path) in message and len(message.splitlines()) == 1


def test_missing_file_and_module():
    for name in ("/no/such/file.py", "no_such_module", "no such module"):
        with pytest.raises(SourceError):
            load_functions([name])


def test_entry_points_and_modules(tmp_path, monkeypatch):
    write_functions(tmp_path).rename(tmp_path / "offered.py")
    monkeypatch.syspath_prepend(str(tmp_path))
    point = importlib.metadata.EntryPoint("mine", "offered", "lionhunt.functions")

    def entry_points(group, name):
        return [point] if (group, name) == ("lionhunt.functions", "mine") else []

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
    digests = [load_functions([name]).own[0].own.digest for name in ("mine", "offered")]
    assert digests[0] == digests[1]


def test_records_give_back_declarations_without_executing(tmp_path):
    path = write_functions(tmp_path)
    entry = recorded(path)
    with load_functions([str(path)]):
        name = dsl.fingerprint(dsl.parse(PROGRAM))
    path.write_text(RAISES)
    with read_functions(entry, "the run"):
        program = dsl.parse(PROGRAM)
        assert dsl.fingerprint(program) == name
        assert str(dsl.simplify(program)) == str(program)
        assert known_properties(program) is None
        assert known_properties(dsl.library.load("lion")) is not None
        with pytest.raises(SourceError, match="changed since the run was made") as caught:
            dsl.as_optimizer(program)
    assert str(path) in str(caught.value)


def test_records_load_the_file_that_they_had(tmp_path):
    path = write_functions(tmp_path)
    with read_functions(recorded(path), "the run"):
        program = dsl.parse(PROGRAM)
        assert known_properties(program) is None
        with active_table().loaded():
            assert known_properties(program) is not None
    path.unlink()
    with read_functions(recorded_before := recorded(write_functions(tmp_path)), "the run"):
        path.unlink()
        with pytest.raises(SourceError, match="cannot read"):
            active_table().loaded()
    assert recorded_before


def test_a_change_beside_the_file_counts(tmp_path):
    (tmp_path / "helper.py").write_text("def two(): return 2\n")
    path = write_functions(tmp_path, "import helper\n" + TEXT)
    table = read_functions(recorded(path), "the run")
    (tmp_path / "helper.py").write_text("def two(): return 3\n")
    with pytest.raises(SourceError, match="helper.py changed since the run"):
        table.loaded()


@pytest.mark.parametrize(
    "change",
    [
        {"sources": 3},
        {"rows": []},
        {"rows": [{"name": "softsign"}]},
        {"sources": {"my_functions.py": {}}},
    ],
    ids=str,
)
def test_forged_records_are_refused(change, tmp_path):
    entry = recorded(write_functions(tmp_path)) | change
    with pytest.raises(ValueError):
        read_functions(entry, "the run")


def test_forged_declarations_are_refused(tmp_path):
    entry = recorded(write_functions(tmp_path))
    for key, value in (("name", "tanh"), ("arity", 9), ("own", {"kind": "x"}), ("own", {"q": "x"})):
        rows = [entry["rows"][0] | {key: value}]
        with pytest.raises((ValueError, TypeError)):
            read_functions(entry | {"rows": rows}, "the run")


def test_merged_tables(tmp_path):
    one = load_functions([str(write_functions(tmp_path))])
    again = load_functions([str(write_functions(tmp_path))])
    assert merge([PLAIN, one, again]).own == one.own
    (tmp_path / "other").mkdir()
    other = load_functions([str(write_functions(tmp_path / "other", TEXT + "\n# another\n"))])
    with pytest.raises(ConfigError, match="two versions of the function 'softsign'"):
        merge([one, other])


RAW = {"num_programs": 1000, "tasks": [{"kind": "digits_mlp"}]}


def test_config_draws_own_functions_unless_it_names_others(tmp_path):
    raw = RAW | {"functions_from": [str(write_functions(tmp_path))]}
    plain = parse_run_config(RAW, "test").mutation.functions
    assert parse_run_config(raw, "test").mutation.functions == (*plain, *NAMES)
    known = parse_run_config(raw, "test")
    direct = RunConfig(num_programs=1000, tasks=known.tasks, functions_from=known.functions_from)
    assert direct == known

    def drawn(*words):
        return parse_run_config(raw | {"mutation": {"functions": words}}, "test").mutation.functions

    assert drawn("tanh", "hypot") == ("tanh", "hypot")
    assert drawn("own") == NAMES
    assert drawn("lengths", "row_range") == ("hypot", "row_range")
    with pytest.raises(ConfigError, match="unknown function 'softsgn'; did you mean 'softsign'"):
        drawn("softsgn")
    with pytest.raises(ConfigError, match="unknown function 'softsign'"):
        parse_run_config(RAW | {"mutation": {"functions": ["softsign"]}}, "test")
    assert "softsign" not in OPS


def test_config_finds_files_from_its_folder(tmp_path, monkeypatch):
    write_functions(tmp_path)
    path = tmp_path / "my.toml"
    path.write_text(
        'num_programs = 1000\nfunctions_from = ["./my_functions.py"]\n'
        '[[tasks]]\nkind = "digits_mlp"\n'
    )
    monkeypatch.chdir("/")
    assert load_config(path).functions_from == (str(tmp_path / "my_functions.py"),)
    raw = {"functions_from": ["a.py", "package.module"], "x": ["a.py"]}
    assert with_full_paths(raw, tmp_path) == {
        "functions_from": [f"{tmp_path}/a.py", "package.module"],
        "x": ["a.py"],
    }


def test_a_fault_of_the_file_is_one_of_the_config(tmp_path):
    raw = RAW | {"functions_from": [str(write_functions(tmp_path, "def f(:"))]}
    with pytest.raises(ConfigError, match="my_functions.py is not Python: line 1") as caught:
        parse_run_config(raw, "my.toml")
    assert str(caught.value).startswith("my.toml: ")


def test_known_functions_are_not_loaded_again(tmp_path):
    path = write_functions(tmp_path)
    with read_functions(recorded(path), "the run") as table:
        path.write_text(RAISES)
        with functions_of([str(path)]):
            assert active_table() is table
        # A config without functions has no others.
        with functions_of([]):
            assert active_table().own == ()
