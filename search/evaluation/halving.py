"""Training of a candidate at several multiples of its update, of which the best counts.

A program with ten times the update is a better or a worse optimizer. So that a search compares
directions and not step sizes, a candidate trains at several multiples. All begin with the same
parameters and see the same batches. Multiples that are behind are dropped as training goes on:
successive halving, Jamieson and Talwalkar, 2016 (arXiv:1502.07943).

Multiples run one after the other, through one compiled step. So a multiple costs what it trains,
and needs no compilation of its own. Its scores are to the bit those of training with it alone.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from lionhunt.proxy_tasks import NUM_CHUNKS, Training

STAGES = ((1, 2), (4, 1))
"""Chunks of training after which multiples are dropped, and how many go on.

Seven multiples cost 0.1 * 7 + 0.3 * 2 + 0.6 * 1 = 1.9 trainings. On language, the best third of 47
mutants of AdamW lost nothing by it.
"""


class Trained(NamedTuple):
    """The training of a candidate at the best of its multiples; its parts are NumPy arrays.

    Attributes:
        training: of that multiple.
        multiple: of the update.
        num_chunks: chunks that all multiples ran together.
    """

    training: Training
    multiple: float
    num_chunks: int


class OngoingTraining(Protocol):
    """A training that pauses, of one candidate or several; see `proxy_tasks.training.Ongoing`."""

    @property
    def chunk(self) -> Any: ...
    @property
    def is_running(self) -> Any: ...
    @property
    def num_chunks(self) -> Any: ...
    @property
    def curve(self) -> Any: ...


def train_multiples(
    multiples: np.ndarray,
    start: Callable[[np.ndarray], Any],
    advance: Callable[[np.ndarray, Any, int], Any],
    conclude: Callable[[Any], Training],
    *,
    higher_is_better: bool,
    stages: Sequence[tuple[int, int]] = STAGES,
) -> list[Trained]:
    """Train one candidate, or several side by side, and return one result for each.

    Args:
        multiples: of the update, shape=(multiples,) or (multiples, candidates).
        start: from a multiple to a training before its first step.
        advance: from a multiple and its training to the training at the start of a chunk.
        conclude: from a training to its result.
        higher_is_better: direction of the score.
        stages: chunks at which multiples are dropped, and how many go on.
    """
    runs = [_Run(multiple, start(multiple)) for multiple in np.asarray(multiples, np.float32)]
    num_dropped_chunks = np.zeros(multiples.shape[1:], int)
    for stop, num_kept in _stages(len(runs), stages):
        # The losses of all multiples are read only after the last one was dispatched.
        runs = [_Run(m, advance(m, ongoing, stop)) for m, ongoing in runs]
        if num_kept < len(runs):
            num_chunks = _count_chunks(runs)
            runs = _keep(runs, num_kept)
            num_dropped_chunks += num_chunks - _count_chunks(runs)
    trainings = jax.device_get([conclude(ongoing) for _, ongoing in runs])
    num_chunks = num_dropped_chunks + _count_chunks(runs)
    best = _best(trainings, higher_is_better)
    return [
        Trained(
            Training(*(part[index] for part in trainings[k])),
            float(runs[k].multiple[index]),
            int(num_chunks[index]),
        )
        for index, k in np.ndenumerate(best)
    ]


class _Run(NamedTuple):
    """A multiple of the update, and the model that trains with it."""

    multiple: np.ndarray
    ongoing: OngoingTraining


def _stages(num_multiples: int, stages: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the end of each stage, and the number of multiples that go on."""
    if num_multiples > 1:
        yield from stages
    yield NUM_CHUNKS, num_multiples


def _count_chunks(runs: Sequence[_Run]) -> np.ndarray:
    """Return the chunks that the multiples of each candidate ran."""
    return np.sum([run.ongoing.num_chunks for run in runs], axis=0)


def _keep(runs: Sequence[_Run], num_kept: int) -> list[_Run]:
    """Return the multiples with the lowest last loss, for each candidate its own."""
    losses = np.array([_last_loss(run.ongoing) for run in runs])
    order = np.argsort(losses, axis=0, kind="stable")[:num_kept]
    if order.ndim == 1:
        return [runs[k] for k in order]
    candidates = np.arange(order.shape[1])
    multiples = np.array([run.multiple for run in runs])
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *[run.ongoing for run in runs])

    def gather(k: np.ndarray) -> Any:
        # Counters are one for all candidates. Where all stopped early, they are behind.
        return jax.tree.map(lambda x: x[k, candidates] if x.ndim > 1 else x.max(), stacked)

    return [_Run(multiples[k, candidates], gather(k)) for k in order]


def _last_loss(ongoing: OngoingTraining) -> np.ndarray:
    """Return the loss of the last chunk; infinite where training stopped early."""
    curve, chunk = np.asarray(ongoing.curve), int(ongoing.chunk)
    return np.where(ongoing.is_running, curve[..., chunk - 1], np.inf)


def _best(trainings: Sequence[Training], higher_is_better: bool) -> np.ndarray:
    """Return the index of the best training of each candidate.

    Without any score, it is the one that trained longest.
    """
    scores = np.array([training.score for training in trainings])
    values = scores if higher_is_better else -scores
    is_finite = np.isfinite(values)
    first_of_best = np.argmax(np.where(is_finite, values, -np.inf), axis=0)
    longest = np.argmax([training.num_chunks for training in trainings], axis=0)
    return np.where(is_finite.any(axis=0), first_of_best, longest)
