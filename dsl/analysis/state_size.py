"""The size of the states of a program: how many numbers an optimizer keeps between steps."""

from typing import NamedTuple

from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.analysis.state_kinds import narrow_states
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.program import Program


class StateSize(NamedTuple):
    """Numbers that `dsl.as_optimizer` keeps between steps, beside the count of steps.

    Attributes:
        per_parameter: states that are arrays like the weights.
        per_array: states of one number for each array.
        single: states of one number.
    """

    per_parameter: int
    per_array: int
    single: int

    def __str__(self) -> str:
        """Return the size in words, as "2 numbers per parameter, and 2 numbers"."""
        parts = [
            f"{count} number{'s' * (count > 1)}{of}"
            for count, of in zip(self, (" per parameter", " per array", ""), strict=True)
            if count
        ]
        return ", and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:]))) or "none"


def measure_state(program: Program) -> StateSize:
    """Return the size of the live states of a valid program."""
    kinds = narrow_states(simplify(program))
    return StateSize(*(kinds.count(kind) for kind in reversed(Kind)))
