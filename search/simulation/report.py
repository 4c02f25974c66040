"""What a simulation shows, as a plain dictionary and as a person reads it."""

import statistics
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from lionhunt.search.reporting.blocks import Block, Paragraph
from lionhunt.search.reporting.tables import Table
from lionhunt.search.reporting.text import duration
from lionhunt.search.simulation.loop import DISPATCH_SECONDS, Load, SimulatedCurve


def summarize_simulation(
    loads: Sequence[Load], curves: Sequence[SimulatedCurve], **asked: Any
) -> dict[str, Any]:
    """All of it, as JSON values.

    Args:
        loads: of runs with workers.
        curves: of searches with a lag, those of one lag side by side.
        asked: what the simulation was asked for.
    """
    names = ("new_share", "child_seconds", "driver_load", "max_workers")
    names += ("keeps_up", "least_seconds", "least_idle_share")
    return asked | {
        "loads": [load._asdict() | {name: getattr(load, name) for name in names} for load in loads],
        "lags": [_describe_lag(lag, list(of)) for lag, of in groupby(curves, lambda c: c.lag)],
    }


def _describe_lag(lag: int, curves: list[SimulatedCurve]) -> dict[str, Any]:
    bests = list(zip(*(curve.best for curve in curves), strict=True))
    return {
        "lag": lag,
        "seeds": [curve.seed for curve in curves],
        "programs": curves[0].programs,
        "mean": [statistics.fmean(best) for best in bests],
        "low": [min(best) for best in bests],
        "high": [max(best) for best in bests],
    }


def simulation_blocks(described: dict[str, Any]) -> Iterator[Block]:
    """The tables, and what they mean."""
    seconds, spread = described["evaluation_seconds"], described["spread"]
    yield Paragraph(
        f"Evaluations take {duration(seconds)} +- {spread:.0%} of virtual time. The driver is the "
        "real one, with records on disk; its processor time is measured, all else is the same each "
        "time."
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
        for load in described["loads"]
    ]
    heads += ("driver, a program", "driver load", "most workers")
    yield Table("workers", heads, rows)
    yield Paragraph(
        "Idle: the share of the workers' time without work, the end of the run included, where "
        "less and less is left to do; while bred: up to the last evaluation that was begun. Driver "
        "load: the driver's seconds for an evaluation, times workers, by the seconds of an "
        "evaluation; most workers: as many as would make it 100 %."
    )
    late = [f"{load['num_workers']:,}" for load in described["loads"] if not load["keeps_up"]]
    if late:
        yield Paragraph(
            f"The driver would not keep up with {' or '.join(late)} workers. Virtual time passes "
            "only where it waits; of these runs is told what they take at least, since the driver "
            "does one thing after another."
        )
    yield Paragraph(
        "Ray does not run here. What it costs the driver is taken as "
        f"{1e3 * DISPATCH_SECONDS:g} ms an evaluation, whatever the number of workers. "
        "Workers are there from the start, get their next candidate without delay, and never die."
    )
    if described["lags"]:
        yield _lag_table(described["lags"])
        yield Paragraph(
            "Best: the decades that the best program so far takes off the loss of a noisy "
            "quadratic of 24 weights in 20 steps; the mean over seeds, and the least and the most. "
            "The searches are real, and so is what lag does to them; how much it does to a search "
            "on networks is not told by it."
        )


def _workers_time(load: dict[str, Any]) -> tuple[str, ...]:
    """Three cells: the time of a run, and the shares of it in which workers are idle."""
    if load["keeps_up"]:
        shares = (load["idle_share"], load["idle_share_while_bred"])
        return duration(load["seconds"]), *(f"{abs(share):.1%}" for share in shares)
    seconds = max(load["seconds"], load["least_seconds"])
    idle_share = max(load["idle_share"], load["least_idle_share"])
    return f">= {duration(seconds)}", f">= {idle_share:.1%}", "not told"


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
