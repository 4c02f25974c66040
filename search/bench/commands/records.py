"""Cost of a long run beside its training: the driver, the records, and all that reads them."""

import random
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from lionhunt.dsl.execution.bytecode import Bytecode, assemble
from lionhunt.search.activity import Activity, OnActivity
from lionhunt.search.bench.language import machine_name
from lionhunt.search.bench.new_process import resident_mib
from lionhunt.search.driver.config import RunConfig, parse_run_config
from lionhunt.search.driver.progress import is_at_end
from lionhunt.search.driver.search_loop import Search
from lionhunt.search.driver.setup import load_initial, load_run
from lionhunt.search.driver.summary import summarize_run
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.workers.local_pool import LocalPool

NUM_PROGRAMS = 300_000
FIRST_PROGRAMS = 20_000
"""Programs after which the memory is measured first; a tenth of a shorter run."""

RAW_CONFIG = {
    "evolution": {"population_size": 1000, "tournament_size": 2, "lag": 64},
    "tasks": [{"kind": "digits_vit"}],
}
"""Evolution as in the bundled config figure2; the task is a placeholder that never trains."""
TASK = {"name": "stand-in", "metric": "luck", "higher_is_better": True, "digest": ""}

FAILED_SHARE = 0.2
GAIN_BY_INSTRUCTION = 0.02
"""The score of a further instruction, so that programs grow as in real searches."""
CURVE = tuple(2.3 / (1 + chunk) for chunk in range(10))


class StandInScorer:
    """A scorer that draws a score by the bytecode, and prefers long programs.

    Attributes:
        own_seconds: processor time of the scorer so far.
    """

    def __init__(self):
        self.own_seconds = 0.0
        self._reference: bytes | None = None

    def evaluate(self, jobs: Sequence[Job]) -> list[Measurement]:
        began = time.process_time()
        measured = [self._evaluate(job.bytecode) for job in jobs]
        self.own_seconds += time.process_time() - began
        return measured

    def _evaluate(self, bytecode: Bytecode) -> Measurement:
        key = b"".join(part.tobytes() for part in bytecode)
        # The reference is the first one, and must not fail.
        self._reference = self._reference or key
        luck = random.Random(key).random()
        if luck < FAILED_SHARE and key != self._reference:
            return Measurement(Status.NOT_FINITE, curves=((float("nan"),),))
        length = int(bytecode.num_scalar_code) + int(bytecode.num_vector_code)
        score = 1 + luck + GAIN_BY_INSTRUCTION * length
        return Measurement(Status.OK, (score,), (CURVE,), 0.01)


def bench_records(num_programs: int, on_activity: OnActivity) -> dict[str, Any]:
    """Measure a run without training, in a temporary folder.

    Args:
        num_programs: of the run.
        on_activity: called with each step.

    Returns:
        A plain dictionary: processor time in seconds, memory in MiB, None where it is unknown.
    """
    # The run is stopped before its end, so that it can be resumed.
    raw = {"num_programs": num_programs + 1000, **RAW_CONFIG}
    config = parse_run_config(raw, "the run of this bench")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        driver = _make(config, folder, num_programs, on_activity)
        size = (folder / RunStore.kind.file_name).stat().st_size
        on_activity(Activity("reading the run"))
        read = _read(folder)
        on_activity(Activity("resuming the run"))
        resume = _time(lambda: _resume(folder))
    return {
        "machine": machine_name(),
        "programs": num_programs,
        **driver,
        "bytes": size,
        "seconds": {**read, "resume": resume},
    }


def _make(
    config: RunConfig, folder: Path, num_programs: int, on_activity: OnActivity
) -> dict[str, Any]:
    """Make the run; return the driver's time a program, the new programs, and the memory."""
    initial = load_initial(config.initial)
    info = {
        "config": config.model_dump(mode="json"),
        "initial": str(initial),
        "tasks": [TASK],
    }
    first, mib = min(FIRST_PROGRAMS, num_programs // 10), []
    with RunStore.create(folder, info) as records:
        scorer = StandInScorer()
        pool = LocalPool(lambda: scorer)
        reference = pool.start(Job("reference", assemble(initial)))
        search = Search(config, initial, records, pool, reference)
        began = time.process_time() - scorer.own_seconds
        shown = 0
        with closing(search.run()) as events:
            for progress in events:
                count = progress.num_programs
                if count - shown >= num_programs // 100:
                    shown = count
                    on_activity(Activity("making the run", count, num_programs, "programs"))
                if count >= first and not mib:
                    mib.append(resident_mib())
                if count >= num_programs:
                    break
        seconds = time.process_time() - scorer.own_seconds - began
        mib.append(resident_mib())
        count, num_evaluated = search.progress.num_programs, search.progress.num_evaluated
    return {
        "evaluated": num_evaluated,
        "driver_milliseconds": 1000 * seconds / count,
        "memory": {"first": first, "mib": mib if all(mib) else None},
    }


def _read(folder: Path) -> dict[str, float]:
    """Return the seconds of all that reads the run; large files are remembered in between."""
    with RunStore.open_to_read(folder) as records:
        records.forget()
        seconds = {"check": _time(records.check)}
        records.forget()
        seconds["history digest"] = _time(records.history_digest)
        records.forget()
    for name in ("show", "show again"):
        with RunStore.open_to_read(folder) as records:
            seconds[name] = _time(lambda: summarize_run(records))
    with RunStore.open_to_read(folder) as records:
        records.forget()
    return seconds


def _resume(folder: Path) -> None:
    """Open the run and continue it until its first new program is recorded."""
    with RunStore.open_to_write(folder) as records:
        assert not is_at_end(records)
        config, initial = load_run(records)
        pool = LocalPool(StandInScorer)
        reference = pool.start(Job("reference", assemble(initial)))
        before = records.count()
        with closing(Search(config, initial, records, pool, reference).run()) as events:
            while next(events).num_programs == before:
                pass


def _time(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
