"""Plot style and figure files.

Looks differ without colour, too. Equal figures give equal bytes.
"""

import math
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from lionhunt.search.reporting.replaced_file import replaced_file

DASHES = (
    "-",
    (0, (5, 1.5)),
    (0, (5, 1.5, 1, 1.5)),
    (0, (1, 1.2)),
    (0, (9, 2)),
    (0, (4, 1, 1, 1, 1, 1)),
    (0, (2, 1)),
)
COLORS = ("#000000", "#d55e00", "#0072b2", "#009e73", "#cc79a7", "#7a5c00", "#56b4e9")
"""The palette of Okabe and Ito (2008) for colour-blind readers, without its light yellow."""
MARKERS = "osD^vPX"

BACKGROUND = "0.72"
"""Grey of lines that only show a range."""
SMALL, TINY = 8, 6.5
"""Font sizes in points: of labels, and of numbers inside a picture."""
LETTER_WIDTH = 0.065
"""Upper estimate of the width of a `SMALL` letter, in inches."""


class Look(NamedTuple):
    """Style of one series; the fields are arguments of `Axes.plot`."""

    color: str
    linestyle: str | tuple
    marker: str
    markerfacecolor: str
    linewidth: float = 1.2
    markersize: float = 4.5


LOOKS = tuple(
    Look(
        COLORS[i % len(COLORS)],
        DASHES[i % len(DASHES)],
        MARKERS[i % len(MARKERS)],
        COLORS[i % len(COLORS)] if i < len(MARKERS) else "white",
    )
    for i in range(2 * len(MARKERS))
)
"""Any two differ in marker or filling. The first seven differ in the line, too."""


def assign_looks(names: Iterable[str]) -> dict[str, Look]:
    """Return a look for each name, in order. After `len(LOOKS)` names, looks repeat."""
    return {name: LOOKS[i % len(LOOKS)] for i, name in enumerate(names)}


def make_figure(width: float, height: float) -> Figure:
    """Return a figure of this size in inches, unknown to pyplot."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def tidy(axes: Axes) -> None:
    """Give axes small letters and a light grid in the background."""
    axes.tick_params(labelsize=SMALL)
    axes.xaxis.label.set_fontsize(SMALL)
    axes.yaxis.label.set_fontsize(SMALL)
    axes.grid(color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)


def wrap(text: str, width: float) -> str:
    """Break a text into lines of `SMALL` letters that fit into `width` inches."""
    return textwrap.fill(text, max(int(width / LETTER_WIDTH), 10))


def use_log_axis(axes: Axes) -> None:
    """Make the vertical axis logarithmic, with plain numbers at 1, 2 and 5 of each decade."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def spans_a_decade(values: Iterable[float]) -> bool:
    """Return True if a log axis suits: all positive, the largest over 10 times the smallest."""
    finite = [value for value in values if math.isfinite(value)]
    return bool(finite) and min(finite) > 0 and max(finite) > 10 * min(finite)


def write_figure(figure: Figure, stem: Path) -> None:
    """Write `STEM.png` and `STEM.svg`. Equal figures give equal bytes."""
    with matplotlib.rc_context({"svg.hashsalt": stem.name}):
        with replaced_file(stem.with_suffix(".png")) as part:
            figure.savefig(part, format="png", dpi=150)
        with replaced_file(stem.with_suffix(".svg")) as part:
            figure.savefig(part, format="svg", metadata={"Date": None})
