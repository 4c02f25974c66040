"""Partition refinement of states: which states hold equal values at every step."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

State = TypeVar("State")


def partition_states(
    states: Iterable[State],
    next_values: Callable[[dict[State, int]], Mapping[State, Any]],
    *,
    sort: bool = False,
) -> dict[State, int]:
    """Return the class of each state; states of one class hold equal values at every step.

    All states start as zeros, so they start in one class. A round splits each class by the next
    values of its states. The last call of `next_values` is with the result.

    Source: partition refinement, as in the minimization of automata (Moore, 1956).

    Args:
        states: the states, each hashable.
        next_values: the next value of each state, given the class of each state. Values are
            hashable, and sortable if `sort`.
        sort: number the classes in the order of class and next value, so that the order of the
            states does not matter. By default a class gets its number at its first state.
    """
    class_of = dict.fromkeys(states, 0)
    while True:
        values = next_values(class_of)
        signatures = {state: (number, values[state]) for state, number in class_of.items()}
        distinct = dict.fromkeys(signatures.values())
        if len(distinct) == len(set(class_of.values())):
            return class_of
        numbers = {key: number for number, key in enumerate(sorted(distinct) if sort else distinct)}
        class_of = {state: numbers[signature] for state, signature in signatures.items()}
