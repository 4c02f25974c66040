"""Texts of a stranger in every place where commands print: a terminal obeys none of them."""

import json
import shutil
import subprocess
import sys

import pytest

import lionhunt
from lionhunt.search.driver import scoring
from lionhunt.search.log import write_log
from lionhunt.search.reporting import Paragraph, Table, to_markdown_report, write_report
from tests.support.search.forged_runs import forge
from tests.support.search.runs import start_formula_pool

HOSTILE = (
    # Clear the terminal, set its title, set its clipboard, clear it by one byte less.
    "\x1b[2J\x1b[H",
    "\x1b]0;title\x07",
    "\x1b]52;c;ZXZpbA==\x1b\\",
    "\x9b2J",
    # Print over other text.
    "good\x08\x08\x08\x08evil\x7f",
    "good\revil\u2028",
    # Turn the direction, isolate, hide, hide in tags.
    "\u202elive\u202c",
    "\u2066a\u2069",
    "li\u200bon\ufeff",
    "\U000e0041",
    # Rich's markup, and its result.
    "[red]x[/red]\x1b[0m",
)
TEXT = "".join(HOSTILE)
CONTROLS = {character for character in TEXT if not character.isprintable()}


def is_safe(text, *, allowed=""):
    """Return whether a terminal gets none of the characters, but for Rich's own colours."""
    return not (set(text) - set(allowed)) & CONTROLS and "\x1b[2J" not in text


@pytest.fixture
def folder(finished_run_dir, tmp_path):
    return shutil.copytree(finished_run_dir, tmp_path / "run")


def test_words_of_a_run_are_shown(folder, invoke_cli):
    forge(folder, "individuals", "mutation", TEXT)
    with_tasks = json.dumps(
        [{"name": TEXT, "metric": TEXT, "higher_is_better": True, "digest": TEXT}]
    )
    forge(folder, "run", "value", with_tasks, "key = 'tasks'")
    forge(folder, "run", "value", json.dumps(TEXT), "key = 'machine'")
    for words in (
        ("show", folder),
        ("show", folder, "--json"),
        ("list", folder.parent),
        ("report", folder),
        ("diff", f"{folder}:20", "lion"),
        ("show", f"{folder}:20"),
        ("show", f"{folder}:best"),
        ("show", f"{folder}:20", "--json"),
        ("query", folder, "SELECT mutation, mutation AS again FROM individuals"),
        ("query", folder, "SELECT value FROM run"),
        ("query", folder, f'SELECT 1 AS "{TEXT}"'),
        ("query", folder, "SELECT mutation FROM individuals", "--json"),
        ("classify", folder, "--top", 3),
        ("export", f"{folder}:20", "--to", "optax"),
    ):
        status, out, err = invoke_cli(*words)
        assert (status, err) == (0, "") and is_safe(out)


def test_colours_of_ours_stay_and_those_of_a_text_do_not(folder, invoke_cli, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    forge(folder, "individuals", "mutation", TEXT)
    for words in (("show", f"{folder}:best"), ("query", folder, "SELECT mutation FROM history")):
        status, out, _ = invoke_cli(*words)
        assert status == 0 and is_safe(out, allowed="\x1b")
        assert TEXT not in out and "\x1b]" not in out and "\x1b[H" not in out
    assert "\x1b[1m" in invoke_cli("show", f"{folder}:best")[1]


@pytest.mark.parametrize(
    "words",
    [
        ("show", "TEXT"),
        ("show", "runs/TEXT:best"),
        ("show", "lion", "--TEXT"),
        ("TEXT",),
        ("query", "TEXT", "SELECT 1"),
        ("query", "RUN", "SELECT TEXT"),
        ("query", "RUN", 'SELECT * FROM "TEXT"'),
        ("search", "TEXT"),
        ("search", "quickstart", "--set", "TEXT"),
        ("search", "quickstart", "--set", "TEXT=1"),
        ("search", "quickstart", "--set", "initial=TEXT"),
        ("resume", "TEXT"),
        ("compare", "TEXT"),
        ("bench", "tasks", "TEXT"),
        ("claims", "--only", "TEXT"),
        ("export", "lion", "--to", "TEXT"),
    ],
)
def test_error_messages_are_shown(words, finished_run_dir, invoke_cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(scoring, "start_pool", start_formula_pool())
    run = str(finished_run_dir)
    status, out, err = invoke_cli(*(w.replace("TEXT", TEXT).replace("RUN", run) for w in words))
    assert status == 2 and not out and is_safe(err) and err.count("\n") == 1


def test_names_and_contents_of_files_are_shown(tmp_path, invoke_cli, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = f"{TEXT.replace('/', '')}.txt"
    good = tmp_path / name
    good.write_text(
        f'def f(w, g, lr):\n  """About {TEXT}.\n\n  a = 0.5: {TEXT}\n  """\n  return g\n'
    )
    for words in (("show", name), ("classify", name), ("simplify", name, "--exact-only")):
        status, out, err = invoke_cli(*words)
        assert is_safe(out) and is_safe(err) and (status in (0, 2))
    for target in ("optax", "torch", "latex"):
        status, out, err = invoke_cli("export", name, "--to", target)
        assert is_safe(out) and is_safe(err)
    (tmp_path / "bad.txt").write_text(f"def f(w, g, lr):\n  {TEXT} = g\n  return g\n")
    (tmp_path / "bad.toml").write_text(f'"{TEXT.encode("unicode_escape").decode()}" = 1\n{TEXT}')
    for words in (("show", "bad.txt"), ("search", "bad.toml"), ("compare", "bad.toml")):
        status, out, err = invoke_cli(*words)
        assert status == 2 and is_safe(out) and is_safe(err)


def test_data_of_an_export_is_whole(folder, invoke_cli):
    """Check that a file of data keeps its characters; only a terminal is spared."""
    forge(folder, "individuals", "mutation", TEXT)
    assert TEXT in invoke_cli("export-run", folder, "--to", "csv")[1]


def test_reports_and_logs_are_shown(tmp_path):
    blocks = [Paragraph(TEXT), Table(TEXT, [TEXT], [[TEXT]])]
    write_report(tmp_path, {"a": TEXT}, to_markdown_report(TEXT, blocks))
    with write_log(tmp_path / "log"):
        from lionhunt.search.log import log

        log("event", message=TEXT)
    for name in ("report.md", "report.json", "log"):
        assert is_safe((tmp_path / name).read_text("utf-8"))


def test_displays_of_notebooks_are_shown(folder, tmp_path):
    forge(folder, "individuals", "mutation", TEXT)
    file = tmp_path / f"{TEXT.replace('/', '')}.txt"
    file.write_text(f'def f(w, g, lr):\n  """About {TEXT} $x$.\n  """\n  return g\n')
    html = lionhunt.program(str(file))._repr_html_() + lionhunt.load(folder)._repr_html_()
    assert is_safe(html) and '<span class="tex2jax_ignore mathjax_ignore">About' in html


def test_traceback_of_a_bug_and_warnings_are_shown():
    code = (
        "import sys, warnings; from lionhunt.search.visible_text import make_visible;"
        "make_visible(); warnings.warn('\\x1b[2J'); raise ValueError('\\x1b]0;title\\x07\\u202e')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1 and is_safe(done.stderr)
    assert r"ValueError: \x1b]0;title\x07\u202e" in done.stderr
