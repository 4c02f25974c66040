"""Interrupts at random moments of each command: the time to its end, its status and its message.

    python -m tests.soak.interrupts --moments 10

A command must end within seconds, with one line that says how to go on, and leave no process.
Moments count from the first signal handler of the command; before it there is only Python's start.
Linux only.
"""

import argparse
import os
import random
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from lionhunt import dsl
from tests.support.search.runs import FormulaPool, advance, create
from tests.support.search.selections import plant_run

STATUS = 130
MAX_SECONDS = 5.0
START_SECONDS = 60.0
"""The time that Python may take to start."""
ORPHAN_SECONDS = 2.0
"""The time in which a killed process may still be listed."""
MARK = "LIONHUNT_INTERRUPTED"
"""A variable of the environment that all processes of one command share."""
INTERRUPTS = ((signal.SIGINT,), (signal.SIGINT, signal.SIGINT), (signal.SIGTERM,))

NOISE = re.compile("Traceback|Error|Exception|Fatal|Interrupt|lionhunt: ")
"""Words that no line before the last may have."""

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
SELECT = """
[[baselines]]
program = "adamw_initial"
[[stages]]
num_candidates = 3
tuning = { learning_rates = [1.0, 0.5], num_variations = 8 }
[[stages.tasks]]
kind = "digits_mlp"
num_steps = 20000
[[stages.tasks]]
kind = "stdlib_lm"
num_steps = 20000
width = 16
num_layers = 1
length = 8
"""


class Case(NamedTuple):
    """A command, and the time within which it is interrupted, in seconds."""

    words: str
    seconds: float


CASES = {
    "help": Case("--help", 0.06),
    "search": Case("search quickstart", 25),
    "search, in this process": Case("search quickstart --workers 0", 20),
    "resume": Case("resume begun --workers 1", 20),
    "show": Case("show finished", 0.3),
    "simplify": Case("simplify raw_lion", 30),
    "simplify, in this process": Case("simplify raw_lion --workers 0", 20),
    "derive": Case("derive", 25),
    "classify": Case("classify raw_lion lion adamw", 12),
    "export": Case("export raw_lion --to torch", 0.2),
    "compare": Case("compare compare_quick", 25),
    "compare, in this process": Case("compare compare_quick --workers 0", 20),
    "select": Case("select planted --config select.toml", 20),
    "study": Case("study figure2_small", 25),
    "claims": Case("claims", 25),
    "report": Case("report finished --out report.html", 4),
    "serve": Case("serve . --port 0", 3),
    "list": Case("list .", 0.5),
    "diff": Case("diff lion adamw", 0.3),
    "tasks": Case("tasks", 0.3),
    "new": Case("new task new_task.py", 0.2),
    "check": Case("check digits_mlp", 10),
    "query": Case(f'query finished "{ENDLESS}"', 5),
    "export-run": Case("export-run finished --to csv", 0.3),
    "simulate": Case("simulate", 20),
    "bench": Case("bench dsl", 8),
    "bench machine": Case("bench machine", 20),
    "bench start": Case("bench start", 20),
    "bench growth": Case("bench growth population programs", 25),
}


class End(NamedTuple):
    """The end of an interrupted command.

    Attributes:
        moment: seconds from its first signal handler to the signal.
        signals: names of the signals.
        seconds: from the signal to the end.
        status: exit status.
        message: what it wrote to stderr.
        orphans: names of processes that outlived it.
    """

    moment: float
    signals: str
    seconds: float
    status: int
    message: str
    orphans: list[str]

    def problems(self) -> list[str]:
        """Return in words what is wrong with this end."""
        # Lines of progress may come before.
        *before, last = self.message.splitlines() or [""]
        is_said = last.startswith("lionhunt: stopped; ") and not NOISE.search("\n".join(before))
        found = {
            f"status {self.status}": self.status != STATUS,
            f"took {self.seconds:.1f} s": self.seconds > MAX_SECONDS,
            f"said {self.message!r}": not is_said,
            f"left {self.orphans}": bool(self.orphans),
        }
        return [problem for problem, is_true in found.items() if is_true]


