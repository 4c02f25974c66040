"""Figures of a simulation: idle workers, the load of the driver, and the effect of lag."""

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from lionhunt.search.reporting.figures import LOOKS, SMALL, assign_looks, make_figure, tidy


def load_figure(loads: Sequence[dict[str, Any]]) -> Figure:
    """Plot the idle share of the workers and the load of the driver over the number of workers.

    Where the driver would not keep up, the idle share is a lower bound. The share while programs
    are bred is then unknown.

    Args:
        loads: as in the summary of `search.simulation.report`.
    """
    figure, axes = _start(3.6, "workers", "share of time (%)", xscale="log")
    loads = sorted(loads, key=lambda load: (load["num_workers"], load["lag"]))
    idle = [max(load["idle_share"], load["least_idle_share"]) for load in loads]
    while_bred = [load["idle_share_while_bred"] if load["keeps_up"] else math.nan for load in loads]
    driver_loads = [load["driver_load"] for load in loads]
    lines = (
        (idle, "workers idle, whole run"),
        (while_bred, "workers idle while programs are bred"),
        (driver_loads, "load of the driver"),
    )
    workers = [load["num_workers"] for load in loads]
    for look, (shares, label) in zip(LOOKS, lines, strict=False):
        axes.plot(workers, [100 * abs(share) for share in shares], label=label, **look._asdict())
    axes.set_yscale("symlog", linthresh=0.01, linscale=0.5)
    axes.set_ylim(0, 100 * max(1, *driver_loads))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    figure.legend(loc="outside lower center", ncols=2, fontsize=SMALL)
    return figure


def lag_figure(lags: Sequence[dict[str, Any]]) -> Figure:
    """Plot the best program so far over the programs of a search, a line for each lag.

    Args:
        lags: as in the summary of `search.simulation.report`.
    """
    figure, axes = _start(4, "programs of the search", "best so far (decades off the loss)")
    looks = assign_looks(f"{lag['lag']:,}" for lag in lags)
    for lag, (label, look) in zip(lags, looks.items(), strict=True):
        programs, style = lag["programs"], look._asdict()
        axes.fill_between(programs, lag["low"], lag["high"], color=look.color, alpha=0.1, lw=0)
        axes.plot(programs, lag["mean"], label=label, markevery=5, **style)
    title = "lag: children that may be in flight (bands: from seed to seed)"
    figure.legend(loc="outside lower center", ncols=5, fontsize=SMALL, title=title)
    return figure


def _start(height: float, xlabel: str, ylabel: str, xscale="linear") -> tuple[Figure, Axes]:
    """Make an empty figure, six inches wide and `height` high, with plain numbers on its x axis."""
    figure = make_figure(6, height)
    axes = figure.subplots()
    tidy(axes)
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    # A scale sets its own formatter, so the scale comes first.
    axes.set_xscale(xscale)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    return figure, axes
