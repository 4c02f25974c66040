"""The command line: its output, and its refusals in one line with status 2."""

import errno
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys

import pytest
from rich.console import Console

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.search.api.searches import free_run_folder
from lionhunt.search.cli import main as cli
from lionhunt.search.driver import report
from lionhunt.search.driver.progress import RunProgress
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.storage.run_store import RunStore
from tests.support.search.command_line import is_one_line
from tests.support.search.runs import RAW

CONFIG = """
num_programs = 120
[evolution]
population_size = 10
[[tasks]]
kind = "digits_mlp"
num_steps = 5
batch_size = 4
width = 4
"""


@pytest.mark.parametrize(
    "name, counts, live",
    [
        ("raw_lion", (21, 13, 12), ["v"]),
        ("adamw_initial", (9, 9, 9), ["m", "v"]),
        ("lion", (6, 6, 6), ["momentum"]),
    ],
)
def test_show_program_as_json(invoke_cli, name, counts, live):
    status, out, err = invoke_cli("show", name, "--json")
    shown = json.loads(out)
    assert (status, err, shown["valid"]) == (0, "", True)
    assert (shown["statements"], shown["needed_within_step"], shown["needed"]) == counts
    assert shown["live_state"] == live
    assert shown["fingerprint"] == dsl.fingerprint(dsl.library.load(name))
    assert dsl.parse(shown["program"]) == dsl.library.load(name)
    assert len(dsl.parse(shown["simplified"]).statements) == counts[2]
    assert len(shown["listing"]) == counts[0]


def test_show_marks_every_statement(invoke_cli):
    _, out, _ = invoke_cli("show", "raw_lion")
    lines = {line.split()[0]: line for line in out.splitlines() if line[:1].isdigit()}
    assert lines["0"].split()[-2:] == ["tree", "needed"]
    assert "scalar" in lines["2"] and "redundant" in lines["2"]
    assert "needed only within the step" in lines["17"]
    assert sum("redundant" in line for line in lines.values()) == 8


