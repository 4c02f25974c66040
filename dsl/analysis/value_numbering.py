"""Value numbering: equal expressions get one number."""

import math
import zlib
from itertools import repeat
from typing import NamedTuple

from lionhunt.dsl.analysis import identities
from lionhunt.dsl.analysis.constant_folding import fold
from lionhunt.dsl.analysis.identities import Pattern
from lionhunt.dsl.float32 import to_bits, to_float32
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.ops import OPS
from lionhunt.dsl.program import Const, Var

_MASK = (1 << 64) - 1


def mix(key: int, part: int) -> int:
    """A 64-bit key of two; the same on every machine and Python."""
    key = ((key ^ part) * 0x9E3779B97F4A7C15) & _MASK
    return key ^ (key >> 29)


_RULES = {
    op.name: (mix(6, zlib.crc32(op.name.encode())), op.infer, op.commutative) for op in OPS.values()
}


class _Constant(NamedTuple):
    value: float
    bits: bytes
    tag: str
    key: int


_constants: dict[object, _Constant] = {}


def _constant(value: float) -> _Constant:
    """What is known of a number; constants come again and again in the programs of a search."""
    name = value or repr(value)  # 0.0 and -0.0 are equal
    known = _constants.get(name)
    if known is None:
        rounded = to_float32(value)
        bits = to_bits(rounded)
        known = _Constant(rounded, bits, repr(rounded), mix(4, int.from_bytes(bits, "little")))
        if len(_constants) < 100_000:
            _constants[name] = known
    return known


class Values:
    """The values that a program computes, numbered as they are met.

    Every value has a key that depends on what it computes alone; keys order the arguments of
    commutative functions. (Two values with one key would only make the form less canonical.)

    Attributes:
        ops, operands, kinds, keys: of every value; the op of an input is "", that of a constant
            its number in full.
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
        self._known: dict[object, int] = {}

    def _append(self, op: str, operands: tuple[int, ...], kind: Kind, key: int) -> int:
        self.ops.append(op)
        self.operands.append(operands)
        self.kinds.append(kind)
        self.keys.append(key)
        return len(self.ops) - 1

    def state(self, rank: int) -> int:
        """The state of a class; classes are numbered by rank."""
        number = self._known.get(("state", rank))
        if number is None:
            number = self._append("", (), Kind.TREE, mix(5, rank))
            self._known["state", rank] = number
            self.states[number] = rank
        return number

    def constant(self, value: float) -> int:
        """A constant, as float32; constants are told apart by their bits."""
        value, bits, tag, key = _constant(value)
        number = self._known.get(bits)
        if number is None:
            number = self._append(tag, (), Kind.SCALAR, key)
            self._known[bits] = number
            self.constants[number] = value
        return number

    def apply(self, name: str, operands: tuple[int, ...]) -> int:
        """A function of values: a known value if it is one, a folded or a simpler one if it can."""
        key, kind_rule, commutative = _RULES[name]
        keys = self.keys
        if commutative and keys[operands[0]] > keys[operands[1]]:
            operands = (operands[1], operands[0])
        known = (name, operands)
        number = self._known.get(known)
        if number is None:
            number = self._fold(name, operands)
            if number is None:
                number = simpler(self, name, operands)
            if number is None:
                for operand in operands:
                    key = mix(key, keys[operand])
                kinds = self.kinds
                kind = kind_rule(*[kinds[k] for k in operands])
                number = self._append(name, operands, kind, key)
            self._known[known] = number
        return number

    def _fold(self, name: str, operands: tuple[int, ...]) -> int | None:
        """The constant that a function of constants is; None if it is none, or not finite."""
        constants = self.constants
        for operand in operands:
            if operand not in constants:
                return None
        folded = fold(name, *[constants[k] for k in operands])
        return self.constant(folded) if math.isfinite(folded) else None


def simpler(values: "Values", name: str, operands: tuple[int, ...]) -> int | None:
    """The value that an identity puts in place of `name(*operands)`; None if none applies."""
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
                    found: dict[str, int] = {}
                    if all(map(_matches, parts, order, repeat(values), repeat(found))):
                        return _build(right, values, found)
    return None


def _orders(name: str, operands: tuple[int, ...]):
    return (operands, operands[::-1]) if OPS[name].commutative else (operands,)


def _matches(pattern: Pattern, value: int, values: "Values", found: dict[str, int]) -> bool:
    if isinstance(pattern, Var):
        return found.setdefault(pattern.name, value) == value
    if isinstance(pattern, Const):
        return values.ops[value] == repr(pattern.value)
    name, *parts = pattern
    return values.ops[value] == name and any(
        all(map(_matches, parts, order, repeat(values), repeat(found)))
        for order in _orders(name, values.operands[value])
    )


def _build(pattern: Pattern, values: "Values", found: dict[str, int]) -> int:
    if isinstance(pattern, Var):
        return found[pattern.name]
    if isinstance(pattern, Const):
        return values.constant(pattern.value)
    name, *parts = pattern
    return values.apply(name, tuple(_build(p, values, found) for p in parts))


_SAME = "same"


def _tag(left: Pattern) -> str:
    """What a row asks for at first sight: the op of an operand, or two that are one."""
    _, *parts = left
    for part in parts:
        if not isinstance(part, Var):
            return repr(part.value) if isinstance(part, Const) else part[0]
    assert len(set(parts)) < len(parts)
    return _SAME


_BY_TAG: dict[str, dict[str, list[tuple[Pattern, Pattern]]]] = {}
for _left, _right in identities.ROWS:
    _BY_TAG.setdefault(_left[0], {}).setdefault(_tag(_left), []).append((_left, _right))
