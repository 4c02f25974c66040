"""Names for the constants of a program: from its docstring, else from the role each one plays."""

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Collection

from lionhunt.dsl.export.dataflow import Graph, Number, Operand, Value
from lionhunt.dsl.export.identifiers import identifier
from lionhunt.dsl.float32 import to_float32
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.text.docstring import ProgramDoc

_THROUGH = {"sqrt", "cbrt", "abs"}
"""Functions through which an addend is still inside the denominator."""


@dataclasses.dataclass(frozen=True)
class Constant:
    """A constant with a name: an argument of the exported optimizer.

    Attributes:
        name: an identifier, different from all others.
        value: its default, as float32.
        meaning: a phrase without a full stop.
    """

    name: str
    value: float
    meaning: str


@dataclasses.dataclass(frozen=True)
class Naming:
    """The named constants of a graph, and the places where they stand."""

    constants: tuple[Constant, ...]
    places: dict[Number, Constant]

    @property
    def names(self) -> dict[Number, str]:
        """The name that stands at each place."""
        return {number: constant.name for number, constant in self.places.items()}


def name_constants(graph: Graph, notes: ProgramDoc, taken: Collection[str] = ()) -> Naming:
    """Names every constant but the structural ones.

    A line of the docstring names every place with its number. Without one, equal numbers in equal
    roles share a name: beta (the third argument of interp), weight_decay (a factor of the
    weights), peak_learning_rate (a factor of the schedule value), step_size (a factor of the whole
    update), epsilon (an addend inside a denominator); the rest are constant1, constant2, ...

    Args:
        taken: names that have a meaning already.
    """
    told = {}
    for constant in notes.constants:
        told.setdefault(to_float32(constant.value), constant)
    users = _users(graph)
    roles: dict[tuple[str, float], list[Number]] = defaultdict(list)
    meanings: dict[tuple[str, float], str] = {}
    by_docstring: dict[float, list[Number]] = defaultdict(list)
    seen: set[Number] = set()
    for number, user, slot in _numbers(graph):
        if number in seen:
            continue
        seen.add(number)
        if number.value in told:
            by_docstring[number.value].append(number)
        elif not number.is_plain and abs(number.value) < float("inf"):
            role, meaning = _role(graph, users, user, slot)
            roles[role, number.value].append(number)
            meanings.setdefault((role, number.value), meaning)
    taken = {"lr", "update", *taken}  # names with a meaning in exported code
    constants, places = [], {}

    def add(name: str, meaning: str, numbers: list[Number]) -> None:
        name = identifier(name, taken, suffix="_constant")
        taken.add(name)
        constants.append(Constant(name, numbers[0].value, meaning))
        places.update(dict.fromkeys(numbers, constants[-1]))

    for value, constant in told.items():
        if value in by_docstring:
            add(constant.name, constant.meaning.rstrip("."), by_docstring[value])
    counts: dict[str, int] = defaultdict(int)
    for role, _ in roles:
        counts[role] += 1
    ranks: dict[str, int] = defaultdict(int)
    for (role, value), numbers in roles.items():
        ranks[role] += 1
        is_numbered = counts[role] > 1 or role == "constant"
        name = f"{role}{ranks[role]}" if is_numbered else role
        add(name, meanings[role, value], numbers)
    return Naming(tuple(constants), places)


def _numbers(graph: Graph):
    """Yields every number with the value that reads it, and the slot; None for an output."""
    for value in graph.values:
        for slot, arg in enumerate(value.args):
            if isinstance(arg, Number):
                yield arg, value, slot
    for slot, output in enumerate(graph.outputs):
        if isinstance(output, Number):
            yield output, None, slot


def _users(graph: Graph) -> dict[Operand, list[tuple[Value | None, int]]]:
    """Who reads each value, and in which slot; None for an output."""
    users: dict[Operand, list[tuple[Value | None, int]]] = defaultdict(list)
    for value in graph.values:
        for slot, arg in enumerate(value.args):
            users[arg].append((value, slot))
    for slot, output in enumerate(graph.outputs):
        users[output].append((None, slot))
    return users


def _role(graph: Graph, users, user: Value | None, slot: int) -> tuple[str, str]:
    """The role of a number, and what to say of it."""
    if user is None:
        return "constant", "an output"
    if user.op == "interp" and slot == 2:
        second = user.args[1]
        if not isinstance(second, Value):
            return "beta", f"weight of a number in the average `{user.name}`"
        if second.name == user.name:
            return "beta", f"weight of the old `{user.name}` in the new"
        return "beta", f"weight of `{second.name}` in the average `{user.name}`"
    if user.op == "multiply":
        other = user.args[1 - slot]
        if _is_multiple(other, graph.weights) or _only_scales(user, graph.weights, users):
            return "weight_decay", "factor of the weights"
        if _is_multiple(other, graph.schedule):
            return "peak_learning_rate", "factor of the schedule value"
        if user is graph.update:
            return "step_size", "factor of the update"
    if user.op == "add" and _is_divisor(user, users):
        return "epsilon", "addend in a denominator"
    return "constant", f"a number in the statement of `{user.name}`"


def _is_multiple(value: Operand, of: Value) -> bool:
    """Whether a value is `of`, perhaps times scalars."""
    if value is of:
        return True
    if not isinstance(value, Value) or value.op != "multiply":
        return False
    return _any_order(value, lambda x, y: _is_multiple(x, of) and y.kind is Kind.SCALAR)


def _any_order(value: Value, holds: Callable[[Operand, Operand], bool]) -> bool:
    x, y = value.args
    return holds(x, y) or holds(y, x)


def _only_scales(value: Value, tree: Value, users) -> bool:
    """Whether a scalar is read only as a factor of `tree`, directly or in a product of scalars."""
    if value.kind is not Kind.SCALAR:
        return False
    for user, slot in users[value]:
        if user is None or user.op != "multiply":
            return False
        other = user.args[1 - slot]
        if not (_is_multiple(other, tree) or _only_scales(user, tree, users)):
            return False
    return True


def _is_divisor(value: Value, users) -> bool:
    """Whether a value is divided by, as it is or under a root."""
    return any(
        user is not None
        and (
            (user.op == "divide" and slot == 1)
            or user.op == "reciprocal"
            or (user.op in _THROUGH and _is_divisor(user, users))
        )
        for user, slot in users[value]
    )
