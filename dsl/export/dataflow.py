"""Dataflow graph of a program, in static single assignment form: the input of every export.

Each assignment makes a new value, so a name assigned twice is two values. The graph holds only
values that the update depends on. Functions of constants alone become numbers. A statement that
returns its argument (times 1, the mean of one number) becomes that argument.
"""

import dataclasses
from collections.abc import Collection

from lionhunt.dsl.analysis.constant_folding import fold
from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.float32 import number_text, to_float32
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.ops import EPS, OPS
from lionhunt.dsl.program import Arg, Program, Var
from lionhunt.dsl.validation import infer

STRUCTURAL = (0.0, 1.0, -1.0, 2.0, 3.0, 4.0)
"""Numbers that belong to the structure of a rule and are no constants of it."""

_MEANS = {"row_mean", "column_mean", "array_mean"}


@dataclasses.dataclass(frozen=True, eq=False)
class Number:
    """A constant at one place of a program; compared by identity.

    Attributes:
        value: the number, as float32.
        is_plain: True if it is made of structural numbers or of none, as get_pi(). Nobody tunes
            such a number.
    """

    value: float
    is_plain: bool = False

    @property
    def kind(self) -> Kind:
        return Kind.SCALAR

    @property
    def absorbs_eps(self) -> bool:
        """Check that the number is so large that adding EPS does not change it."""
        return to_float32(self.value + EPS) == self.value

    @property
    def text(self) -> str:
        """Return the shortest decimal with the same float32."""
        return number_text(self.value)


@dataclasses.dataclass(frozen=True, eq=False)
class Value:
    """The value of an input or a statement; compared by identity.

    Attributes:
        name: variable that holds it in the program.
        kind: kind of the value.
        op: function that makes it; empty for an input.
        args: arguments of the function.
    """

    name: str
    kind: Kind
    op: str = ""
    args: tuple["Value | Number", ...] = ()


Operand = Value | Number


@dataclasses.dataclass(frozen=True)
class Graph:
    """The values of a program.

    Attributes:
        weights, gradient, schedule: inputs; they may be unused.
        states: live states.
        values: results of statements, in program order.
        update: step to subtract from the weights.
        next_states: new value of each of `states`.
    """

    weights: Value
    gradient: Value
    schedule: Value
    states: tuple[Value, ...]
    values: tuple[Value, ...]
    update: Operand
    next_states: tuple[Operand, ...]

    @property
    def outputs(self) -> tuple[Operand, ...]:
        return self.update, *self.next_states

    @property
    def array_inputs(self) -> tuple[Value, ...]:
        """Return weights, gradient and states."""
        return self.weights, self.gradient, *self.states

    def operands(self) -> list[Operand]:
        """List every read, in order and with repetitions; outputs last."""
        return [*(arg for value in self.values for arg in value.args), *self.outputs]

    def reads(self, value: Value) -> bool:
        """Check that a statement or an output reads the value."""
        return value in self.operands()


def trace(program: Program, named: Collection[float] = ()) -> Graph:
    """Return the graph of a program.

    Args:
        program: any program.
        named: numbers with a name, as float32. They stay even where they have no effect, and
            functions of them are not folded, because their values may change.

    Raises:
        InvalidProgram: the program cannot run.
    """
    infer(program)
    program = simplify(program)
    inputs = [Value(name, Kind.TREE) for name in program.inputs[:-1]]
    schedule = Value(program.schedule, Kind.SCALAR)
    env: dict[str, Operand] = {value.name: value for value in (*inputs, schedule)}
    values = []

    def read(arg: Arg) -> Operand:
        return env[arg.name] if isinstance(arg, Var) else number(to_float32(arg.value))

    def number(value: float) -> Number:
        return Number(value, value in STRUCTURAL and value not in named)

    for statement in program.statements:
        args = tuple(map(read, statement.args))
        result = _reduce(statement.op, args, named)
        if result is None:
            kind = OPS[statement.op].infer(*(arg.kind for arg in args))
            result = Value(statement.target, kind, statement.op, args)
            values.append(result)
        env[statement.target] = result
    weights, gradient, *states = inputs
    update, *next_states = map(read, program.outputs)
    return Graph(
        weights, gradient, schedule, tuple(states), tuple(values), update, tuple(next_states)
    )


def _reduce(op: str, args: tuple[Operand, ...], named: Collection[float]) -> Operand | None:
    """Return the number or the argument that a function of `args` equals; None for a new value."""
    numbers = [arg for arg in args if isinstance(arg, Number)]
    if len(numbers) == len(args) and not any(number.value in named for number in numbers):
        value = fold(op, *(number.value for number in numbers))
        return Number(value, all(number.is_plain for number in numbers))
    if op in _MEANS and args[0].kind is not Kind.TREE:
        return args[0]
    if op == "multiply" and [number.value for number in numbers] == [1.0] and 1.0 not in named:
        return next(arg for arg in args if isinstance(arg, Value))
    return None
