"""Constants that schedulers of torch cycle together with the learning rate."""

import re
from collections.abc import Sequence

from lionhunt.dsl.export.dataflow import Number, Value
from lionhunt.dsl.export.docstrings import ExportContext
from lionhunt.dsl.export.signs import non_negative

_BETAS = (
    "A group of parameters holds `betas`: {names}. OneCycleLR and CyclicLR cycle {first} as the "
    "momentum."
)

_NO_MOMENTUM = (
    "No constant is the decay of a momentum: give OneCycleLR and CyclicLR `cycle_momentum=False`."
)


def betas(context: ExportContext) -> list[str]:
    """Return the constants that a group holds as `betas`; the first is the decay of a momentum.

    These are the constants named beta, beta1 and so on, else the decays of averages. A decay of a
    second moment cannot be cycled as a momentum: there are none if it comes first. A constant
    named momentum is cycled under its own name.
    """
    constants = context.naming.constants
    if has_momentum(context):
        return []
    chosen = [constant for constant in constants if re.fullmatch(r"beta\d*", constant.name)]
    chosen = chosen or [constant for constant in constants if constant.roles == {"beta"}]
    if not chosen or chosen[0].bounds != (0.0, 1.0):
        return []
    signs = non_negative(context.graph)
    for value in context.graph.values:
        if value.op != "interp":
            continue
        new, old, beta = value.args
        is_first = isinstance(beta, Number) and context.naming.places.get(beta) is chosen[0]
        is_moment = isinstance(new, Value) and new not in signs and old in context.graph.states
        if is_first and is_moment:
            return [constant.name for constant in chosen]
    return []


def has_momentum(context: ExportContext) -> bool:
    """Check that a constant has the name under which schedulers look for a momentum."""
    return any(constant.name == "momentum" for constant in context.naming.constants)


def cycling_words(context: ExportContext, names: Sequence[str]) -> list[Sequence[str]]:
    """Return the paragraphs of a docstring about schedulers.

    Args:
        context: the program.
        names: the constants of `betas`.
    """
    if names:
        return [[_BETAS.format(names=", ".join(names), first=names[0])]]
    return [] if has_momentum(context) else [[_NO_MOMENTUM]]
