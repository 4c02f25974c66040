"""The end of a process by a signal, wherever its main thread is."""

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from lionhunt.search.interrupt import SIGNALS

LINE = "lionhunt: stopped; nothing was changed: the same command starts again\n"
SLOW = "print('ready', flush=True); time.sleep(60)"
# Hashing leaves Python's lock to other threads, and heeds no signal.
DEAF = "print('ready', flush=True); hashlib.pbkdf2_hmac('sha256', b'', b'', 10**9)"


def run(work: str, *signals: int, before: str = "", grace: float = 0.5, folder=None):
    """Run a function as a process, send signals once it prints, and return status and errors."""
    code = "\n".join(
        [
            "import hashlib, pathlib, subprocess, sys, time",
            "from lionhunt.search import interrupt",
            f"interrupt.GRACE_SECONDS = {grace}",
            before,
            "def work():",
            textwrap.indent(textwrap.dedent(work), "  "),
            "interrupt.run_as_process(work)",
        ]
    )
    # Background processes of a shell ignore such signals, and their children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
    )
    assert process.stdout is not None and (not signals or process.stdout.readline())
    for number in signals:
        process.send_signal(number)
        time.sleep(0.05)
    _, err = process.communicate(timeout=30)
    return process.returncode, err


@pytest.mark.parametrize("number", SIGNALS)
def test_signal_ends_a_process_in_one_line(number):
    assert run(SLOW, number) == (130, LINE)


def test_foreign_code_does_not_hold_up_the_end():
    assert run(DEAF, signal.SIGINT) == (130, LINE)


def test_second_signal_does_not_disturb_the_cleanup(tmp_path):
    work = f"""
    try:
        {SLOW}
    finally:
        time.sleep(0.3)
        pathlib.Path("clean").touch()
    """
    status, err = run(work, signal.SIGINT, signal.SIGINT, grace=20, folder=tmp_path)
    assert (status, err) == (130, LINE) and (tmp_path / "clean").exists()


def test_cleanup_that_takes_too_long_is_cut_off():
    work = f"""
    try:
        {SLOW}
    finally:
        time.sleep(60)
    """
    assert run(work, signal.SIGINT) == (130, LINE)


@pytest.mark.parametrize(
    "work",
    [
        f"try: {SLOW}\nexcept BaseException: raise RuntimeError",
        f"try: {SLOW}\nexcept BaseException: pass",
        f"try: {SLOW}\nexcept BaseException: sys.exit(2)",
        f"class Slow:\n  def __del__(self): {SLOW}\nslow = Slow()\ndel slow",
    ],
)
def test_code_that_swallows_the_interrupt_changes_nothing(work):
    assert run(work, signal.SIGINT) == (130, LINE)


def test_interrupted_import_ends_in_one_line(tmp_path):
    (tmp_path / "slow.py").write_text(f"import time\n{SLOW}\n")
    assert run("import slow", signal.SIGINT, grace=20, folder=tmp_path) == (130, LINE)


def test_children_of_children_end_too(tmp_path):
    sleeps = "subprocess.Popen(['sleep', '61'])"
    child = f"import subprocess, time; print({sleeps}.pid, flush=True); time.sleep(61)"
    work = f"""
    child = subprocess.Popen([sys.executable, "-c", {child!r}], stdout=subprocess.PIPE, text=True)
    pathlib.Path("below").write_text(child.stdout.readline())
    {SLOW}
    """
    assert run(work, signal.SIGINT, folder=tmp_path) == (130, LINE)
    below = int((tmp_path / "below").read_text())
    end = time.monotonic() + 10
    while is_alive(below) and time.monotonic() < end:
        time.sleep(0.05)
    assert not is_alive(below)


def is_alive(pid):
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_ignored_signal_stays_ignored():
    before = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
    work = "print('ready', flush=True); time.sleep(0.3)"
    assert run(work, signal.SIGINT, before=before) == (0, "")


def test_without_a_signal_the_status_and_the_errors_are_those_of_the_work():
    assert run("pass") == (0, "")
    assert run("sys.exit(2)") == (2, "")
    status, err = run("raise RuntimeError('a bug')")
    assert status == 1 and "Traceback" in err and "a bug" in err


@pytest.mark.parametrize(
    "setting, way_on",
    [
        ("by_resume(pathlib.Path('a b'))", "continue with: lionhunt resume './a b'"),
        ("with(pathlib.Path('a b'))", "the same command continues with 'a b'"),
        (
            "from_start()",
            "no measurement is kept: the same command starts from the beginning",
        ),
    ],
)
def test_line_says_how_to_go_on(setting, way_on):
    work = f"interrupt.set_way_on_{setting}\n{SLOW}"
    assert run(work, signal.SIGINT) == (130, f"lionhunt: stopped; {way_on}\n")


def test_line_is_written_though_cleanup_ends_as_its_time_does():
    before = """
kill = interrupt._descendants
interrupt._descendants = lambda pid: time.sleep(0.3) or kill(pid)
"""
    assert run(SLOW, signal.SIGINT, before=before, grace=0.1) == (130, LINE)
