"""Opens a place where jobs are scored, with compiled code kept in a folder."""

import functools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

from lionhunt.search.evaluation.scorer import MakeScorer, Scorer
from lionhunt.search.workers.compile_cache import keep_compiled, keep_no_longer, user_folder
from lionhunt.search.workers.local_pool import LocalPool
from lionhunt.search.workers.pool import Pool
from lionhunt.search.workers.ray_cluster import LOCAL
from lionhunt.search.workers.ray_pool import RayPool


@contextmanager
def open_pool_of(
    make_scorer: MakeScorer,
    *,
    num_workers: int,
    candidate_seconds: float,
    cache: Path | None = None,
    batch_size: int = 1,
    memory_gib: float | None = None,
    ray_address: str = LOCAL,
) -> Iterator[Pool]:
    """A place where jobs are scored, until the body ends.

    Args:
        make_scorer: called where jobs are scored.
        num_workers: Ray workers; 0 scores in this process.
        candidate_seconds: see `RayPool`.
        cache: folder where compiled code is kept; None for as long as the body lasts, so that
            workers share it. Workers of a cluster, where it may not exist, have the one of
            `search.workers.compile_cache.user_folder`.
        batch_size: jobs that a scorer is given at once.
        memory_gib: see `RayPool`.
        ray_address: where workers are; see `search.workers.ray_cluster.connect`.
    """
    with tempfile.TemporaryDirectory() if cache is None else nullcontext(cache) as folder:
        is_here = ray_address == LOCAL or not num_workers
        make = functools.partial(_make, make_scorer, Path(folder) if is_here else None)
        try:
            pool = (
                RayPool(make, num_workers, candidate_seconds, batch_size, memory_gib, ray_address)
                if num_workers
                else LocalPool(make, batch_size)
            )
            with closing(pool):
                yield pool
        finally:
            keep_no_longer()


def _make(make_scorer: Callable[[], Scorer], cache: Path | None) -> Scorer:
    keep_compiled(user_folder() if cache is None else cache)
    return make_scorer()
