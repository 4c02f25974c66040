"""A profile of a command: where the time of its driver and of its workers goes."""

import json
import os
import resource
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from operator import itemgetter
from pathlib import Path
from typing import Any

from lionhunt.search.bench.language import machine_name
from lionhunt.search.sampling import VARIABLE, sampled


def profile(work: Callable[[], object]) -> dict[str, Any]:
    """Run a function, and return where its time goes.

    Args:
        work: what to measure; the workers that it starts are measured too.

    Returns:
        Seconds by the clock, processor seconds of this process and of those that it has waited
        for, and the seconds of each part, by `search.sampling`: in this thread, and in all workers
        together.
    """
    with tempfile.TemporaryDirectory() as folder:
        os.environ[VARIABLE] = folder
        children = _children_seconds()
        began, processor = time.perf_counter(), time.process_time()
        try:
            with sampled() as sampler:
                work()
        finally:
            del os.environ[VARIABLE]
        seconds = time.perf_counter() - began
        of_workers = [json.loads(file.read_text()) for file in Path(folder).glob("*.json")]
    workers: defaultdict[str, float] = defaultdict(float)
    for part, part_seconds in (item for each in of_workers for item in each.items()):
        workers[part] += part_seconds
    return {
        "machine": machine_name(),
        "seconds": seconds,
        "processor_seconds": time.process_time() - processor,
        "children_processor_seconds": _children_seconds() - children,
        "num_workers": len(of_workers),
        "driver": _largest_first(sampler.seconds),
        "workers": _largest_first(workers),
    }


def _largest_first(seconds: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(seconds.items(), key=itemgetter(1), reverse=True))


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
