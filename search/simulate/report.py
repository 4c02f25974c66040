"""What a simulation shows, as a plain dictionary and as a person reads it."""

import statistics
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from search.derivation_report import Block, Paragraph
from search.estimate import BY_WORKERS, duration
from search.simulate.simulation import Curve, Load
from search.tables import Table


def describe_simulation(
    loads: Sequence[Load], curves: Sequence[Curve], **asked: Any
) -> dict[str, Any]:
    """All of it, as JSON values.

    Args:
        loads: of runs with workers.
        curves: of searches with a lag, those of one lag side by side.
        asked: what the simulation was asked for.
    """
    names = ("new_share", "child_seconds", "driver_load", "max_workers")
    return asked | {
        "loads": [load._asdict() | {name: getattr(load, name) for name in names} for load in loads],
        "lags": [_describe_lag(lag, list(of)) for lag, of in groupby(curves, lambda c: c.lag)],
    }


def _describe_lag(lag: int, curves: list[Curve]) -> dict[str, Any]:
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
            duration(load["seconds"]),
            f"{abs(load['idle_share']):.1%}",
            f"{abs(load['idle_share_while_bred']):.1%}",
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
        f"evaluation, with {1e3 * BY_WORKERS.dispatch_seconds:g} ms for Ray, which does not run "
        "here; most workers: as many as would make it 100 %."
    )
    if described["lags"]:
        yield _lag_table(described["lags"])
        yield Paragraph(
            "Best: the decades that the best program so far takes off the loss of a noisy "
            "quadratic of 24 weights in 20 steps; the mean over seeds, and the least and the most. "
            "The searches are real, and so is what lag does to them; how much it does to a search "
            "on networks is not told by it."
        )


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
