"""Opens a place where jobs are scored, with compiled code kept in a folder."""

import functools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

from search.compile_cache import keep_compiled, keep_no_longer
from search.pool import LocalPool, MakeScorer, Pool, Scorer
from search.workers import RayPool


@contextmanager
def open_pool_of(
    make_scorer: MakeScorer,
    *,
    num_workers: int,
    candidate_seconds: float,
    cache: Path | None = None,
    batch_size: int = 1,
    memory_gib: float | None = None,
) -> Iterator[Pool]:
    """A place where jobs are scored, until the body ends.

    Args:
        make_scorer: called where jobs are scored.
        num_workers: Ray workers; 0 scores in this process.
        candidate_seconds: see `RayPool`.
        cache: folder where compiled code is kept; None for as long as the body lasts, so that
            workers share it.
        batch_size: jobs that a scorer is given at once.
        memory_gib: see `RayPool`.
    """
    with tempfile.TemporaryDirectory() if cache is None else nullcontext(cache) as folder:
        make = functools.partial(_make, make_scorer, Path(folder))
        try:
            pool = (
                RayPool(make, num_workers, candidate_seconds, batch_size, memory_gib)
                if num_workers
                else LocalPool(make, batch_size)
            )
            with closing(pool):
                yield pool
        finally:
            keep_no_longer()


def _make(make_scorer: Callable[[], Scorer], cache: Path) -> Scorer:
    keep_compiled(cache)
    return make_scorer()
