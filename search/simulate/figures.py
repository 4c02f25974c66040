"""The pictures of a simulation: idle workers and a busy driver, and what lag does to a search."""

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from search.figures import LOOKS, SMALL, assign_looks, make_figure, tidy


def load_figure(loads: Sequence[dict[str, Any]]) -> Figure:
    """Idle share of the workers and load of the driver over the number of workers.

    Args:
        loads: as described by `search.simulate.report`.
    """
    figure = make_figure(6, 3.6)
    axes = figure.subplots()
    tidy(axes)
    loads = sorted(loads, key=lambda load: (load["num_workers"], load["lag"]))
    workers = [load["num_workers"] for load in loads]
    shown = (
        ("idle_share", "workers idle, whole run"),
        ("idle_share_while_bred", "workers idle while programs are bred"),
        ("driver_load", "load of the driver"),
    )
    for look, (name, label) in zip(LOOKS, shown, strict=False):
        shares = [100 * max(load[name], 0.0) for load in loads]
        axes.plot(workers, shares, label=label, **look._asdict())
    axes.set_xscale("log")
    axes.set_yscale("symlog", linthresh=0.01, linscale=0.5)
    axes.set_ylim(0, 100)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlabel("workers")
    axes.set_ylabel("share of time (%)")
    figure.legend(loc="outside lower center", ncols=2, fontsize=SMALL)
    return figure


def lag_figure(lags: Sequence[dict[str, Any]]) -> Figure:
    """The best program so far over the programs of a search, a line for each lag.

    Args:
        lags: as described by `search.simulate.report`.
    """
    figure = make_figure(6, 4)
    axes = figure.subplots()
    tidy(axes)
    looks = assign_looks(f"{lag['lag']:,}" for lag in lags)
    for lag, (label, look) in zip(lags, looks.items(), strict=True):
        programs, style = lag["programs"], look._asdict()
        axes.fill_between(programs, lag["low"], lag["high"], color=look.color, alpha=0.1, lw=0)
        axes.plot(programs, lag["mean"], label=label, markevery=5, **style)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_xlabel("programs of the search")
    axes.set_ylabel("best so far (decades off the loss)")
    title = "lag: children that may be in flight (bands: from seed to seed)"
    figure.legend(loc="outside lower center", ncols=5, fontsize=SMALL, title=title)
    return figure
