"""Memory of optimizers: the response of updates to one old gradient.

Every gradient is 1 or -1 at random. So second moments are 1 throughout, and adaptive optimizers act
linearly. A second run flips the sign of one gradient. Half of the difference between the updates of
both runs is the response to that gradient. Weights stay at 0, so weight decay adds nothing.

Constants are those of the library. AdEMAMix (Pagliardini et al., 2024, arXiv:2409.03137) is past
its warm-up. QHM and QHAdam: Ma and Yarats, 2018, arXiv:1810.06801. AggMo: Lucas et al., 2018,
arXiv:1804.00325.
"""

import math
from typing import NamedTuple

import numpy as np

from lionhunt.dsl import library
from lionhunt.dsl.program import Program
from lionhunt.dsl.text.parser import parse
from lionhunt.search.paper.toy_problems.replay import Replay
from lionhunt.search.statistics import Interval, interval

AGGMO_4 = parse(
    """
def aggmo_4(w, g, m2, m3, m4, lr):
  m2 = m2 * 0.9 + g
  m3 = m3 * 0.99 + g
  m4 = m4 * 0.999 + g
  update = lr * (g + m2 + m3 + m4) / 4.0
  return update, m2, m3, m4
"""
)
"""AggMo with a fourth momentum, of decay 0.999."""

PROGRAMS: dict[str, Program] = {
    name: library.load(name)
    for name in ("momentum", "adam", "lion", "qhm", "qhadam", "aggmo", "ademamix")
} | {"aggmo_4": AGGMO_4}

MAX_AGE = 10_000
NUM_WARMUP_STEPS = 10_000
"""Steps before the flipped gradient: the warm-up of AdEMAMix."""
AFTER = (100, 1_000, 10_000)
NUM_BACKGROUNDS = 2_048
"""Streams of other gradients for nonlinear optimizers, whose response depends on them."""
NONLINEAR = ("lion",)
ROUNDING = 1e-13
"""Differences below this share of the largest are rounding of float64 and count as zero."""


class Response(NamedTuple):
    """Response to one gradient, by its age.

    Attributes:
        optimizer: its name.
        ages: steps since the gradient, from 0 and then evenly on a logarithmic scale.
        responses: response at each age, per unit of gradient and learning rate; mean over
            backgrounds.
        total: sum of the responses at all ages, with its interval over backgrounds. After the last
            age it is extrapolated by the decay before it.
        half_age: age by which half of the total has come; None if that is after the last age.
        shares_after: share of the total after each of `AFTER`; NaN after the last age.
        num_backgrounds: streams of other gradients.
    """

    optimizer: str
    ages: tuple[int, ...]
    responses: tuple[float, ...]
    total: Interval
    half_age: int | None
    shares_after: tuple[float, ...]
    num_backgrounds: int


def measure_responses() -> list[Response]:
    """Measure the responses of all `PROGRAMS`."""
    return [
        respond(name, program, num_backgrounds=NUM_BACKGROUNDS if name in NONLINEAR else 1)
        for name, program in PROGRAMS.items()
    ]


def respond(
    name: str,
    program: Program,
    *,
    max_age: int = MAX_AGE,
    num_warmup_steps: int = NUM_WARMUP_STEPS,
    num_backgrounds: int = 1,
    seed: int = 0,
) -> Response:
    """Measure the response of one program.

    Args:
        name: of the program.
        program: a program of elementwise functions.
        max_age: last age, in steps.
        num_warmup_steps: steps before the gradient.
        num_backgrounds: streams of other gradients. With two or more, the interval shows if the
            response depends on them.
        seed: of the other gradients.
    """
    by_age = respond_by_age(program, max_age, num_warmup_steps, num_backgrounds, seed)
    mean = by_age.mean(1)
    tail = _tail(mean)
    totals = [float(total) + tail for total in by_age.sum(0)]
    total = interval(totals) if num_backgrounds > 1 else Interval(*totals * 3)
    cumulative = np.cumsum(mean)
    is_half = cumulative >= total.mean / 2
    share_after = np.maximum(1 - cumulative / total.mean, 0)
    ages = _log_spaced(max_age)
    return Response(
        name,
        ages,
        tuple(float(mean[age]) for age in ages),
        total,
        int(np.argmax(is_half)) if is_half.any() else None,
        tuple(float(share_after[age]) if age <= max_age else math.nan for age in AFTER),
        num_backgrounds,
    )


def respond_by_age(
    program: Program, max_age: int, num_warmup_steps: int, num_backgrounds: int, seed: int
) -> np.ndarray:
    """Return responses by age and background; shape=(max_age + 1, num_backgrounds)."""
    rng = np.random.default_rng(seed)
    # Row 0 is the run as it is, row 1 the run with one flipped gradient.
    shape = (2, num_backgrounds)
    replay, weights = Replay(program, shape), np.zeros(shape)
    responses = np.empty((max_age + 1, num_backgrounds))
    for age in range(-num_warmup_steps, max_age + 1):
        signs = rng.integers(0, 2, num_backgrounds) * 2.0 - 1
        gradient = np.stack([signs, signs])
        if age == 0:
            gradient[:, :] = [[1.0], [-1.0]]
        update = replay.step(weights, gradient, 1.0)
        if age >= 0:
            responses[age] = (update[0] - update[1]) / 2
    responses[np.abs(responses) < ROUNDING * np.abs(responses).max()] = 0
    return responses


def _tail(mean: np.ndarray) -> float:
    """Extrapolate the responses after the last age by the decay over the last tenth of the ages."""
    span = len(mean) // 10
    last, before = mean[-1], mean[-1 - span]
    if span == 0 or not 0 < last < before:
        return 0.0
    ratio = (last / before) ** (1 / span)
    return float(last * ratio / (1 - ratio))


def _log_spaced(max_age: int) -> tuple[int, ...]:
    spaced = np.rint(np.geomspace(1, max(max_age, 1), 60)).astype(int)
    return (0, *(int(age) for age in np.unique(spaced) if age <= max_age))
