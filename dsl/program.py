"""A program of the language as frozen data, and its text.

Grammar of the text form, which `dsl.text.parser` reads (what this module prints is also Python):

    program    = [STRING] "def" NAME "(" weights "," gradient {"," state} "," schedule ")" ":"
                 [STRING] {statement} "return" update {"," new_state}
    statement  = NAME "=" expression
    expression = term {("+" | "-") term}
    term       = factor {("*" | "/") factor}
    factor     = function "(" [expression {"," expression}] ")" | "-" factor
               | "(" expression ")" | NAME | NUMBER

Inputs are NAMEs; update and new states are expressions, with or without parentheses around all of
them. Types are allowed where Python allows them, and have no meaning. A statement ends with its
line, or with ";". Lines continue within parentheses. "#" begins a comment. A STRING is a docstring.

The position of an input decides its role; its name is free. State variables are zeros at the first
step and shaped like the weights. `return` gives the update, then the new value of every state, in
the order of the inputs. The update is *subtracted* from the weights. Names can be assigned again.
A `Program` is the flat form, with one function in each statement:

    def train(w, g, m, lr):
      update = interp(g, m, 0.9)
      update = sign(update)
      m = interp(g, m, 0.99)
      wd = w * 0.1
      update = update + wd
      update = update * lr
      return update, m
"""

import dataclasses

from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op_table import OPS
from lionhunt.errors import LionhuntError

TOO_LARGE = 3.4028235677973366e38
"""The least number whose nearest float32 is infinite; constants are smaller."""


@dataclasses.dataclass(frozen=True, slots=True)
class Var:
    """A variable that is read."""

    name: str


@dataclasses.dataclass(frozen=True, slots=True)
class Const:
    """A number. It prints in full and acts as the nearest float32.

    Raises:
        ValueError: the number is NaN, or its nearest float32 is infinite.
    """

    value: float

    def __post_init__(self):
        # NumPy's numbers print in another form than Python's.
        object.__setattr__(self, "value", float(self.value))
        if not abs(self.value) < TOO_LARGE:
            raise ValueError(f"{self.value!r} is not a finite float32")


Arg = Var | Const


@dataclasses.dataclass(frozen=True, slots=True)
class Statement:
    """One assignment, `target = op(*args)`; `op` is a name in `dsl.ops.OPS`."""

    target: str
    op: str
    args: tuple[Arg, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Program:
    """One optimizer.

    Attributes:
        inputs: names of the weights, the gradient, the states and the schedule value, in order.
        statements: run from first to last, once a training step.
        outputs: the update, then the new value of every state.
        kinds: the kind of each statement's result, once known; see `dsl.validation.known_kinds`.
    """

    inputs: tuple[str, ...]
    statements: tuple[Statement, ...]
    outputs: tuple[Arg, ...]
    kinds: tuple[Kind, ...] | None = dataclasses.field(
        init=False, repr=False, compare=False, default=None
    )

    @property
    def weights(self) -> str:
        return self.inputs[0]

    @property
    def gradient(self) -> str:
        return self.inputs[1]

    @property
    def states(self) -> tuple[str, ...]:
        return self.inputs[2:-1]

    @property
    def schedule(self) -> str:
        return self.inputs[-1]

    def __str__(self) -> str:
        return to_text(self)


class InvalidProgram(LionhuntError, ValueError):
    """A program that cannot run. Its text shows the program with an arrow at the statement.

    Attributes:
        reason: one line.
        program: the whole program.
        index: number of the offending statement, from 0; the number of statements for `return`.
    """

    def __init__(self, reason: str, program: Program, index: int):
        super().__init__(reason, program, index)
        self.reason, self.program, self.index = reason, program, index

    def __str__(self) -> str:
        end = len(self.program.statements)
        place = f"statement {self.index}" if self.index < end else "the return"
        listing = "\n".join(
            f"{'->' if i == self.index else '  '} {i if i < end else '':3}{line}"
            for i, line in enumerate(str(self.program).splitlines()[1:])
        )
        return f"{self.reason}\n\nin {place} of\n\n{listing}"


MAX_LINES = 20_000
"""Lines that are cached, some MB: those of a population of long programs."""

_LINES: dict[int, tuple[Statement, str]] = {}


def to_text(program: Program) -> str:
    """Return the flat text form, one function a statement."""
    lines = [f"def train({', '.join(program.inputs)}):"]
    lines += [f"  {_cached_line(statement)}" for statement in program.statements]
    lines.append(f"  return {', '.join(map(_arg_text, program.outputs))}")
    return "\n".join(lines)


def _cached_line(statement: Statement) -> str:
    """Return `to_line`, cached, since a child shares all statements but one with its parent."""
    cached, line = _LINES.get(id(statement), (None, ""))
    if cached is not statement:
        if len(_LINES) >= MAX_LINES:
            _LINES.clear()
        line = to_line(statement)
        # The cache keeps the statement alive, so that no other object gets its id.
        _LINES[id(statement)] = statement, line
    return line


def to_line(statement: Statement) -> str:
    """Return one statement as text."""
    args = [_arg_text(arg) for arg in statement.args]
    op = OPS.get(statement.op)
    if op is not None and op.symbol and len(args) == 2:
        return f"{statement.target} = {args[0]} {op.symbol} {args[1]}"
    return f"{statement.target} = {statement.op}({', '.join(args)})"


def _arg_text(arg: Arg) -> str:
    return arg.name if isinstance(arg, Var) else repr(arg.value)
