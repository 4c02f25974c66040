"""The canonical form of a program: what it computes, and nothing of how it is written.

Value numbering of the live part, from which names, redundant statements, the order of independent
statements, the order of commutative arguments and which name carries which state disappear.
Constants are float32; a function of constants alone is folded; an exact identity (`dsl.identities`)
replaces a value by a simpler one. States that hold equal values at every step are one state: all
start as zeros, so states are split into classes as far as their updates tell them apart, as in the
minimization of automata, and a class is a state.

The canonical form is what runs: programs with equal forms get equal bytecode.
"""

import math
import struct
import zlib
from typing import NamedTuple

import numpy

from dsl import identities
from dsl.liveness import live
from dsl.ops import OPS
from dsl.program import Const, Program, Statement, Var
from dsl.spaces import Numbers
from dsl.types import Kind

WEIGHTS, GRADIENT, SCHEDULE, FIRST_STATE = range(4)
"""Operand numbers of the inputs; states, constants and instructions follow, in this order."""


class Instruction(NamedTuple):
    """One function applied to operands, which are numbers of inputs, constants, instructions.

    Attributes:
        op: name of the function.
        operands: its arguments.
        kind: the kind of its result.
        argument_kind: the widest kind of its arguments: what a reduction sums over.
    """

    op: str
    operands: tuple[int, ...]
    kind: Kind
    argument_kind: Kind


class Canonical(NamedTuple):
    """The canonical form.

    Attributes:
        num_states: live states, in the order in which the update reaches them.
        constants: float32 values, each different in its bits.
        instructions: every one needed, operands before their users.
        outputs: operand numbers of the update and of every new state.
    """

    num_states: int
    constants: tuple[float, ...]
    instructions: tuple[Instruction, ...]
    outputs: tuple[int, ...]

    @property
    def first_constant(self) -> int:
        return FIRST_STATE + self.num_states

    @property
    def first_instruction(self) -> int:
        return self.first_constant + len(self.constants)

    def to_program(self) -> Program:
        """The same as a program, for reading and for the interpreter."""
        states = [f"s{i}" for i in range(self.num_states)]
        values = ["w", "g", "lr", *states]
        args = [Var(name) for name in values] + [Const(x) for x in self.constants]
        args += [Var(f"v{i}") for i in range(len(self.instructions))]
        statements = tuple(
            Statement(f"v{i}", instruction.op, tuple(args[k] for k in instruction.operands))
            for i, instruction in enumerate(self.instructions)
        )
        outputs = tuple(args[k] for k in self.outputs)
        return Program(("w", "g", *states, "lr"), statements, outputs)


def canonicalize(program: Program) -> Canonical:
    """Returns the canonical form of a valid program."""
    needed, live_states = live(program)
    statements = [s for s, keep in zip(program.statements, needed, strict=True) if keep]
    next_states = {
        name: output
        for name, output in zip(program.states, program.outputs[1:], strict=True)
        if name in live_states
    }
    classes = dict.fromkeys(next_states, 0)
    while True:
        values = _Values()
        env = {program.weights: values.weights, program.gradient: values.gradient}
        env[program.schedule] = values.schedule
        env |= {name: values.state(rank) for name, rank in classes.items()}
        for statement in statements:
            operands = [
                env[arg.name] if isinstance(arg, Var) else values.constant(arg.value)
                for arg in statement.args
            ]
            env[statement.target] = values.apply(statement.op, tuple(operands))
        outputs = {
            name: env[arg.name] if isinstance(arg, Var) else values.constant(arg.value)
            for name, arg in next_states.items()
        }
        # A state's class is told by its class so far and by its next value; the value's key puts
        # the classes in an order that no name decides.
        tellers = {
            name: (classes[name], values.keys[outputs[name]], outputs[name]) for name in classes
        }
        ranks = {teller: rank for rank, teller in enumerate(sorted(set(tellers.values())))}
        if len(ranks) == len(set(classes.values())):
            break
        classes = {name: ranks[teller] for name, teller in tellers.items()}
    update = program.outputs[0]
    root = env[update.name] if isinstance(update, Var) else values.constant(update.value)
    return values.extract(root, {classes[name]: outputs[name] for name in classes})


_MASK = (1 << 64) - 1


def _mix(key: int, part: int) -> int:
    """A 64-bit key of two; the same on every machine and Python."""
    key = ((key ^ part) * 0x9E3779B97F4A7C15) & _MASK
    return key ^ (key >> 29)


