"""Report on the toy problems: a dictionary of plain values and blocks of text."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from lionhunt.search.paper.toy_problems.adabelief_examples import (
    AT_STEPS,
    REGIONS,
    DescentPath,
    RegionSteps,
    measure_paths,
    measure_regions,
)
from lionhunt.search.paper.toy_problems.gradient_memory import AFTER, Response, measure_responses
from lionhunt.search.reporting import Block, Heading, Paragraph, Table


class Examples(NamedTuple):
    """Results of the toy problems.

    Attributes:
        responses: memory of gradients.
        regions: step sizes by gradient and curvature.
        paths: paths down |x| + |y|.
    """

    responses: list[Response]
    regions: list[RegionSteps]
    paths: list[DescentPath]


def measure_examples() -> Examples:
    """Run all toy problems, in about 10 seconds."""
    return Examples(measure_responses(), measure_regions(), measure_paths())


def summarize_examples(examples: Examples) -> dict[str, Any]:
    """Return the results as plain values."""
    return {name: [row._asdict() for row in rows] for name, rows in examples._asdict().items()}


def example_blocks(examples: Examples) -> Iterator[Block]:
    """Yield tables, each with a paragraph on how to read it."""
    yield Heading("memory of optimizers")
    yield Paragraph(
        "The response of updates to one gradient: how much an update changes with it, at once and "
        "later, per unit of gradient and learning rate. All other gradients are 1 or -1 at random. "
        "Half of the response has come by the half age."
    )
    yield Table(
        "response to one gradient",
        ("optimizer", "in all", "half age (steps)", *(f"share after {k:,}" for k in AFTER)),
        [
            (
                response.optimizer,
                f"{response.total.mean:.3g}",
                "" if response.half_age is None else f"{response.half_age:,}",
                *(f"{abs(share):.1%}" for share in response.shares_after),
            )
            for response in examples.responses
        ],
    )
    yield Heading("large gradients where there is little curvature")
    yield Paragraph(
        "Step size over the learning rate in the three regions of AdaBelief's Figure 1. The "
        f"gradient is {', '.join(f'{region.gradient:g}' for region in REGIONS)}; where the "
        "curvature is large, it changes its sign at every step. An ideal optimizer takes large "
        "steps in the first and third region."
    )
    yield Table(
        "step sizes by region",
        ("optimizer", "region", *(f"step {step:,}" for step in AT_STEPS)),
        [
            (steps.optimizer, steps.region, *(f"{size:.3g}" for size in steps.sizes))
            for steps in examples.regions
        ],
    )
    yield Heading("down |x| + |y|")
    yield Paragraph(
        "All optimizers start near the x axis, with the same learning rate. The table has the "
        "steps until y and x have passed their optimum, and the mean step size over the learning "
        "rate while y oscillates and x advances. Late is the largest distance from the optimum in "
        "the last tenth of the steps."
    )
    heads = ("y arrives", "x arrives", "size in x", "size in y", "x overshoots", "late")
    yield Table(
        "paths down |x| + |y|",
        ("optimizer", *heads),
        [
            (
                path.optimizer,
                *map(_optional, (path.y_arrives, path.x_arrives, path.x_size, path.y_size)),
                f"{path.x_overshoot:.3g}",
                f"{path.late:.3g}",
            )
            for path in examples.paths
        ],
    )


def _optional(value: float | None) -> str:
    if value is None:
        return "never"
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}"
