"""States that hold one number at every step, or at every step after the first ones."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeVar

from lionhunt.dsl.analysis.state_kinds import narrow_states
from lionhunt.dsl.analysis.value_numbering import Values
from lionhunt.dsl.interpreter import run
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.program import Program

MAX_STEPS = 8
"""Steps within which a state must reach its number."""

State = TypeVar("State")
Number = TypeVar("Number")


class Settled(NamedTuple):
    """Number that a state holds after some first steps.

    Attributes:
        value: the number.
        num_steps: first steps at which the state holds another number; 0 for none.
    """

    value: float
    num_steps: int


def settle_states(
    states: Iterable[State],
    next_numbers: Callable[[Mapping[State, Number]], Mapping[State, Number | None]],
    zero: Number,
) -> dict[State, tuple[Number, int]]:
    """Return the states that reach a number and keep it, with the number of steps until then.

    All states start as zeros, and are assumed to hold numbers. A state leaves this assumption if
    its next value is no number, or if it still changes after `MAX_STEPS`. Then the steps begin
    again.

    Args:
        states: the states, each hashable.
        next_numbers: the next values of states that hold numbers; None for what is no number.
        zero: the number that states start as.
    """
    assumed = list(states)
    while assumed:
        history = [dict.fromkeys(assumed, zero)]
        leaving: set[State] = set()
        while not leaving and (len(history) < 2 or history[-1] != history[-2]):
            new = next_numbers(history[-1])
            leaving = {state for state in assumed if new[state] is None}
            if len(history) > MAX_STEPS:
                leaving |= {state for state in assumed if new[state] != history[-1][state]}
            history.append({state: x for state, x in new.items() if x is not None})
        if not leaving:
            return {
                state: (last, next(i for i, row in enumerate(history) if row[state] == last))
                for state, last in history[-1].items()
            }
        assumed = [state for state in assumed if state not in leaving]
    return {}


def find_constant_states(program: Program) -> dict[str, Settled]:
    """Return the states of a valid program that settle at a number, bit for bit.

    A state that a reduction reads has none, since a reduction counts its elements.
    """
    kinds = narrow_states(program)
    candidates = [
        name for name, kind in zip(program.states, kinds, strict=True) if kind is Kind.SCALAR
    ]

    def next_numbers(numbers: Mapping[str, str]) -> dict[str, str | None]:
        values = Values()
        states = [
            values.constant(float(numbers[name])) if name in numbers else values.state(i)
            for i, name in enumerate(program.states)
        ]
        inputs = [values.weights, values.gradient, *states, values.schedule]
        _, *news = run(
            program, inputs, lambda op, *args: values.apply(op.name, args), values.constant
        )
        found = {
            name: repr(values.constants[new]) if new in values.constants else None
            for name, new in zip(program.states, news, strict=True)
        }
        return {name: found[name] for name in numbers}

    # As texts, 0.0 and -0.0 differ.
    settled = settle_states(candidates, next_numbers, "0.0")
    return {name: Settled(float(text), num_steps) for name, (text, num_steps) in settled.items()}
