"""Compare the tables and the grammar of docs/language.md and docs/config.md with the code."""

import re
import runpy
import subprocess
import sys
import tomllib

import pytest

from lionhunt import dsl
from lionhunt.dsl import program
from lionhunt.dsl.op_table import OPS
from lionhunt.proxy_tasks import FAMILIES
from lionhunt.search.driver.config import load_config, parse_run_config
from tests.support.pages import ROOT, blocks, read_page

LANGUAGE, CONFIG = read_page("docs/language.md"), read_page("docs/config.md")


@pytest.mark.parametrize("name", ["language.md", "config.md"])
def test_tables_are_those_of_the_code(name):
    tables = runpy.run_path(str(ROOT / "docs" / "tables.py"))
    assert tables["page"](name) == read_page(f"docs/{name}"), "run `make docs`"


def test_every_function_has_a_row():
    assert all(f"`{op.meaning}`" in LANGUAGE for op in OPS.values())


def test_every_key_of_a_config_has_a_row():
    """Check key by key, from a whole config with every kind of task, not from the schema."""
    tasks = [{"kind": kind} for kind in FAMILIES]
    config = parse_run_config({"num_programs": 1000, "tasks": tasks}, "the test").model_dump()
    options, _, kinds = CONFIG.partition("## Tasks")
    parts = {part.partition("\n")[0]: part for part in options.split("\n### ")}
    for name, value in config.items():
        is_table = isinstance(value, dict)
        part = parts[f"`[{name}]`" if is_table else "Above all tables"]
        for key in value if is_table else [name]:
            assert part.count(f"\n| `{key}` |") == 1, key
    for kind, task in zip(FAMILIES, config["tasks"], strict=True):
        (row,) = re.findall(rf"^\| `{kind}` \| .*$", kinds, re.MULTILINE)
        for key in task.keys() - {"kind"}:
            assert f"`{key} = " in row and f"\n| `{key}` |" in kinds, (kind, key)


def test_configs_of_the_page_are_some():
    whole, *parts = map(tomllib.loads, blocks(CONFIG, "toml"))
    for part in ({}, *parts):
        parse_run_config(whole | part, "the page")


def test_searches_of_the_page_on_configs_set_known_keys():
    commands = re.findall(r"^lionhunt search .*$", CONFIG, re.MULTILINE)
    assert len(commands) == 6
    for command in commands:
        file, *settings = command.removeprefix("lionhunt search ").split(" --set ")
        load_config(ROOT / file, settings)


def test_program_of_the_page_on_the_language_is_lion():
    (lion,) = [block for block in blocks(LANGUAGE, "") if block.startswith("def")]
    assert dsl.fingerprint(dsl.parse(lion)) == dsl.fingerprint(dsl.library.load("lion"))


def test_grammar_is_that_of_the_module():
    (grammar,) = [block for block in blocks(LANGUAGE, "") if block.startswith("program")]
    assert " ".join(grammar.split()) in " ".join((program.__doc__ or "").split())


def test_error_is_shown_as_the_page_says(tmp_path):
    (example,) = [block for block in blocks(LANGUAGE, "") if block.startswith("$ lionhunt show")]
    (tmp_path / "mine.txt").write_text(
        "def train(w, g, lr):\n  update = squre(g)\n  return update\n"
    )
    command, expected = example.split("\n", 1)
    code = "import lionhunt.search.cli.main; lionhunt.search.cli.main.main()"
    words = command.removeprefix("$ lionhunt ").split()
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=tmp_path,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert sorted(done.stdout.splitlines()) == sorted(expected.splitlines())
