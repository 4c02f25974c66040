"""A pool as a context, with compiled code kept in a folder."""

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
from lionhunt.search.workers.xla_environment import set_xla_environment


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
    """Open a pool for the body.

    Args:
        make_scorer: called in every process that scores.
        num_workers: Ray workers; 0 scores in this process.
        candidate_seconds: see `RayPool`.
        cache: the folder for compiled code; None for a temporary folder that the workers share.
            Workers of a cluster, where it may not exist, use
            `search.workers.compile_cache.user_folder`.
        batch_size: the most jobs that a scorer gets at once.
        memory_gib: see `RayPool`.
        ray_address: see `search.workers.ray_cluster.connect`.
    """
    set_xla_environment()
    with tempfile.TemporaryDirectory() if cache is None else nullcontext(cache) as folder:
        is_on_this_machine = ray_address == LOCAL or not num_workers
        make = functools.partial(
            _make_scorer, make_scorer, Path(folder) if is_on_this_machine else None
        )
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


def _make_scorer(make_scorer: Callable[[], Scorer], cache: Path | None) -> Scorer:
    keep_compiled(user_folder() if cache is None else cache)
    return make_scorer()
