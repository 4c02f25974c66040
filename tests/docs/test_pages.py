"""What the pages say is so: their code runs, and their tables are those of the program."""

import contextlib
import os
import re
import runpy
import sqlite3
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from lionhunt import dsl
from lionhunt.dsl import program
from lionhunt.dsl.export import to_optax
from lionhunt.dsl.ops import OPS
from lionhunt.proxy_tasks import FAMILIES
from lionhunt.search.driver.config import load_config, parse_run_config

ROOT = Path(__file__).parents[2]
LANGUAGE = (ROOT / "docs" / "language.md").read_text("utf-8")
CONFIG = (ROOT / "docs" / "config.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")


def blocks(page: str, language: str) -> list[str]:
    """The blocks of code of a page, in that language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("name", ["language.md", "config.md"])
def test_tables_are_those_of_the_code(name):
    tables = runpy.run_path(str(ROOT / "docs" / "tables.py"))
    assert tables["page"](name) == (ROOT / "docs" / name).read_text("utf-8"), "run `make docs`"


def test_every_function_has_a_row():
    assert all(f"`{op.meaning}`" in LANGUAGE for op in OPS.values())


def test_every_key_of_a_config_has_a_row():
    """Found otherwise than the tables are: key by key of a whole config with every kind of task."""
    tasks = [{"kind": kind} for kind in FAMILIES]
    config = parse_run_config({"num_programs": 1000, "tasks": tasks}, "the test").model_dump()
    options, _, kinds = CONFIG.partition("## Tasks")
    for name, value in config.items():
        for key in value if isinstance(value, dict) else [name]:
            assert options.count(f"\n| `{key}` |") == 1, key
    for kind, task in zip(FAMILIES, config["tasks"], strict=True):
        (row,) = re.findall(rf"^\| `{kind}` \| .*$", kinds, re.MULTILINE)
        for key in task.keys() - {"kind"}:
            assert f"`{key} = " in row and f"\n| `{key}` |" in kinds, (kind, key)


def test_config_of_the_page_is_one():
    (text,) = blocks(CONFIG, "toml")
    parse_run_config(tomllib.loads(text), "the page")


def test_commands_of_the_page_on_configs_set_what_there_is():
    commands = re.findall(r"^lionhunt search .*$", CONFIG, re.MULTILINE)
    assert len(commands) == 5
    for command in commands:
        file, *settings = command.removeprefix("lionhunt search ").split(" --set ")
        load_config(ROOT / file, settings)


CODE = [*blocks(LANGUAGE, "python"), *blocks(README, "python")]


@pytest.mark.parametrize("code", CODE, ids=["to optax", "exported", "readme"])
def test_code_runs(code, tmp_path):
    text = to_optax(dsl.library.load("lion"), "lion", dsl.library.doc("lion"))
    (tmp_path / "my_lion.py").write_text(text)
    (tmp_path / "code.py").write_text(code)
    subprocess.run([sys.executable, "code.py"], check=True, cwd=tmp_path)


def test_programs_are_programs():
    (lion,) = [block for block in blocks(LANGUAGE, "") if block.startswith("def")]
    assert dsl.fingerprint(dsl.parse(lion)) == dsl.fingerprint(dsl.library.load("lion"))


def test_grammar_is_that_of_the_module():
    (grammar,) = [block for block in blocks(LANGUAGE, "") if block.startswith("program")]
    assert " ".join(grammar.split()) in " ".join((program.__doc__ or "").split())


def test_error_is_shown_as_the_page_says(tmp_path):
    (shown,) = [block for block in blocks(LANGUAGE, "") if block.startswith("$ lionhunt show")]
    (tmp_path / "mine.txt").write_text(
        "def train(w, g, lr):\n  update = squre(g)\n  return update\n"
    )
    command, expected = shown.split("\n", 1)
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


def test_tests_that_the_page_on_faults_names_are_there():
    page = (ROOT / "docs" / "reliability.md").read_text("utf-8")
    tests = "".join(file.read_text("utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    names = re.findall(r"`(test_\w+)`", page)
    assert len(names) > 10
    for name in names:
        assert f"def {name}(" in tests, name


FAKE_LIONHUNT = f"""#!{sys.executable}
import os, pathlib, sqlite3, sys, time
command, *words = sys.argv[1:]
run = pathlib.Path(words[0] if command == "resume" else words[words.index("--out") + 1])
run.mkdir(exist_ok=command == "resume")
file = sqlite3.connect(run / "run.sqlite")
file.execute("PRAGMA journal_mode = WAL")
file.execute("CREATE TABLE IF NOT EXISTS jobs (what)")
file.execute("INSERT INTO jobs VALUES (?)", [command])
file.commit()
with (run / "run.log.jsonl").open("a") as log:
    print(command, *words[-4:], file=log)
os._exit(9)  # killed, with its write-ahead log
"""


def test_slurm_script_goes_on_where_the_last_job_was(tmp_path):
    """As bash runs it, with stand-ins for Slurm, Ray and lionhunt, whose driver is killed."""
    (script,) = blocks((ROOT / "docs" / "cluster.md").read_text("utf-8"), "bash")
    home, local, bin = (tmp_path / name for name in ("home", "local", "home/lionhunt/.venv/bin"))
    bin.mkdir(parents=True)
    local.mkdir()
    (bin / "activate").touch()
    programs = {"lionhunt": FAKE_LIONHUNT, "python": f'#!/bin/sh\nexec {sys.executable} "$@"\n'}
    programs |= dict.fromkeys(("ray", "sleep"), "#!/bin/sh\n")
    programs["srun"] = '#!/bin/sh\necho "$@" > "$HOME/srun"\n'
    programs["hostname"] = "#!/bin/sh\necho 10.0.0.7 10.1.0.7\n"
    for name, text in programs.items():
        (bin / name).write_text(text)
        (bin / name).chmod(0o755)
    slurm = {"SLURM_CPUS_PER_TASK": "64", "SLURM_NNODES": "16", "SLURMD_NODENAME": "n1"}
    for job in ("1", "2", "2", "3"):  # the second is requeued
        for name in ("big", f"big-{job}"):  # what a job that was killed has left
            (local / name).mkdir(exist_ok=True)
            (local / name / "run.sqlite").write_text("stale")
        environment = {
            "HOME": str(home),
            "TMPDIR": str(local),
            "PATH": f"{bin}:{os.environ['PATH']}",
        }
        subprocess.run(
            ["bash", "-c", script], env=environment | slurm | {"SLURM_JOB_ID": job}, check=True
        )
        assert not (local / f"big-{job}").exists()
    kept = home / "runs" / "big"
    assert sorted(path.name for path in kept.iterdir()) == ["run.log.jsonl", "run.sqlite"]
    with contextlib.closing(sqlite3.connect(kept / "run.sqlite")) as file:
        rows = file.execute("SELECT what FROM jobs").fetchall()
    assert rows == [("search",), ("resume",), ("resume",), ("resume",)]
    log = (kept / "run.log.jsonl").read_text().splitlines()
    assert "--nodes=15 --ntasks=15 --exclude=n1 --cpus-per-task=64" in (home / "srun").read_text()
    words = "--workers 1022 --ray-address 10.0.0.7:6379"
    assert log == [f"{what} {words}" for (what,) in rows]
