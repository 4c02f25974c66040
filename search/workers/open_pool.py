"""A pool as a context, with compiled code kept for the user."""

import functools
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from lionhunt.dsl.op_table import OpTable, active_table
from lionhunt.search.evaluation.compilation import Compilation
from lionhunt.search.evaluation.outcome import Measurement
from lionhunt.search.evaluation.scorer import CompilingScorer, MakeScorer, Scorer
from lionhunt.search.user_code.loading import imported_files, module_folders
from lionhunt.search.workers.cluster.ray_cluster import LOCAL
from lionhunt.search.workers.cluster.ray_host import RayHost
from lionhunt.search.workers.compile_cache import compiled_code_kept, keep_compiled
from lionhunt.search.workers.local_pool import LocalPool
from lionhunt.search.workers.packing import pack, pickle_by_value, unpack
from lionhunt.search.workers.pool import Pool
from lionhunt.search.workers.process_host import ProcessHost
from lionhunt.search.workers.worker_pool import WorkerPool
from lionhunt.search.workers.xla_environment import set_xla_environment


@contextmanager
def open_pool_of(
    make_scorer: MakeScorer,
    *,
    num_workers: int,
    candidate_seconds: float,
    batch_size: int = 1,
    memory_gib: float | None = None,
    ray_address: str = LOCAL,
) -> Iterator[Pool]:
    """Open a pool for the body.

    Args:
        make_scorer: called in every process that scores.
        num_workers: processes that score; 0 scores in this process.
        candidate_seconds: see `WorkerPool`.
        batch_size: the most jobs that a scorer gets at once.
        memory_gib: the limit of each worker's memory; None for no limit.
        ray_address: `LOCAL`, or a cluster; see `search.workers.cluster.ray_cluster.connect`.
    """
    set_xla_environment()
    functions = active_table().loaded()
    if functions.own:
        make_scorer = functools.partial(ScorerWithFunctions, functions, make_scorer)
    with compiled_code_kept():
        if num_workers:
            # Workers have the code as it was when the pool was opened, also on other machines.
            pickle_by_value(imported_files())
            # The nodes of a cluster may not have the folder.
            folder = Path.cwd() if ray_address == LOCAL else None
            make = functools.partial(_make_scorer, pack(make_scorer), folder, module_folders())
            if ray_address == LOCAL:
                host = ProcessHost(make, memory_gib)
            else:
                host = RayHost(make, num_workers, ray_address, memory_gib)
            pool = WorkerPool(host, num_workers, candidate_seconds, batch_size)
        else:
            pool = LocalPool(make_scorer, batch_size)
        with closing(pool):
            yield pool


class ScorerWithFunctions:
    """A scorer of programs with functions of the user, which are known while it works.

    Args:
        functions: the functions.
        make_scorer: makes the scorer itself.
    """

    def __init__(self, functions: OpTable, make_scorer: MakeScorer):
        self._functions = functions
        with functions:
            self._scorer = make_scorer()

    def compilations(self, job: Any) -> list[Compilation]:
        if not isinstance(self._scorer, CompilingScorer):
            return []
        with self._functions:
            return self._scorer.compilations(job)

    def evaluate(self, jobs: Sequence[Any]) -> list[Measurement]:
        with self._functions:
            return self._scorer.evaluate(jobs)


def _make_scorer(packed: bytes, folder: Path | None, module_folders: Sequence[str]) -> Scorer:
    """Build the scorer of a worker.

    Args:
        packed: builds it, as `pack` returns it.
        folder: that paths of data start from; None to leave that of the worker.
        module_folders: from which the user's files may import others while they run.
    """
    if folder is not None:
        os.chdir(folder)
    sys.path += [each for each in module_folders if each not in sys.path]
    keep_compiled()
    return unpack(packed)()
