"""Global value numbering with constant folding and identities: equal expressions get one number."""

import math
import zlib
from collections.abc import Mapping
from itertools import repeat
from typing import Any, NamedTuple

from lionhunt.dsl.analysis.constant_folding import MAX_CACHED, fold
from lionhunt.dsl.analysis.identities import ROWS, Pattern
from lionhunt.dsl.float32 import to_bits, to_float32
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op import Op
from lionhunt.dsl.op_table import OPS, per_table
from lionhunt.dsl.program import Const, Var

_MASK = (1 << 64) - 1


def mix(key: int, part: int) -> int:
    """Mix two 64-bit keys into one; the result is the same on every machine and Python."""
    key = ((key ^ part) * 0x9E3779B97F4A7C15) & _MASK
    return key ^ (key >> 29)


@per_table
def _rules(ops: Mapping[str, Op]) -> dict[str, Any]:
    return {
        op.name: (
            mix(6, zlib.crc32(op.full_name.encode())),
            op.infer,
            op.commutative,
            op.own is not None,
        )
        for op in ops.values()
    }


class _Constant(NamedTuple):
    value: float
    bits: bytes
    tag: str
    key: int


_constants: dict[object, _Constant] = {}


def _constant(value: float) -> _Constant:
    """Return the float32 of a number, cached: programs of a search repeat their constants."""
    # As keys of a dict, 0.0 and -0.0 are equal.
    name = value or repr(value)
    constant = _constants.get(name)
    if constant is None:
        rounded = to_float32(value)
        bits = to_bits(rounded)
        constant = _Constant(rounded, bits, repr(rounded), mix(4, int.from_bytes(bits, "little")))
        if len(_constants) == MAX_CACHED:
            _constants.clear()
        _constants[name] = constant
    return constant


class Values:
    """The values that a program computes, numbered in order of appearance.

    The key of a value depends on nothing but what the value computes. Keys order the arguments of
    commutative functions. (If two values had one key, the form would only be less canonical.)

    Attributes:
        ops: name of the function of each value; "" for an input, the number for a constant.
        operands, kinds, keys: of each value.
        constants: the numbers of constants, by value number.
        states: the classes of states, by value number.
    """

    weights, gradient, schedule = range(3)

    def __init__(self):
        self.ops = ["", "", ""]
        self.operands: list[tuple[int, ...]] = [(), (), ()]
        self.kinds = [Kind.TREE, Kind.TREE, Kind.SCALAR]
        self.keys = [1, 2, 3]
        self.constants: dict[int, float] = {}
        self.states: dict[int, int] = {}
        self._numbers: dict[object, int] = {}
        self._rules = _rules()

    def _append(self, op: str, operands: tuple[int, ...], kind: Kind, key: int) -> int:
        self.ops.append(op)
        self.operands.append(operands)
        self.kinds.append(kind)
        self.keys.append(key)
        return len(self.ops) - 1

    def state(self, class_number: int) -> int:
        """Return the value number of the states of a class."""
        number = self._numbers.get(("state", class_number))
        if number is None:
            number = self._append("", (), Kind.TREE, mix(5, class_number))
            self._numbers["state", class_number] = number
            self.states[number] = class_number
        return number

    def constant(self, value: float) -> int:
        """Return the value number of a constant, as float32; two constants differ in their bits."""
        value, bits, tag, key = _constant(value)
        number = self._numbers.get(bits)
        if number is None:
            number = self._append(tag, (), Kind.SCALAR, key)
            self._numbers[bits] = number
            self.constants[number] = value
        return number

    def apply(self, name: str, operands: tuple[int, ...]) -> int:
        """Return the value number of a function of values, after folding and identities."""
        key, kind_rule, commutative, is_own = self._rules[name]
        keys = self.keys
        if commutative and keys[operands[0]] > keys[operands[1]]:
            operands = (operands[1], operands[0])
        expression = (name, operands)
        number = self._numbers.get(expression)
        if number is None:
            # Without folding, a form does not depend on the user's code, only on its digest.
            if not is_own:
                number = self._fold(name, operands)
                if number is None:
                    number = _apply_identity(self, name, operands)
            if number is None:
                for operand in operands:
                    key = mix(key, keys[operand])
                kinds = self.kinds
                kind = kind_rule(*[kinds[k] for k in operands])
                number = self._append(name, operands, kind, key)
            self._numbers[expression] = number
        return number

    def _fold(self, name: str, operands: tuple[int, ...]) -> int | None:
        """Return a function of constants as a constant; None if it is none or not finite."""
        constants = self.constants
        for operand in operands:
            if operand not in constants:
                return None
        folded = fold(name, *[constants[k] for k in operands])
        return self.constant(folded) if math.isfinite(folded) else None


def _apply_identity(values: "Values", name: str, operands: tuple[int, ...]) -> int | None:
    """Return the value by which an identity replaces `name(*operands)`; None if none applies."""
    by_tag = _BY_TAG.get(name)
    if by_tag is None:
        return None
    ops = values.ops
    tags = [ops[operand] for operand in operands]
    if len(operands) == 2 and operands[0] == operands[1]:
        tags.append(_SAME)
    if by_tag.keys().isdisjoint(tags):
        return None
    for tag in tags:
        if tag in by_tag:
            for (_, *parts), right in by_tag[tag]:
                for order in _orders(name, operands):
                    bound: dict[str, int] = {}
                    if all(map(_matches, parts, order, repeat(values), repeat(bound))):
                        return _build(right, values, bound)
    return None


def _orders(name: str, operands: tuple[int, ...]):
    return (operands, operands[::-1]) if OPS[name].commutative else (operands,)


def _matches(pattern: Pattern, value: int, values: "Values", bound: dict[str, int]) -> bool:
    if isinstance(pattern, Var):
        return bound.setdefault(pattern.name, value) == value
    if isinstance(pattern, Const):
        return values.ops[value] == repr(pattern.value)
    name, *parts = pattern
    return values.ops[value] == name and any(
        all(map(_matches, parts, order, repeat(values), repeat(bound)))
        for order in _orders(name, values.operands[value])
    )


def _build(pattern: Pattern, values: "Values", bound: dict[str, int]) -> int:
    if isinstance(pattern, Var):
        return bound[pattern.name]
    if isinstance(pattern, Const):
        return values.constant(pattern.value)
    name, *parts = pattern
    return values.apply(name, tuple(_build(p, values, bound) for p in parts))


_SAME = "same"
"""The tag of two equal operands."""


def _tag(left: Pattern) -> str:
    """Return the tag by which rows are indexed: the op of an operand, or `_SAME`."""
    _, *parts = left
    for part in parts:
        if not isinstance(part, Var):
            return repr(part.value) if isinstance(part, Const) else part[0]
    assert len(set(parts)) < len(parts)
    return _SAME


_BY_TAG: dict[str, dict[str, list[tuple[Pattern, Pattern]]]] = {}
for _left, _right in ROWS:
    _BY_TAG.setdefault(_left[0], {}).setdefault(_tag(_left), []).append((_left, _right))
