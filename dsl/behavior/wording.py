"""English phrases about a behavior: the nearest known optimizer, and what differs."""

from collections.abc import Iterator, Sequence

from lionhunt.dsl.behavior.comparison import Behavior, Neighbor
from lionhunt.dsl.behavior.response import HORIZON, SizeRange, half_age

SAME, LIKE = 0.999, 0.9
"""Least cosines of a program that behaves as, or like, a known optimizer."""
DIFFERENT = 1.15
"""Least ratio of two figures that differ."""
DIFFERENT_SHARE = 0.05
"""Least difference of two shares that differ."""


def describe_nearest(behavior: Behavior) -> str:
    """Return a phrase on the nearest known optimizer, which follows the name of the program."""
    if behavior.problem:
        return f"has no behavior to compare: {behavior.problem}"
    nearest = behavior.nearest[0]
    names = " or ".join(nearest.optimizers)
    figure = f"cosine {nearest.fitted_cosine:.3f}{_fitting(nearest)}"
    if nearest.fitted_cosine >= SAME:
        return f"behaves as {names} ({figure})"
    if nearest.fitted_cosine >= LIKE:
        return f"behaves like {names} ({figure})"
    return f"behaves like nothing known (nearest: {names}, {figure})"


def _fitting(nearest: Neighbor) -> str:
    if nearest.fitted_cosine - nearest.cosine < 0.0005:
        return ""
    values = ", ".join(f"{name} = {value:.4g}" for name, value in nearest.constants.items())
    return f" with {values}; {nearest.cosine:.3f} as documented"


def describe_behavior(behavior: Behavior) -> list[str]:
    """Return phrases on the differences to the nearest known optimizer."""
    if behavior.problem or behavior.own is None or behavior.known is None:
        return []
    name = behavior.nearest[0].name
    return [
        *_describe_sizes(behavior.sizes, name),
        *_describe_growth(behavior.own.growth, behavior.known.growth, name),
        *_describe_ages(behavior.own.effects, behavior.known.effects, name),
        *_describe_decay(behavior.own.decay, behavior.known.decay, name),
        *(
            f"with all gradients times {factor:g}, {other} is nearer (cosine {cosine:.3f})"
            for factor, (other, cosine) in behavior.at_factors.items()
        ),
    ]


def _describe_sizes(sizes: Sequence[SizeRange], name: str) -> Iterator[str]:
    small, large = sizes[0], sizes[-1]
    if not small.ratio > 0:
        yield f"gradients around {small.largest:.2g} move nothing, unlike in {name}"
        return
    ratio = large.ratio / small.ratio
    if max(ratio, 1 / max(ratio, 1e-30)) >= DIFFERENT:
        yield (
            f"gradients above {large.least:.2g} move {ratio:.2g} times as far as in {name}, "
            f"relative to those around {small.largest:.2g}"
        )


def _describe_growth(own: float, known: float, name: str) -> Iterator[str]:
    ratio = own / max(known, 1e-30)
    if max(ratio, 1 / max(ratio, 1e-30)) >= DIFFERENT:
        yield f"gradients 10 times larger make updates {own:.2g} times larger ({name}: {known:.2g})"


def _describe_ages(own: Sequence[float], known: Sequence[float], name: str) -> Iterator[str]:
    if abs(own[0] - known[0]) >= DIFFERENT_SHARE:
        yield (
            f"the newest gradient has {own[0]:.0%} of the effect that a gradient has within "
            f"{HORIZON} steps ({name}: {known[0]:.0%})"
        )
    age, other = half_age(own), half_age(known)
    if None not in (age, other) and age != other:
        yield f"half of the effect of a gradient comes within {age} steps ({name}: {other})"


def _describe_decay(own: float | None, known: float | None, name: str) -> Iterator[str]:
    if own is None:
        if known is not None:
            yield f"it moves on without a gradient, unlike {name}"
    elif abs(own - (known or 0.0)) > DIFFERENT_SHARE * max(abs(own), abs(known or 0.0), 1e-6):
        yield f"weight decay of {own:.3g} ({name}: {known or 0.0:.3g})"
