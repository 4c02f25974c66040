"""A soak: small searches, again and again, under faults at random moments.

    python tests/soak --minutes 30 --out soak

Every run has to end with the history of the run that nothing disturbs, and leave nothing behind.
Linux only. What was seen is in OUT/summary.json and OUT/summary.md.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

from driver import ROOT, Driver, SoakError, lionhunt
from faults import FAULTS, Fault
from processes import Process
from summary import Summary

from search.records import Records
from search.run_file import RecordError

CONFIG = """
num_programs = 12000
[evolution]
population_size = 50
tournament_size = 3
lag = 16
[evaluation]
candidate_seconds = 20
worker_memory_gib = 8
[[tasks]]
kind = "digits_mlp"
num_steps = 60
batch_size = 8
width = 8
"""
MAX_PROGRAMS_BETWEEN = 800
"""Programs that are recorded between two faults, at most."""
START_SECONDS = 600.0
ORPHAN_SECONDS = 180.0
"""Time in which what a driver has started must end after it; Ray's agents take up to 100 s."""


class Soak:
    """Rounds of one run each, and what is seen of them.

    Args:
        out: folder of runs, logs and the summary.
        rng: chooses faults and their moments.
    """

    def __init__(self, out: Path, rng: random.Random):
        self.out = out
        self.summary = Summary([fault.__name__ for fault in FAULTS])
        self._rng = rng
        self._config = out / "soak.toml"
        self._config.write_text(CONFIG)
        self._ended: list[tuple[float, Process]] = []
        self._num_drivers = 0

    def run(self, seconds: float) -> None:
        """Rounds until the time is over; one that was begun is ended."""
        end = time.monotonic() + seconds
        reference = self.out / "undisturbed"
        driver = self._start(["search", str(self._config)], reference, num_workers=0)
        driver.expect(0, "", START_SECONDS)
        self._expected = _digest(reference)
        while time.monotonic() < end:
            self._round(end)
            self.summary.seconds = seconds - (end - time.monotonic())
            self.summary.write(self.out)
        self._wait_for_orphans()
        self.summary.write(self.out)

    def _round(self, end: float) -> None:
        folder = self.out / f"round-{self.summary.num_rounds}"
        self.summary.num_rounds += 1
        try:
            if self.summary.num_rounds % 4 == 0:
                self._run_bad_candidates(folder)
            else:
                self._disturb(folder, end)
                self._check(folder)
        except SoakError as error:
            self.summary.failures.append(f"{folder.name}: {error}")
            print(self.summary.failures[-1], flush=True)
        except Exception:
            self.summary.failures.append(f"{folder.name}: {traceback.format_exc()}")
            print(self.summary.failures[-1], flush=True)
        self._note_orphans()

    def _disturb(self, folder: Path, end: float) -> None:
        """Starts a run, and goes on with it until it is complete."""
        driver = self._start(["search", str(self._config)], folder)
        try:
            while True:
                while driver.status() is None:
                    count = driver.count() + self._rng.randint(1, MAX_PROGRAMS_BETWEEN)
                    if not driver.wait_for_programs(count, START_SECONDS):
                        driver.expect(0, "")
                        break
                    if time.monotonic() < end and not self._inject(driver):
                        break
                if driver.wait_for_end(START_SECONDS) == 0 and driver.is_complete():
                    return
                self._take_leave(driver)
                driver = self._start(["resume", str(folder)], folder)
        finally:
            self._take_leave(driver)

    def _inject(self, driver: Driver) -> bool:
        """One fault, of those that were injected least; whether the driver goes on."""
        fault = self._choose()
        name, start, before = fault.__name__, time.monotonic(), driver.count()
        self.summary.injected[name] += 1
        try:
            is_there = fault(driver, self._rng)
        except SoakError as error:
            raise SoakError(f"{name} at {before} programs: {error}") from error
        self.summary.survived[name] += 1
        took = time.monotonic() - start
        print(f"{name} at {before} programs: {took:.1f} s, {driver.count()} programs", flush=True)
        return is_there

    def _choose(self) -> Fault:
        injected = self.summary.injected
        return min(FAULTS, key=lambda fault: (injected[fault.__name__], self._rng.random()))

    def _start(self, words: list[str], folder: Path, num_workers: int = 2) -> Driver:
        words = [*words, "--workers", str(num_workers)]
        if words[0] == "search":
            words += ["--out", str(folder)]
        return self._launch(lionhunt(words), folder)

    def _launch(self, words: list[str], folder: Path) -> Driver:
        self._num_drivers += 1
        log = self.out / "logs" / f"{self._num_drivers:04} {folder.name}"
        return Driver(words, folder, log)

    def _run_bad_candidates(self, folder: Path) -> None:
        """A run whose candidates misbehave, which looks at its history itself."""
        driver = self._launch([str(ROOT / "tests/search/bad_candidates.py"), str(folder)], folder)
        try:
            while driver.status() is None:
                time.sleep(self._rng.uniform(0.0, 20.0))
                if workers := driver.workers():
                    self._rng.choice(workers).send(signal.SIGKILL)
            driver.expect(0, "")
        finally:
            self._take_leave(driver)
        self.summary.num_bad_rounds += 1

    def _take_leave(self, driver: Driver) -> None:
        """Notes what a driver has used and started; kills it if it is still there."""
        if driver.status() is None:
            driver.send(signal.SIGKILL)
            driver.wait_for_end(60.0)
        summary = self.summary
        summary.driver_memory.append((driver.count(), driver.memory))
        summary.worker_memory = max(summary.worker_memory, driver.worker_memory)
        self._ended += [(time.monotonic(), process) for process in driver.seen]

    def _check(self, folder: Path) -> None:
        """The history, the lock and the files of a run that is complete."""
        if (digest := _digest(folder)) != self._expected:
            raise SoakError(f"another history: {digest}")
        try:
            with Records.open_to_write(folder) as records:
                self.summary.num_programs += records.count()
        except RecordError as error:
            raise SoakError(f"a lock was left behind: {error}") from error
        names = {file.name for file in folder.iterdir()} - {"run.sqlite", "run.lock", "cache"}
        if names:
            raise SoakError(f"left behind: {names}")

    def _note_orphans(self) -> None:
        """Forgets what has ended; what is there for too long is a failure."""
        now = time.monotonic()
        alive = [(since, process) for since, process in self._ended if process.is_alive()]
        late = [(since, process) for since, process in alive if now - since > ORPHAN_SECONDS]
        self.summary.failures += [f"orphan: {process}" for _, process in late]
        self._ended = [each for each in alive if each not in late]

    def _wait_for_orphans(self) -> None:
        while self._ended:
            self._note_orphans()
            time.sleep(1.0)


def _digest(folder: Path) -> str:
    with Records.open_to_read(folder) as records:
        return records.history_digest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--out", type=Path, default=Path("soak"))
    parser.add_argument("--seed", type=int, default=0)
    words = parser.parse_args()
    # What a shell starts in the background ignores SIGINT, and so would what it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    out = words.out.resolve()
    (out / "logs").mkdir(parents=True)
    shared_memory = set(os.listdir("/dev/shm"))
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        os.environ["RAY_TMPDIR"] = folder
        os.environ["JAX_COMPILATION_CACHE_DIR"] = str(out / "compiled")
        soak = Soak(out, random.Random(words.seed))
        soak.run(60 * words.minutes)
        soak.summary.num_sessions = len(list(Path(folder, "ray").glob("session_2*")))
    soak.summary.shared_memory = sorted(set(os.listdir("/dev/shm")) - shared_memory)
    soak.summary.write(out)
    print((out / "summary.md").read_text())
    sys.exit(1 if soak.summary.failures else 0)


if __name__ == "__main__":
    main()