_OP_KEYS = {name: _mix(6, zlib.crc32(name.encode())) for name in OPS}
_PACK = struct.Struct("<f")


def to_float32(value: float) -> float:
    """The nearest float32 (infinity where it is too large), subnormals flushed as XLA does."""
    try:
        value = _PACK.unpack(_PACK.pack(value))[0]
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
    return value if abs(value) >= 1.1754943508222875e-38 or value != value else 0.0 * value


class _Values:
    """Value numbering: equal expressions get one number.

    Every value has a key that depends on what it computes alone; keys order the arguments of
    commutative functions. (Two values with one key would only make the form less canonical.)

    Attributes:
        ops, operands, kinds, keys: of every value; an input or a constant has the op "".
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
            number = self._append("", (), Kind.TREE, _mix(5, rank))
            self._known["state", rank] = number
            self.states[number] = rank
        return number

    def constant(self, value: float) -> int:
        """A constant, as float32; constants are told apart by their bits."""
        value = to_float32(value)
        bits = _PACK.pack(value)
        number = self._known.get(bits)
        if number is None:
            number = self._append("", (), Kind.SCALAR, _mix(4, int.from_bytes(bits, "little")))
            self._known[bits] = number
            self.constants[number] = value
        return number

    def apply(self, name: str, operands: tuple[int, ...]) -> int:
        """A function of values: a known value if it is one, a folded or a simpler one if it can."""
        op = OPS[name]
        keys = self.keys
        if op.commutative and keys[operands[0]] > keys[operands[1]]:
            operands = (operands[1], operands[0])
        known = (name, operands)
        number = self._known.get(known)
        if number is None:
            number = self._fold(name, operands)
            if number is None:
                number = identities.simpler(self, name, operands)
            if number is None:
                kind = op.infer(*[self.kinds[k] for k in operands])
                key = _OP_KEYS[name]
                for operand in operands:
                    key = _mix(key, keys[operand])
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

    def extract(self, root: int, next_states: dict[int, int]) -> Canonical:
        """What `root` depends on, across steps, in the order of a walk from it.

        Args:
            root: the update.
            next_states: the new value of each class of states.
        """
        order: list[int] = []  # instructions, operands before their users
        states: list[int] = []
        constants: list[int] = []
        seen: set[int] = {self.weights, self.gradient, self.schedule}
        outputs = [root]
        for output in outputs:  # grows by the new values of the states that are met
            stack = [(output, False)]
            while stack:
                value, is_done = stack.pop()
                if is_done:
                    order.append(value)
                elif value not in seen:
                    seen.add(value)
                    if value in self.states:
                        states.append(value)
                        outputs.append(next_states[self.states[value]])
                    elif value in self.constants:
                        constants.append(value)
                    else:
                        stack.append((value, True))
                        stack.extend((k, False) for k in reversed(self.operands[value]))
        numbers = {self.weights: WEIGHTS, self.gradient: GRADIENT, self.schedule: SCHEDULE}
        for value in (*states, *constants, *order):
            numbers[value] = len(numbers)
        instructions = tuple(
            Instruction(
                self.ops[value],
                tuple(numbers[k] for k in self.operands[value]),
                self.kinds[value],
                max(self.kinds[k] for k in self.operands[value]),
            )
            for value in order
        )
        return Canonical(
            len(states),
            tuple(self.constants[value] for value in constants),
            instructions,
            tuple(numbers[value] for value in outputs),
        )


class _RoundedNumpy:
    """NumPy whose functions compute in float64 and round to float32.

    So their values are correctly rounded and the same on every machine, where a float32 library
    may be off by a unit in the last place; plain arithmetic on float32 is so anyway.
    """

    def __getattr__(self, name: str):
        function = getattr(numpy, name)
        return lambda *xs: self.float32(function(*map(numpy.float64, xs)))

    @staticmethod
    def float32(x):
        return numpy.float32(to_float32(float(x)))

    @staticmethod
    def where(condition, x, y):
        return x if condition else y


_folded: dict[tuple, float] = {}
_NUMBERS = Numbers(_RoundedNumpy())


def fold(name: str, *constants: float) -> float:
    """A function of constants, step by step in float32 as the machine computes it."""
    key = (name, *map(_PACK.pack, constants))
    value = _folded.get(key)
    if value is None:
        with numpy.errstate(all="ignore"):
            args = [numpy.float32(constant) for constant in constants]
            value = to_float32(float(OPS[name].evaluate(_NUMBERS, *args)))
        if len(_folded) < 100_000:
            _folded[key] = value
    return value
