"""The report of a simulation: its summary as JSON values, and its tables."""

import statistics
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from lionhunt.search.reporting.blocks import Block, Paragraph
from lionhunt.search.reporting.tables import Table
from lionhunt.search.reporting.text import duration
from lionhunt.search.simulation.loop import Load, SimulatedCurve
from lionhunt.search.workers.pool import DISPATCH_SECONDS


def summarize_simulation(
    loads: Sequence[Load], curves: Sequence[SimulatedCurve], **options: Any
) -> dict[str, Any]:
    """Return the summary of a simulation, as JSON values.

    Args:
        loads: of the runs with simulated workers.
        curves: of the searches with a lag; those of one lag are neighbours.
        options: of the simulation; they are part of the summary.
    """
    names = ("new_share", "child_seconds", "driver_load", "max_workers")
    names += ("keeps_up", "least_seconds", "least_idle_share")
    return options | {
        "loads": [load._asdict() | {name: getattr(load, name) for name in names} for load in loads],
        "lags": [_summarize_lag(lag, list(same)) for lag, same in groupby(curves, lambda c: c.lag)],
    }


def _summarize_lag(lag: int, curves: list[SimulatedCurve]) -> dict[str, Any]:
    bests = list(zip(*(curve.best for curve in curves), strict=True))
    return {
        "lag": lag,
        "seeds": [curve.seed for curve in curves],
        "programs": curves[0].programs,
        "mean": [statistics.fmean(best) for best in bests],
        "low": [min(best) for best in bests],
        "high": [max(best) for best in bests],
    }


def simulation_blocks(summary: dict[str, Any]) -> Iterator[Block]:
    """Yield the tables, and paragraphs that explain them."""
    seconds, spread = summary["evaluation_seconds"], summary["spread"]
    yield Paragraph(
        f"Evaluations take {duration(seconds)} +- {spread:.0%} of virtual time. The driver is the "
        "real one, with records on disk. Its processor time is measured; every other number is the "
        "same in each simulation."
    )
    heads = ("workers", "lag", "programs", "evaluated", "virtual time", "idle", "idle while bred")
    rows = [
        (
            f"{load['num_workers']:,}",
            f"{load['lag']:,}",
            f"{load['num_programs']:,}",
            f"{load['new_share']:.0%}",
            *_workers_time(load),
            f"{1e3 * load['child_seconds']:.2f} ms",
            f"{load['driver_load']:.2%}",
            f"{load['max_workers']:,.0f}",
        )
        for load in summary["loads"]
    ]
    heads += ("driver, a program", "driver load", "most workers")
    yield Table("workers", heads, rows)
    yield Paragraph(
        "Idle: the share of the workers' time without work, with the end of the run, where work "
        "runs out. While bred: the same until the last evaluation begins. Driver load: the "
        "driver's seconds for an evaluation, times workers, by the seconds of an evaluation. Most "
        "workers: the number with a load of 100 %."
    )
    late = [f"{load['num_workers']:,}" for load in summary["loads"] if not load["keeps_up"]]
    if late:
        yield Paragraph(
            f"The driver would not keep up with {' or '.join(late)} workers. Virtual time passes "
            "only while it waits, so the times and idle shares of these runs are lower bounds."
        )
    yield Paragraph(
        "Ray does not run in the simulation. Its cost for the driver is assumed to be "
        f"{1e3 * DISPATCH_SECONDS:g} ms an evaluation, whatever the number of workers. "
        "Workers start at once, get their next candidate without delay, and never die."
    )
    if summary["lags"]:
        yield _lag_table(summary["lags"])
        yield Paragraph(
            "Best: the decades that the best program so far takes off the loss of a noisy "
            "quadratic of 24 weights in 20 steps: the mean over seeds, the least and the most. The "
            "searches and the effect of lag on them are real. The effect on a search on networks "
            "may differ."
        )


def _workers_time(load: dict[str, Any]) -> tuple[str, ...]:
    """Return three cells: the time of a run, and the idle shares of its workers."""
    if load["keeps_up"]:
        shares = (load["idle_share"], load["idle_share_while_bred"])
        return duration(load["seconds"]), *(f"{abs(share):.1%}" for share in shares)
    seconds = max(load["seconds"], load["least_seconds"])
    idle_share = max(load["idle_share"], load["least_idle_share"])
    return f">= {duration(seconds)}", f">= {idle_share:.1%}", "unknown"


def _lag_table(lags: Sequence[dict[str, Any]]) -> Table:
    points = [len(lags[0]["programs"]) * share // 8 for share in (1, 2, 4)]
    points.append(len(lags[0]["programs"]) - 1)
    heads = ("lag", *(f"best of {lags[0]['programs'][point]:,}" for point in points))
    rows = [
        (
            f"{lag['lag']:,}",
            *(
                f"{lag['mean'][point]:.2f} ({lag['low'][point]:.2f} to {lag['high'][point]:.2f})"
                for point in points
            ),
        )
        for lag in lags
    ]
    return Table(f"lag, {len(lags[0]['seeds'])} seeds", heads, rows)