def test_show_file(invoke_cli, tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text('def mine(w, g, lr):\n  """Mine."""\n  return g * lr + w * 0.1  # nested\n')
    status, out, _ = invoke_cli("show", file, "--json")
    assert status == 0 and json.loads(out)["statements"] == 3


def test_show_run_as_json(invoke_cli, finished_run_dir):
    status, out, err = invoke_cli("show", finished_run_dir, "--json")
    shown = json.loads(out)
    with RunStore.open_to_read(finished_run_dir) as records:
        assert shown["history_digest"] == records.history_digest()
        best = records.best()
    assert best is not None and shown["best"]["index"] == best.individual.index
    assert (status, err, shown["programs"], shown["complete"]) == (0, "", 120, True)
    assert shown["evaluated"] + shown["cache_hits"] == 111
    assert 0 < shown["redundant_share"] < 1
    assert shown["config"]["seed"] == RAW["seed"]
    assert invoke_cli("show", finished_run_dir / "run.sqlite", "--json")[1] == out


def test_show_run(invoke_cli, finished_run_dir):
    _, out, _ = invoke_cli("show", finished_run_dir)
    for words in ("best program", "digits_mlp: accuracy", "cache hits", "120 of 120", "not_finite"):
        assert words in out


def test_show_program_of_a_run_with_its_improvements(invoke_cli, finished_run_dir):
    _, out, _ = invoke_cli("show", f"{finished_run_dir}:best", "--json")
    shown = json.loads(out)
    steps = shown["improvements"]
    fitness = [step["fitness"] for step in steps]
    assert steps[0]["index"] < 10 and fitness[0] == 0 and steps[0]["changes"] == []
    assert fitness == sorted(set(fitness)) and fitness[-1] == shown["fitness"]
    assert steps[-1]["index"] == shown["index"]
    assert all(step["changes"] for step in steps[1:])
    _, text, _ = invoke_cli("show", f"{finished_run_dir}:{shown['index']}")
    assert "improvements along its line" in text and f"of {shown['parent']}" in text


def test_show_program_without_fitness(invoke_cli, finished_run_dir):
    with RunStore.open_to_read(finished_run_dir) as records:
        failed = next(row for row in records.rows() if row.fitness is None)
    status, out, _ = invoke_cli("show", f"{finished_run_dir}:{failed.individual.index}")
    assert status == 0 and "not_finite" in out


def test_resume_of_a_finished_run_changes_nothing(invoke_cli, finished_run_dir):
    before = invoke_cli("show", finished_run_dir, "--json")[1]
    status, out, err = invoke_cli("resume", finished_run_dir)
    assert (status, err) == (0, "") and "best program" in out and "next:" in out
    assert invoke_cli("show", finished_run_dir, "--json")[1] == before


@pytest.mark.parametrize(
    "target, words",
    [
        ("optax", "def lion(\n    learning_rate"),
        ("torch", "class Lion(torch.optim.Optimizer)"),
        ("latex", r"\theta_t &= \theta_{t-1} - u_t"),
    ],
)
def test_export(invoke_cli, tmp_path, target, words):
    status, out, err = invoke_cli("export", "lion", "--to", target)
    assert (status, err) == (0, "") and words in out
    assert dsl.library.doc("lion").summary in out
    file = tmp_path / "exported"
    assert invoke_cli("export", "lion", "--to", target, "--out", file) == (0, "", "")
    assert file.read_text() == out
    status, _, err = invoke_cli("export", "sgd", "--to", target, "--out", file)
    assert status == 2 and is_one_line(err) and "is there already" in err
    assert file.read_text() == out and list(tmp_path.iterdir()) == [file]


def test_export_takes_names_and_constants_from_a_file(invoke_cli, tmp_path):
    file = tmp_path / "My sgd.py.txt"
    file.write_text('def f(w, g, lr):\n  """Mine."""\n  return g * lr * 0.5\n')
    assert "def my_sgd(" in invoke_cli("export", file, "--to", "optax")[1]
    file.write_text('def f(w, g, lr):\n  """Mine.\n\n  rate = 0.5: half\n  """\n  return g * 0.5\n')
    _, out, _ = invoke_cli("export", file, "--to", "torch")
    assert "rate: float = 0.5" in out and "rate: half." in out and "Mine." in out


def test_export_program_of_a_run(invoke_cli, finished_run_dir):
    with RunStore.open_to_read(finished_run_dir) as records:
        best = records.best()
    assert best is not None
    name = f"program_{best.individual.index}"
    for which in ("best", best.individual.index):
        status, out, _ = invoke_cli("export", f"{finished_run_dir}:{which}", "--to", "optax")
        assert (
            status == 0 and f"def {name}(" in out and f"of the run {finished_run_dir.name}" in out
        )


@pytest.mark.parametrize(
    "words, message",
    [
        (["search", "none.toml"], "cannot read none.toml: No such file"),
        (["search", "{config}", "--set", "foo=1"], "foo: unknown key"),
        (
            ["search", "{config}", "--set", "evolution.tournament_size=11"],
            r"population_size \(10\)",
        ),
        (["search", "{config}", "--set", "tasks.0.kind=nope"], "unknown task 'nope'"),
        (["search", "{config}", "--set", "initial=nope"], "no program 'nope'"),
        (["search", "{config}", "--set", "seed='1'"], "seed: Input should be a valid integer"),
        (["search", "{config}", "--set", "evolution.lag"], "expected key=value"),
        (["search", "{config}", "--out", "{run}"], "holds a run"),
        (["search", "{config}", "--out", "{garbage}"], "cannot make"),
        (["search", "{garbage}"], "is not TOML"),
        (["search"], "Missing argument"),
        (["search", "{config}", "--workers", "-1"], "--workers"),
        (["search", "{config}", "--workers", "two"], "--workers"),
        (["search", "{config}", "--nope"], "--nope"),
        (["serach"], "No such command"),
        ([], "Missing command"),
        (["show", "nope"], "no program 'nope'"),
        (["show"], "give a PROGRAM, a RUN, or --list"),
        (["show", "lion", "--list"], "give a PROGRAM, a RUN, or --list"),
        (["show", "{garbage}"], "1:1: unexpected character|expected UTF-8"),
        (["show", "{text}"], "2:12: unknown function 'squre'; did you mean 'square'?"),
        (["show", "{text}", "--json"], "unknown function 'squre'"),
        (["show", "{invalid}"], "2:10: argument 3 of interp must be a scalar, not tree"),
        (["show", "{invalid}", "--json"], "must be a scalar"),
        (["show", "{run}:120"], "has no program 120; it has 0 to 119"),
        (["show", "{folder}:best"], "no run at"),
        (["show", "{folder}"], "no run at"),
        (["show", "{database}"], "is not a run of lionhunt"),
        (["export", "nope", "--to", "optax"], "no program 'nope'"),
        (["export", "lion"], "Missing option"),
        (["export", "lion", "--to", "jax"], "--to"),
        (["export", "{invalid}", "--to", "torch"], "2:10: argument 3 of interp"),
        (["export", "{text}", "--to", "latex"], "2:12: unknown function 'squre'"),
        (["export", "lion", "--to", "torch", "--out", "{folder}"], "folder is there already"),
        (["resume", "{database}"], "is not a run of lionhunt"),
        (["resume", "{garbage}"], "is not a run of lionhunt"),
        (["resume", "{folder}"], "no run at"),
        (["resume", "{run}", "--workers", "x"], "--workers"),
        (["show", "{run}:99999999999999999999"], "no program"),
        (["show", "{run}:-1"], "no program"),
        (["show", "x" * 5000], "no program"),
        (["show", ""], "no program"),
        (["show", "/dev/zero"], "not a program|no program|longer than"),
        (["search", "{config}", "--set", "initial={diverges}", "--out", "new"], "does not train"),
        (["search", "{config}", "--set", "tasks.0.num_steps=99999999"], "1,000,000 at most"),
    ],
)
def test_bad_input_is_one_line_and_harms_nothing(
    invoke_cli, finished_run_dir, tmp_path, monkeypatch, words, message
):
    files = {
        "config": CONFIG.encode(),
        "garbage": b"\x00\xff\xfe",
        "text": b"def f(w, g, lr):\n  update = squre(g)\n  return update\n",
        "invalid": b"def f(w, g, lr):\n  return interp(w, g, g)\n",
        "diverges": b"def f(w, g, lr):\n  return log(0.0) * w\n",
        "database": b"SQLite format 3\x00" + b"\x07" * 500,
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    places = {name: name for name in (*files, "folder")} | {"run": finished_run_dir}
    before = invoke_cli("show", finished_run_dir, "--json")[1]
    words = [word.format(**places) for word in words]
    if words[:1] == ["search"]:
        words += ["--workers", "0"] if "--workers" not in words else []
    status, _, err = invoke_cli(*words)
    assert status == 2 and is_one_line(err) and re.search(message, err)
    assert {path.name for path in tmp_path.iterdir()} == {*files, "folder"}
    assert all((tmp_path / name).read_bytes() == content for name, content in files.items())
    assert not list((tmp_path / "folder").iterdir())
    assert invoke_cli("show", finished_run_dir, "--json")[1] == before


def test_bad_text_is_shown_with_a_caret(invoke_cli, tmp_path):
    file = tmp_path / "text"
    file.write_text("def f(w, g, lr):\n  update = squre(g)\n  return update\n")
    status, out, _ = invoke_cli("show", file)
    line, caret = out.splitlines()
    assert status == 2 and line[caret.index("^") :].startswith("squre(g)")


def test_bad_program_is_told_in_json_too(invoke_cli, tmp_path):
    file = tmp_path / "text"
    file.write_text("def f(w, g, lr):\n  a = sign(g)\n  u = a + b\n  return u\n")
    status, out, err = invoke_cli("show", file, "--json")
    told = json.loads(out)
    assert (status, told["valid"]) == (2, False)
    assert told["reason"] in err and "3:11: unknown variable 'b'" in err


def in_a_process(*words, stdout=None, file_limit=None, **environment):
    """Run the command in a process of its own, as a shell does."""
    code = "from lionhunt.search.cli.__main__ import main; main()"
    if file_limit is not None:
        code = f"import resource as r; r.setrlimit(r.RLIMIT_FSIZE, {file_limit}); {code}"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, words)],
        env=os.environ | environment,
        stdout=stdout or subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_terminal_of_few_characters_takes_every_text(tmp_path):
    file = tmp_path / "text"
    file.write_text("def f(w, g, lr):\n  \N{LATIN SMALL LETTER U WITH DIAERESIS} = g\n", "utf-8")
    done = in_a_process("show", file, PYTHONIOENCODING="ascii")
    assert done.returncode == 2 and r"\xfc = g" in done.stdout and is_one_line(done.stderr)


