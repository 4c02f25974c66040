"""Rounds of the soak test: each run has faults, and must end like an undisturbed one."""

import json
import random
import signal
import time
import traceback
from pathlib import Path

from tests.soak.driver import ROOT, Driver, SoakError, lionhunt
from tests.soak.faults import FAULTS, Fault, NotInjected
from tests.soak.finished_run import check_finished, history_digest
from tests.soak.processes import Process
from tests.soak.summary import Summary

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
"""Largest number of programs recorded between two faults."""
START_SECONDS = 600.0
ORPHAN_SECONDS = 20.0
"""Time for processes of a driver to end after it."""
FIRST_BAD_SEED = 6
"""First seed of runs with bad candidates; that run has each kind of them."""
NO_FLOAT = "score must be a float, shape=()"
GARBAGE = {
    "text": NO_FLOAT,
    "an array": NO_FLOAT,
    "nothing": NO_FLOAT,
    "NaN": "does not train on the tasks (not_finite)",
}
"""Bad scores of tasks, by the names in `garbage_task.py`, and the error of each."""


class Soak:
    """Rounds of one run each, with a summary.

    Args:
        out: folder of runs, logs and the summary.
        rng: draws faults and their moments.
    """

    def __init__(self, out: Path, rng: random.Random):
        self.out = out
        faults = {fault.__name__: fault.__doc__ or "" for fault in FAULTS}
        self.summary = Summary(faults | {g: f"Return {g} as the score of a task." for g in GARBAGE})
        self._rng = rng
        self._config = out / "soak.toml"
        self._config.write_text(CONFIG)
        self._ended: list[tuple[float, Process]] = []
        self._num_drivers = 0

    def run(self, seconds: float) -> None:
        """Run rounds until the time is over; the last one ends later."""
        end = time.monotonic() + seconds
        reference = self.out / "undisturbed"
        driver = self._start(self._search(reference), reference, num_workers=0)
        driver.expect(0, "", START_SECONDS)
        self._expected = history_digest(reference)
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
            if self.summary.num_rounds % 4 == 2:
                self._run_garbage(folder)
                self._run_bad_candidates(folder)
            else:
                self._disturb(folder, end)
                self.summary.num_programs += check_finished(folder, self._expected)
        except SoakError as error:
            self.summary.failures.append(f"{folder.name}: {error}")
            print(self.summary.failures[-1], flush=True)
        except Exception:
            self.summary.failures.append(f"{folder.name}: {traceback.format_exc()}")
            print(self.summary.failures[-1], flush=True)
        self._note_orphans()

    def _disturb(self, folder: Path, end: float) -> None:
        """Start a run, disturb it, and resume it until it is complete."""
        driver = self._start(self._search(folder), folder)
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
        """Inject one of the least tried faults; return True if the driver still runs."""
        fault = self._choose()
        name, start, before = fault.__name__, time.monotonic(), driver.count()
        try:
            is_running = fault(driver, self._rng)
        except NotInjected as why:
            self.summary.missed[name] += 1
            print(f"{name} at {before} programs: not injected, {why}", flush=True)
            return driver.status() is None
        except SoakError as error:
            self.summary.injected[name] += 1
            raise SoakError(f"{name} at {before} programs: {error}") from error
        self.summary.injected[name] += 1
        self.summary.survived[name] += 1
        took = time.monotonic() - start
        print(f"{name} at {before} programs: {took:.1f} s, {driver.count()} programs", flush=True)
        return is_running

    def _choose(self) -> Fault:
        injected, missed = self.summary.injected, self.summary.missed

        def num_tried(fault: Fault) -> int:
            return injected[fault.__name__] + missed[fault.__name__]

        return min(FAULTS, key=lambda fault: (num_tried(fault), self._rng.random()))

    def _start(self, words: list[str], folder: Path, num_workers: int = 2) -> Driver:
        return self._launch(lionhunt([*words, "--workers", str(num_workers)]), folder)

    def _search(self, folder: Path) -> list[str]:
        return ["search", str(self._config), "--out", str(folder)]

    def _launch(self, words: list[str], folder: Path) -> Driver:
        self._num_drivers += 1
        log = self.out / "logs" / f"{self._num_drivers:04} {folder.name}"
        return Driver(words, folder, log)

    def _run_garbage(self, folder: Path) -> None:
        """Run tasks whose score is no number; each run ends in one line, and leaves nothing."""
        for garbage, message in GARBAGE.items():
            self.summary.injected[garbage] += 1
            script = str(ROOT / "tests/soak/garbage_task.py")
            words = [script, garbage, *self._search(folder), "--workers", "1"]
            driver = self._launch(words, folder)
            try:
                driver.expect(2, message, START_SECONDS)
            finally:
                self._take_leave(driver)
            if folder.exists():
                raise SoakError(f"a task that gives {garbage} left {list(folder.iterdir())}")
            self.summary.survived[garbage] += 1

    def _run_bad_candidates(self, folder: Path) -> None:
        """Run a search with bad candidates; that script checks its history itself."""
        script = str(ROOT / "tests/support/search/bad_candidates.py")
        seed = FIRST_BAD_SEED + self.summary.num_bad_rounds
        driver = self._launch([script, str(folder), str(seed)], folder)
        try:
            while driver.status() is None:
                time.sleep(self._rng.uniform(0.0, 20.0))
                if workers := driver.workers():
                    self._rng.choice(workers).send(signal.SIGKILL)
            driver.expect(0, "")
            for reason, count in json.loads(driver.last_line()).items():
                self.summary.outcomes[reason] = self.summary.outcomes.get(reason, 0) + count
        finally:
            self._take_leave(driver)
        self.summary.num_bad_rounds += 1

    def _take_leave(self, driver: Driver) -> None:
        """Note the memory and the processes of a driver; kill it if it still runs."""
        if driver.status() is None:
            driver.send(signal.SIGKILL)
            driver.wait_for_end(60.0)
        summary = self.summary
        summary.num_killed += driver.status() == -signal.SIGKILL
        summary.driver_memory.append((driver.count(), driver.memory))
        summary.worker_memory = max(summary.worker_memory, driver.worker_memory)
        self._ended += [(time.monotonic(), process) for process in driver.children]

    def _note_orphans(self) -> None:
        """Forget processes that have ended; one that runs for too long is a failure."""
        now = time.monotonic()
        alive = [(since, process) for since, process in self._ended if process.is_alive()]
        late = [(since, process) for since, process in alive if now - since > ORPHAN_SECONDS]
        self.summary.failures += [f"orphan: {process}" for _, process in late]
        self._ended = [entry for entry in alive if entry not in late]

    def _wait_for_orphans(self) -> None:
        while self._ended:
            self._note_orphans()
            time.sleep(1.0)

    def check_left(self, shared_memory: set[str]) -> None:
        """Check that nothing is left at the end.

        Args:
            shared_memory: new names in /dev/shm.
        """
        summary = self.summary
        summary.shared_memory = sorted(shared_memory)
        if shared_memory:
            summary.failures.append(f"left behind in /dev/shm: {summary.shared_memory}")
