"""Names for the constants of a program: from its docstring, else from their roles."""

import dataclasses
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection

from lionhunt.dsl.export.dataflow import Graph, Number, Operand, Value
from lionhunt.dsl.export.identifiers import identifier
from lionhunt.dsl.float32 import to_float32
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.text.docstring import ProgramDoc

_NOT_NEGATIVE = re.compile(r"(beta|epsilon|weight_decay|momentum|peak_learning_rate|step_size)\d*")
"""Roles and names of constants that are at least zero."""
_DECAY = re.compile(r"(beta|momentum)\d*")
"""Those of constants that are less than one, too."""

_THROUGH = {"sqrt", "cbrt", "abs"}
"""Functions through which an addend is still inside the denominator."""

Users = dict[Operand, list[tuple[Value | None, int]]]
"""Each operand's readers and their argument slots; None for an output."""


@dataclasses.dataclass(frozen=True)
class Constant:
    """A constant with a name: an argument of the exported optimizer.

    Attributes:
        name: unique identifier.
        value: default, as float32.
        text: default, with the digits of the arithmetic.
        meaning: phrase without a full stop.
        roles: roles of the places where it stands; see `name_constants`.
    """

    name: str
    value: float
    text: str
    meaning: str
    roles: frozenset[str]

    @property
    def bounds(self) -> tuple[float, float]:
        """Return the range of its values, without the upper end.

        A constant whose default breaks a convention has no bounds.
        """
        words = {self.name, *self.roles}
        if any(map(_DECAY.fullmatch, words)) and 0 <= self.value < 1:
            return 0.0, 1.0
        if any(map(_NOT_NEGATIVE.fullmatch, words)) and self.value >= 0:
            return 0.0, math.inf
        return -math.inf, math.inf

    @property
    def is_decay(self) -> bool:
        """Check that it is a factor of the weights and nothing else."""
        return self.roles == {"weight_decay"}


@dataclasses.dataclass(frozen=True)
class Naming:
    """The named constants of a graph, and the places where they stand."""

    constants: tuple[Constant, ...]
    places: dict[Number, Constant]

    @property
    def names(self) -> dict[Number, str]:
        """Return the name at each place."""
        return {number: constant.name for number, constant in self.places.items()}


def name_constants(
    graph: Graph, doc: ProgramDoc, taken: Collection[str] = (), max_length: int = 40
) -> Naming:
    """Name every constant but the structural ones.

    A line of the docstring names every place with its number. Other equal numbers in equal roles
    share a name:

    - beta: third argument of interp
    - weight_decay: factor of the weights
    - peak_learning_rate: factor of the schedule value
    - step_size: factor of the whole update
    - epsilon: addend inside a denominator
    - constant1, constant2, ...: the rest

    Args:
        graph: graph as traced, not lowered.
        doc: docstring of the program.
        taken: names with another meaning.
        max_length: most characters of a name, without a suffix that makes it unique.
    """
    documented = {}
    for constant in doc.constants:
        documented.setdefault(to_float32(constant.value), constant)
    users = _users(graph)
    roles: dict[tuple[str, float], list[Number]] = defaultdict(list)
    role_of: dict[Number, str] = {}
    meanings: dict[tuple[str, float], str] = {}
    by_docstring: dict[float, list[Number]] = defaultdict(list)
    for number, [(user, slot), *_] in users.items():
        if not isinstance(number, Number):
            continue
        role, meaning = _role(graph, users, user, slot)
        role_of[number] = role
        if number.value in documented:
            by_docstring[number.value].append(number)
        elif not number.is_plain and abs(number.value) < math.inf:
            roles[role, number.value].append(number)
            meanings.setdefault((role, number.value), meaning)
    # "lr" and "update" have a meaning in exported code.
    taken = {"lr", "update", *taken}
    constants, places = [], {}

    def add(name: str, meaning: str, numbers: list[Number]) -> None:
        name = identifier(name, taken, suffix="_constant", max_length=max_length)
        taken.add(name)
        own_roles = frozenset(map(role_of.__getitem__, numbers))
        constants.append(Constant(name, numbers[0].value, numbers[0].text, meaning, own_roles))
        places.update(dict.fromkeys(numbers, constants[-1]))

    for value, constant in documented.items():
        if value in by_docstring:
            add(constant.name, constant.meaning.rstrip("."), by_docstring[value])
    counts = Counter(role for role, _ in roles)
    ranks = Counter[str]()
    for (role, value), numbers in roles.items():
        ranks[role] += 1
        is_numbered = counts[role] > 1 or role == "constant"
        name = f"{role}{ranks[role]}" if is_numbered else role
        add(name, meanings[role, value], numbers)
    return Naming(tuple(constants), places)


def _users(graph: Graph) -> Users:
    """Return the readers of each operand, in the order of the program; outputs last."""
    users: Users = defaultdict(list)
    for value in graph.values:
        for slot, arg in enumerate(value.args):
            users[arg].append((value, slot))
    for slot, output in enumerate(graph.outputs):
        users[output].append((None, slot))
    return dict(users)


def _role(graph: Graph, users: Users, user: Value | None, slot: int) -> tuple[str, str]:
    """Return the role of a number and a phrase that describes it."""
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


def _is_multiple(value: Operand, base: Value) -> bool:
    """Check that a value is `base`, possibly times scalars."""
    if value is base:
        return True
    if not isinstance(value, Value) or value.op != "multiply":
        return False
    return _any_order(value, lambda x, y: _is_multiple(x, base) and y.kind is Kind.SCALAR)


def _any_order(value: Value, holds: Callable[[Operand, Operand], bool]) -> bool:
    x, y = value.args
    return holds(x, y) or holds(y, x)


def _only_scales(value: Value, tree: Value, users: Users) -> bool:
    """Check that a scalar only multiplies `tree`, directly or in a product of scalars."""
    if value.kind is not Kind.SCALAR:
        return False
    for user, slot in users.get(value, ()):
        if user is None or user.op != "multiply":
            return False
        other = user.args[1 - slot]
        if not (_is_multiple(other, tree) or _only_scales(user, tree, users)):
            return False
    return True


def _is_divisor(value: Value, users: Users) -> bool:
    """Check that a value is a divisor, directly or under a root."""
    return any(
        user is not None
        and (
            (user.op == "divide" and slot == 1)
            or user.op == "reciprocal"
            or (user.op in _THROUGH and _is_divisor(user, users))
        )
        for user, slot in users.get(value, ())
    )
