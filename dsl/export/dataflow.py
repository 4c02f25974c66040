"""Dataflow graph of a program, in static single assignment form: the input of every export.

Each assignment makes a new value, so a name assigned twice is two values. The graph holds only
values that the update depends on. Functions of constants alone become numbers. A statement that
returns its argument (times 1, the mean of one number) becomes that argument.
"""

import dataclasses
import math
from collections.abc import Collection, Mapping

from lionhunt.dsl.analysis.constant_folding import fold, fold_precisely
from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.analysis.state_kinds import narrow_states
from lionhunt.dsl.float32 import number_text, shortest, to_float32
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.ops import EPS
from lionhunt.dsl.program import Arg, Program, Var
from lionhunt.dsl.validation import infer

STRUCTURAL = (0.0, 1.0, -1.0, 2.0, 3.0, 4.0)
"""Numbers that belong to the structure of a rule and are no constants of it."""

_OF_ONE_NUMBER = {
    f"{part}_{word}" for part in ("row", "column", "array") for word in ("mean", "max")
}
"""Reductions that return a number unchanged."""
_COUNTS = {"rows", "columns", "size"}


@dataclasses.dataclass(frozen=True, eq=False)
class Number:
    """A constant at one place of a program; compared by identity.

    Attributes:
        value: the number, as float32.
        precise: the number in float64: the shortest decimal of a constant, or a function of these.
            It is `value` where float32 overflows, underflows or cancels digits.
        is_plain: True if it is made of structural numbers or of none, as get_pi(). Nobody tunes
            such a number.
    """

    value: float
    precise: float
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
        """Return the number as text: the shortest decimal of its float32, if that is precise."""
        text = number_text(self.value)
        if math.isclose(float(text), self.precise, rel_tol=1e-15) or math.isnan(self.value):
            return text
        return repr(self.precise).replace("e+", "e")


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
        states: live states, of the kinds that hold them.
        values: results of statements, in program order.
        update: step to subtract from the weights.
        next_states: new value of each of `states`.
        numbers: further inputs, one number for each array; empty as traced.
    """

    weights: Value
    gradient: Value
    schedule: Value
    states: tuple[Value, ...]
    values: tuple[Value, ...]
    update: Operand
    next_states: tuple[Operand, ...]
    numbers: tuple[Value, ...] = ()

    @property
    def outputs(self) -> tuple[Operand, ...]:
        return self.update, *self.next_states

    @property
    def array_inputs(self) -> tuple[Value, ...]:
        """Return weights, gradient, states and further numbers."""
        return self.weights, self.gradient, *self.states, *self.numbers

    def with_numbers(self, numbers: Mapping[Number, Value]) -> "Graph":
        """Replace constants by inputs, one number for each array."""
        new: dict[Operand, Operand] = {**numbers}
        values = []
        for value in self.values:
            args = tuple(new.get(arg, arg) for arg in value.args)
            kind = OPS[value.op].infer(*(arg.kind for arg in args))
            values.append(Value(value.name, kind, value.op, args))
            new[value] = values[-1]
        update, *next_states = (new.get(output, output) for output in self.outputs)
        inputs = tuple(dict.fromkeys(numbers.values()))
        return dataclasses.replace(
            self,
            values=tuple(values),
            update=update,
            next_states=tuple(next_states),
            numbers=inputs,
        )

    def operands(self) -> list[Operand]:
        """List every read, in order and with repetitions; outputs last."""
        return [*(arg for value in self.values for arg in value.args), *self.outputs]

    def reads(self, value: Value) -> bool:
        """Check that a statement or an output reads the value."""
        return value in self.operands()


def trace(program: Program, named: Collection[float] = (), narrowest: Kind = Kind.TREE) -> Graph:
    """Return the graph of a program.

    Args:
        program: any program.
        named: numbers with a name, as float32. They stay even where they have no effect, and
            functions of them are not folded, because their values may change.
        narrowest: least kind of a state; see `narrow_states`.

    Raises:
        InvalidProgram: the program cannot run.
    """
    infer(program)
    program = simplify(program)
    kinds = (Kind.TREE, Kind.TREE, *narrow_states(program, narrowest))
    inputs = [Value(*pair) for pair in zip(program.inputs[:-1], kinds, strict=True)]
    schedule = Value(program.schedule, Kind.SCALAR)
    env: dict[str, Operand] = {value.name: value for value in (*inputs, schedule)}
    values = []

    def read(arg: Arg) -> Operand:
        return env[arg.name] if isinstance(arg, Var) else number(to_float32(arg.value))

    def number(value: float) -> Number:
        return Number(value, shortest(value), value in STRUCTURAL and value not in named)

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
        precise = fold_precisely(op, *(number.precise for number in numbers))
        # Exported code must overflow, underflow and cancel as the program does.
        precise = precise if math.isclose(precise, value, rel_tol=1e-3) else value
        return Number(value, precise, all(number.is_plain for number in numbers))
    if op in _COUNTS and args[0].kind is Kind.SCALAR:
        return Number(1.0, 1.0, is_plain=True)
    if op in _OF_ONE_NUMBER and args[0].kind is not Kind.TREE:
        return args[0]
    if op == "multiply" and [number.value for number in numbers] == [1.0] and 1.0 not in named:
        return next(arg for arg in args if isinstance(arg, Value))
    return None
