"""Growth with the programs of a run: the driver, its records, and the commands that read them."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.search.bench.growth.axis import GrowthAxis, GrowthCurve
from lionhunt.search.bench.growth.free_scorer import REFERENCE, FreeScorer
from lionhunt.search.bench.new_process import resident_mib, run_apart
from lionhunt.search.driver.config import RunConfig
from lionhunt.search.driver.search_loop import Search
from lionhunt.search.driver.setup import load_initial, load_run, summarize_setup
from lionhunt.search.evaluation.job import Job
from lionhunt.search.simulation.loop import make_config
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.workers.local_pool import LocalPool

LAG = 64
MAX_SECONDS = 360.0
"""A size is left out if breeding its programs would take longer."""


def measure_programs(sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Yield a row for each number of programs: one run, continued from size to size."""
    config = make_config(2 * max(sizes), LAG, 0)
    program_seconds = 0.0
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        # The process that begins a run has built its tasks, and holds more memory.
        run_apart(grow_run, run, config, 1)
        for size in sorted(sizes):
            if program_seconds * size > MAX_SECONDS:
                return
            row = run_apart(grow_run, run, config, size)
            program_seconds = row["program_ms"] / 1e3
            yield row | run_apart(_resume, run) | run_apart(_show, run)


def grow_run(run: Path, config: RunConfig, size: int) -> dict[str, Any]:
    """Breed the programs of a run up to a number of them, and return the driver's part of a row.

    Args:
        run: folder of the run; it begins if there is none.
        config: of the run.
        size: number of programs, more than the run has.
    """
    if run.exists():
        opened = RunStore.open_to_write(run)
    else:
        opened = RunStore.create(run, summarize_setup(config, load_initial(config.initial)))
    with opened as records:
        search = _search(records)
        first = search.progress.num_programs
        start = time.process_time()
        _advance(search, size)
        seconds = time.process_time() - start
        row = {
            "programs": search.progress.num_programs,
            "program_ms": 1e3 * seconds / (search.progress.num_programs - first),
            "evaluated": search.progress.num_evaluated,
            "driver_mib": resident_mib(),
        }
    return row | {"records_mb": sum(file.stat().st_size for file in run.glob("*.sqlite")) / 1e6}


def _resume(run: Path) -> dict[str, Any]:
    """Return the processor time from opening a run until its next program is recorded."""
    start = time.process_time()
    with RunStore.open_to_write(run) as records:
        search = _search(records)
        _advance(search, search.progress.num_programs + 1)
        return {"resume_seconds": time.process_time() - start}


def _search(records: RunStore) -> Search:
    """Return the search of an open run, with a scorer that takes no time."""
    config, initial = load_run(records)
    pool = LocalPool(FreeScorer)
    return Search(config, initial, records, pool, pool.start(Job(REFERENCE, assemble(initial))))


def _advance(search: Search, size: int) -> None:
    """Run a search until it has recorded a number of programs."""
    with closing(search.run()) as steps:
        for progress in steps:
            if progress.num_programs >= size:
                return


def _show(run: Path) -> dict[str, Any]:
    """Return the processor time and the most memory of `lionhunt show RUN`."""
    import resource

    command = [sys.executable, "-m", "lionhunt.search.cli", "show", str(run), "--json"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"show_seconds": usage.ru_utime + usage.ru_stime, "show_mib": usage.ru_maxrss / 1024}


AXIS = GrowthAxis(
    "programs",
    "One run of the real driver with its records on disk and a scorer that takes no time. It is "
    "stopped at each size and continued in a new process. Times are processor time: of a program "
    "since the size before, of `lionhunt show` on the run, and of reading the run until the next "
    "program is recorded. Sizes whose programs would take over six minutes are left out.",
    (
        GrowthCurve("program_ms", "driver, a program", "ms"),
        GrowthCurve("driver_mib", "driver", "MiB"),
        GrowthCurve("show_mib", "lionhunt show", "MiB"),
        GrowthCurve("records_mb", "records on disk", "MB"),
        GrowthCurve("show_seconds", "lionhunt show", "s"),
        GrowthCurve("resume_seconds", "resuming until the next program", "s"),
    ),
    (10_000, 31_623, 56_234, 100_000),
    (177_828, 316_228, 562_341, 1_000_000),
    measure_programs,
)
