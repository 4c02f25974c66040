"""Small, exact experiments beside the claims, of other optimizers' papers, for the report."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from lionhunt.search.paper.toy_problems.adabelief_examples import (
    AT_STEPS,
    REGIONS,
    Path,
    RegionSteps,
    measure_paths,
    measure_regions,
)
from lionhunt.search.paper.toy_problems.gradient_memory import AFTER, Response, measure_responses
from lionhunt.search.reporting.blocks import Block, Heading, Paragraph
from lionhunt.search.reporting.tables import Table


class Examples(NamedTuple):
    """What came of them.

    Attributes:
        responses: how long optimizers remember.
        regions: what they make of large gradients and small curvature.
        paths: how they come down |x| + |y|.
    """

    responses: list[Response]
    regions: list[RegionSteps]
    paths: list[Path]


def work_out_examples() -> Examples:
    """All of them, in about 10 seconds."""
    return Examples(measure_responses(), measure_regions(), measure_paths())


def summarize_examples(examples: Examples) -> dict[str, Any]:
    """The same as plain values."""
    return {name: [each._asdict() for each in found] for name, found in examples._asdict().items()}


def example_blocks(examples: Examples) -> Iterator[Block]:
    """Tables, and how to read them."""
    yield Heading("how long optimizers remember")
    yield Paragraph(
        "The response of the updates to one gradient, all others being 1 or -1 at random: how much "
        "an update changes with it, at once and later, a unit of gradient and learning rate. By "
        "the half age half of it has come."
    )
    heads = ("optimizer", "in all", "half age (steps)", *(f"share after {k:,}" for k in AFTER))
    rows = [
        (
            each.optimizer,
            f"{each.total.mean:.3g}",
            "" if each.half_age is None else f"{each.half_age:,}",
            *(f"{abs(share):.1%}" for share in each.shares_after),
        )
        for each in examples.responses
    ]
    yield Table("response to one gradient", heads, rows)
    yield Heading("large gradients where there is little curvature")
    yield Paragraph(
        "The size of the step over the learning rate, in the three regions of AdaBelief's Figure 1 "
        f"(the gradient is {', '.join(f'{region.gradient:g}' for region in REGIONS)}; where the "
        "curvature is large it changes its sign at every step). An ideal optimizer steps far in "
        "the first and in the third."
    )
    heads = ("optimizer", "region", *(f"step {step:,}" for step in AT_STEPS))
    rows = [
        (each.optimizer, each.region, *(f"{size:.3g}" for size in each.sizes))
        for each in examples.regions
    ]
    yield Table("sizes of steps by region", heads, rows)
    yield Heading("down |x| + |y|")
    yield Paragraph(
        "From the same start near the x axis, with the same learning rate: steps until y and x "
        "have passed their optimum, the mean size of steps over the learning rate while y "
        "oscillates and x goes on, and how far from the optimum the last tenth of the steps is."
    )
    heads = (
        "optimizer",
        "y arrives",
        "x arrives",
        "size in x",
        "size in y",
        "x overshoots",
        "late",
    )
    rows = [
        (
            each.optimizer,
            *(_optional(value) for value in (each.y_arrives, each.x_arrives)),
            *(_optional(value) for value in (each.x_size, each.y_size)),
            f"{each.x_overshoot:.3g}",
            f"{each.late:.3g}",
        )
        for each in examples.paths
    ]
    yield Table("ways down |x| + |y|", heads, rows)


def _optional(value: float | None) -> str:
    if value is None:
        return "never"
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}"