def prepare(folder: Path) -> None:
    """Make the runs and the config that the commands of `CASES` read."""
    with create(folder / "finished") as records:
        advance(records, FormulaPool())
    with create(folder / "begun", num_programs=1_000_000) as records:
        advance(records, FormulaPool(), num_programs=20)
    programs = [(dsl.library.load(name), 0.1) for name in ("signum", "signsgd", "sgd")]
    plant_run(folder / "planted", programs)
    (folder / "select.toml").write_text(SELECT)


def interrupt(
    words: Sequence[str], folder: Path, moment: float, signals: Sequence[int] = (signal.SIGINT,)
) -> End | None:
    """Interrupt a command as a terminal does; return None if it ended before.

    Args:
        words: of the command.
        folder: its working directory.
        moment: seconds from its first signal handler to the signal.
        signals: sent one after the other.
    """
    mark = f"{os.getpid()}.{time.monotonic_ns()}"
    process = subprocess.Popen(
        [sys.executable, "-m", "lionhunt.search.cli", *words],
        cwd=folder,
        env=os.environ | {MARK: mark},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        _wait_for_handler(process)
        time.sleep(moment)
        start = time.monotonic()
        for number in signals:
            if process.poll() is not None:
                process.communicate()
                return None
            os.killpg(process.pid, number)
            time.sleep(0.05)
        try:
            _, message = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            message = "still running"
        seconds = time.monotonic() - start
        names = "+".join(signal.Signals(number).name for number in signals)
        status = process.returncode if process.returncode is not None else -1
        if status == 0 and not message and seconds < 0.2:
            # The signals came as it ended by itself.
            return None
        return End(moment, names, seconds, status, message, _orphans(mark))
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def _wait_for_handler(process: subprocess.Popen[str]) -> None:
    """Wait until a process has a handler of its own for SIGTERM, or has ended."""
    bit, end = 1 << (signal.SIGTERM - 1), time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        status = Path(f"/proc/{process.pid}/status").read_text()
        caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
        if int(caught.split()[1], 16) & bit:
            return
        time.sleep(0.002)


def _orphans(mark: str) -> list[str]:
    """Return the names of processes with a mark, once they had time to go."""
    end = time.monotonic() + ORPHAN_SECONDS
    while (marked := _marked(mark)) and time.monotonic() < end:
        time.sleep(0.1)
    return marked


def _marked(mark: str) -> list[str]:
    names = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (folder / "environ").read_bytes():
                names.append((folder / "comm").read_text().strip())
        # The process has ended, or is another user's.
        except OSError:
            continue
    return names


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", choices=CASES, default=list(CASES))
    options = parser.parse_args()
    # Background processes of a shell ignore SIGINT, and their children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    rng, is_bad = random.Random(options.seed), False
    print("| command | ends | slowest, s | status | message |\n|---|---|---|---|---|", flush=True)
    for name in options.only:
        ends: list[End] = []
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            prepare(Path(folder))
            while len(ends) < options.moments:
                words, latest = CASES[name]
                moment = rng.uniform(0, latest)
                end = interrupt(shlex.split(words), Path(folder), moment, rng.choice(INTERRUPTS))
                if end is None:
                    continue
                ends.append(end)
                for problem in end.problems():
                    is_bad = True
                    print(f"{name} after {moment:.2f} s, {end.signals}: {problem}", flush=True)
        statuses = sorted({end.status for end in ends})
        last_lines = {end.message.splitlines()[-1] for end in ends if end.message}
        messages = sorted({re.sub(r"runs/\S+|begun", "FOLDER", line) for line in last_lines})
        slowest = max(end.seconds for end in ends)
        print(
            f"| `{name}` | {len(ends)} | {slowest:.1f} | {', '.join(map(str, statuses))} "
            f"| {'<br>'.join(messages)} |",
            flush=True,
        )
    sys.exit(is_bad)


if __name__ == "__main__":
    main()
