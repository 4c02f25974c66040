"""Examples of AdaBelief: large gradients, small curvature, and oscillation.

Zhuang et al., 2020 (arXiv:2010.07468), section 2. Their Figure 1 has three regions of a loss. Their
Figure 2 has the loss |x| + |y|. The start is near the x axis, so y oscillates while x advances.
There is no noise: results are exact up to the rounding of float64.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lionhunt.dsl import library
from lionhunt.dsl.program import Program
from lionhunt.search.paper.toy_problems.replay import Replay

NAMES = ("sgd", "momentum", "signsgd", "lion", "adam", "adabelief")
"""Programs of the library, with their constants.

Adam adds 1e-8 to the root. AdaBelief adds 1e-16 to the root, and to the second moment at every
step. Lion has its weight decay of 0.1.
"""

LARGE, SMALL = 10.0, 0.01
"""Gradients of the regions."""
AT_STEPS = (1, 10, 100, 1_000, 10_000)

START = (-2.5, 0.1)
LEARNING_RATE = 1e-3
"""Default of Adam and AdaBelief."""
NUM_STEPS = 3_000
STEPS_A_POINT = 10
"""Steps between recorded points of a path."""


class Region(NamedTuple):
    """A region of a loss, by its gradients.

    Attributes:
        name: in words.
        gradient: size of the gradient.
        alternates: its sign changes at every step.
        paper: True if the step is large in the paper, by optimizer.
    """

    name: str
    gradient: float
    alternates: bool
    paper: dict[str, bool]


REGIONS = (
    Region(
        "small gradient, small curvature",
        SMALL,
        False,
        {"sgd": False, "adam": True, "adabelief": True},
    ),
    Region(
        "large gradient, large curvature",
        LARGE,
        True,
        {"sgd": True, "adam": False, "adabelief": False},
    ),
    Region(
        "large gradient, small curvature",
        LARGE,
        False,
        {"sgd": True, "adam": False, "adabelief": True},
    ),
)
"""Regions in the paper's order. An ideal optimizer takes large steps in the first and third."""


class RegionSteps(NamedTuple):
    """Step sizes of an optimizer in a region.

    Attributes:
        region: its name.
        optimizer: its name.
        sizes: size of the update over the learning rate, at each of `AT_STEPS`.
    """

    region: str
    optimizer: str
    sizes: tuple[float, ...]


class DescentPath(NamedTuple):
    """A path down |x| + |y|.

    Step sizes are means of |update| over the learning rate while y oscillates and x advances. These
    are the steps after y has passed its optimum, until x has. Sizes are None without such steps.

    Attributes:
        optimizer: its name.
        y_arrives, x_arrives: steps until y and x have passed their optimum; None for never.
        x_size, y_size: step sizes.
        x_root, y_root: divisor of the update when x arrives, the root of the corrected second
            moment; None if the optimizer has none.
        x_overshoot, y_overshoot: largest distance beyond the optimum.
        late: largest |x| or |y| in the last tenth of the steps.
        xs, ys: coordinates at every `STEPS_A_POINT`-th step, from the start.
    """

    optimizer: str
    y_arrives: int | None
    x_arrives: int | None
    x_size: float | None
    y_size: float | None
    x_root: float | None
    y_root: float | None
    x_overshoot: float
    y_overshoot: float
    late: float
    xs: tuple[float, ...]
    ys: tuple[float, ...]


def measure_regions(at_steps: Sequence[int] = AT_STEPS) -> list[RegionSteps]:
    """Measure every optimizer in every region.

    Args:
        at_steps: recorded steps, ascending, from 1.
    """
    return [
        RegionSteps(region.name, name, tuple(sizes))
        for name in NAMES
        for region, sizes in zip(
            REGIONS, step_sizes(library.load(name), at_steps).T.tolist(), strict=True
        )
    ]


def step_sizes(program: Program, at_steps: Sequence[int]) -> np.ndarray:
    """Return sizes of the update over the learning rate, with the weights at 0.

    Returns:
        shape=(len(at_steps), len(REGIONS)).
    """
    gradient = np.array([region.gradient for region in REGIONS])
    sign_change = np.where([region.alternates for region in REGIONS], -1.0, 1.0)
    replay, weights = Replay(program, gradient.shape), np.zeros_like(gradient)
    sizes = {}
    for step in range(1, at_steps[-1] + 1):
        sizes[step] = np.abs(replay.step(weights, gradient, 1.0))
        gradient = gradient * sign_change
    return np.array([sizes[step] for step in at_steps])


def measure_paths(
    start: tuple[float, float] = START,
    learning_rate: float = LEARNING_RATE,
    num_steps: int = NUM_STEPS,
) -> list[DescentPath]:
    """Run every optimizer on |x| + |y|, from the same start with the same learning rate.

    Args:
        start: x below 0, y above 0.
        learning_rate: for all optimizers.
        num_steps: steps of each optimizer.
    """
    return [follow(name, library.load(name), start, learning_rate, num_steps) for name in NAMES]


def follow(
    name: str,
    program: Program,
    start: tuple[float, float],
    learning_rate: float,
    num_steps: int,
) -> DescentPath:
    """Run one optimizer on |x| + |y|; see `measure_paths`."""
    replay = Replay(program, (2,))
    points, roots = [np.array(start)], []
    for _ in range(num_steps):
        point = points[-1]
        points.append(point - replay.step(point, np.sign(point), learning_rate))
        roots.append(_root(replay.states))
    xs, ys = np.array(points).T
    x_arrives, y_arrives = _first(xs >= 0), _first(ys <= 0)
    x_size = y_size = x_root = y_root = None
    if x_arrives is not None and roots[0] is not None:
        x_root, y_root = map(float, roots[x_arrives - 1])
    if x_arrives is not None and y_arrives is not None and y_arrives < x_arrives:
        moved = np.abs(np.diff(np.array(points), axis=0))[y_arrives:x_arrives]
        x_size, y_size = map(float, moved.mean(0) / learning_rate)
    return DescentPath(
        name,
        y_arrives,
        x_arrives,
        x_size,
        y_size,
        x_root,
        y_root,
        x_overshoot=float(max(xs.max(), 0)),
        y_overshoot=float(max(-ys.min(), 0)),
        late=float(np.abs(points[-max(num_steps // 10, 1) :]).max()),
        xs=tuple(xs[::STEPS_A_POINT].tolist()),
        ys=tuple(ys[::STEPS_A_POINT].tolist()),
    )


def _root(states: dict[str, np.ndarray]) -> np.ndarray | None:
    if "v_correction" not in states:
        return None
    return np.sqrt(states["v"] / states["v_correction"])


def _first(is_true: np.ndarray) -> int | None:
    return int(np.argmax(is_true)) if is_true.any() else None
