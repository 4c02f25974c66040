"""The report of growth: a table of each axis, with the slopes of its quantities."""

from collections.abc import Iterator, Mapping
from typing import Any

from lionhunt.search.bench.growth.axis import GrowthAxis
from lionhunt.search.bench.growth.loop import AXES
from lionhunt.search.reporting.blocks import Block, Paragraph
from lionhunt.search.reporting.tables import Table


def growth_blocks(summary: Mapping[str, Any], *, has_figures: bool = False) -> Iterator[Block]:
    """Yield the tables, and paragraphs that explain them.

    Args:
        summary: of axes by name.
        has_figures: whether to show the figure of each axis, which is in the file `AXIS.png`.
    """
    yield Paragraph(
        "A slope is the exponent of the growth, fitted to the upper half of the sizes on log-log "
        "axes: 1 is in proportion, 0 is none. A quantity with a floor, such as the memory of "
        "libraries, has a small slope until it outgrows that floor."
    )
    for name, found in summary.items():
        axis = AXES[name]
        yield _table(axis, found)
        yield Paragraph(axis.note)
        yield Paragraph(f"Measured by `{found['command']}` on {found['machine']}.")
        if has_figures:
            yield Paragraph(f"![Growth with {name}]({name}.png)")


def _table(axis: GrowthAxis, found: Mapping[str, Any]) -> Table:
    curves = [curve for curve in axis.curves if any(curve.key in row for row in found["rows"])]
    heads = [axis.name, *(f"{curve.label} ({curve.unit})" for curve in curves)]
    rows = [
        [f"{row[axis.name]:,}", *(_cell(row.get(curve.key)) for curve in curves)]
        for row in found["rows"]
    ]
    slopes = [found["slopes"][curve.key] for curve in curves]
    rows.append(["slope", *("" if slope is None else f"{slope:z.2f}" for slope in slopes)])
    return Table(f"growth with {axis.name}", heads, rows)


def _cell(value: float | None) -> str:
    """Return a value to three digits; nothing for one that was not measured."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