def test_output_that_cannot_be_written_is_one_line(tmp_path):
    # The process may write 0 bytes to a file.
    limit = (0, 0)
    with (tmp_path / "full").open("w") as full:
        done = in_a_process("show", "lion", stdout=full, file_limit=limit)
    assert (done.returncode, done.stderr) == (2, "lionhunt: output: File too large\n")


@pytest.mark.parametrize(
    "error, message",
    [
        (OSError(errno.ENOSPC, "No space left on device"), "output: No space left on device"),
        (PermissionError(errno.EACCES, "Permission denied", "a"), "a: Permission denied"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), "ConnectionRefusedError: refused"),
        (TimeoutError("timed out"), "TimeoutError: timed out"),
        (TimeoutError(), "TimeoutError: no further message"),
    ],
)
def test_errors_of_the_system_name_the_file(error, message):
    assert cli.explain(error) == message


def test_library_is_listed_with_one_line_each(invoke_cli):
    status, out, err = invoke_cli("show", "--list")
    assert (status, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == list(library.names())
    assert library.doc("lion").summary in out
    listed = json.loads(invoke_cli("show", "--list", "--json")[1])
    assert [program["name"] for program in listed] == list(library.names())


def test_paths_are_printed_as_they_are(invoke_cli, tmp_path, finished_run_dir):
    folder = tmp_path / "w [bold]a:b [x]"
    folder.mkdir()
    shutil.copy(finished_run_dir / "run.sqlite", folder)
    status, out, err = invoke_cli("resume", folder)
    assert (status, err) == (0, "") and f"lionhunt show '{folder}:best'" in out
    assert json.loads(invoke_cli("show", f"{folder}:best", "--json")[1])["run"] == str(folder)


def test_program_of_the_library_comes_before_a_folder_of_its_name(
    invoke_cli, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lion").mkdir()
    assert json.loads(invoke_cli("show", "lion", "--json")[1])["statements"] == 6


def test_progress_shows_every_count():
    progress = RunProgress(100, 10, num_programs=40, num_evaluated=11, seconds=3.0)
    progress.statuses[Status.OK] = 11
    progress.recent.extend([(10, 6), (10, 5)])
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(report.progress_display(progress))
    shown = console.export_text()
    line = report.progress_line(progress)
    for words in ("40 of 100", "11", "20 (67% of children)", "11 ok", "45%", "10", "0:00:06"):
        assert words in shown
    for words in ("40/100", "evaluated 11", "hits 20", "redundant 45%", "11 ok", "10/s", "0:00:06"):
        assert words in line


def test_default_folder_is_free(tmp_path, finished_run_dir):
    folder = tmp_path / "quick"
    assert free_run_folder(folder) == folder
    for name in ("quick", "quick-2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.sqlite").touch()
    assert free_run_folder(folder) == tmp_path / "quick-3"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("before", [signal.SIG_DFL, signal.SIG_IGN])
def test_signal_ends_a_command_unless_it_was_to_be_ignored(number, before, invoke_cli):
    old = signal.signal(number, before)
    try:
        invoke_cli("--version")
        handler = signal.getsignal(number)
    finally:
        signal.signal(number, old)
    assert (handler is signal.SIG_IGN) == (before is signal.SIG_IGN)
    if callable(handler):
        with pytest.raises(KeyboardInterrupt):
            handler(number, None)
