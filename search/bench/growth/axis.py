"""An axis of growth: one size of a search, and the quantities that grow with it."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple


class GrowthCurve(NamedTuple):
    """A quantity that is measured along an axis.

    Attributes:
        key: its name in a row.
        label: its name in words.
        unit: its unit; curves of one unit share a panel of the figure.
    """

    key: str
    label: str
    unit: str


class GrowthAxis(NamedTuple):
    """A size of a search, and its measurement.

    Attributes:
        name: of the size, which is also its name in a row.
        note: one paragraph on the measurement.
        curves: the quantities.
        sizes: the sizes of a quick measurement.
        more_sizes: further sizes of a full one.
        measure: yields a row for each of some sizes. A row lacks what was not measured there.
    """

    name: str
    note: str
    curves: tuple[GrowthCurve, ...]
    sizes: tuple[int, ...]
    more_sizes: tuple[int, ...]
    measure: Callable[[Sequence[int]], Iterator[dict[str, Any]]]
