"""A pool as a context, with compiled code kept for the user."""

import functools
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from lionhunt.search.evaluation.scorer import MakeScorer, Scorer
from lionhunt.search.user_code.loading import imported_files, module_folders
from lionhunt.search.workers.compile_cache import compiled_code_kept, keep_compiled
from lionhunt.search.workers.local_pool import LocalPool
from lionhunt.search.workers.packing import pack, pickle_by_value, unpack
from lionhunt.search.workers.pool import Pool
from lionhunt.search.workers.ray_cluster import LOCAL
from lionhunt.search.workers.ray_pool import RayPool
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
        num_workers: Ray workers; 0 scores in this process.
        candidate_seconds: see `RayPool`.
        batch_size: the most jobs that a scorer gets at once.
        memory_gib: see `RayPool`.
        ray_address: see `search.workers.ray_cluster.connect`.
    """
    set_xla_environment()
    with compiled_code_kept():
        if num_workers:
            # Workers have the code as it was when the pool was opened, also on other machines.
            pickle_by_value(imported_files())
            # The nodes of a cluster may not have the folder.
            folder = Path.cwd() if ray_address == LOCAL else None
            make = functools.partial(_make_scorer, pack(make_scorer), folder, module_folders())
            pool = RayPool(
                make, num_workers, candidate_seconds, batch_size, memory_gib, ray_address
            )
        else:
            pool = LocalPool(make_scorer, batch_size)
        with closing(pool):
            yield pool


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
