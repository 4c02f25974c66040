"""A program of the language: frozen data, nothing else.

Grammar of the text form, which `dsl.text.parser` reads and prints (what it prints is also Python):

    program    = [STRING] "def" NAME "(" weights "," gradient {"," state} "," schedule ")" ":"
                 [STRING] {statement} "return" update {"," new_state}
    statement  = NAME "=" expression
    expression = term {("+" | "-") term}
    term       = factor {("*" | "/") factor}
    factor     = function "(" [expression {"," expression}] ")" | "-" factor
               | "(" expression ")" | NAME | NUMBER

Inputs, update and new states are NAMEs and expressions. A statement ends with its line, or with
";"; within parentheses lines go on; "#" begins a comment; a STRING is a docstring.

Inputs are told apart by position, their names are free. State variables are zeros at the first
step and shaped like the weights; `return` gives the update (a step to *subtract* from the weights)
and then the new value of every state, in the order of the inputs. Any name can be assigned again.
A `Program` is the flat form, one function a statement:

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

from lionhunt.dsl.ops import OPS

TOO_LARGE = 3.4028235677973366e38
"""The least number whose nearest float32 is infinite; constants are smaller."""


@dataclasses.dataclass(frozen=True, slots=True)
class Var:
    """A variable, read."""

    name: str


@dataclasses.dataclass(frozen=True, slots=True)
class Const:
    """A number. It prints in full and acts as the nearest float32.

    Raises:
        ValueError: for NaN and for what float32 cannot hold.
    """

    value: float

    def __post_init__(self):
        object.__setattr__(self, "value", float(self.value))  # NumPy's numbers print otherwise
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
    """

    inputs: tuple[str, ...]
    statements: tuple[Statement, ...]
    outputs: tuple[Arg, ...]

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


class InvalidProgram(ValueError):
    """A program that cannot run: the reason, the statement, and the program with an arrow at it.

    Attributes:
        reason: one line.
        program: the whole.
        index: number of the offending statement, from 0; the number of statements for `return`.
    """

    def __init__(self, reason: str, program: Program, index: int):
        super().__init__(reason, program, index)
        self.reason, self.program, self.index = reason, program, index

    def __str__(self) -> str:
        end = len(self.program.statements)
        where = f"statement {self.index}" if self.index < end else "the return"
        listing = "\n".join(
            f"{'->' if i == self.index else '  '} {i if i < end else '':3}{line}"
            for i, line in enumerate(str(self.program).splitlines()[1:])
        )
        return f"{self.reason}\n\nin {where} of\n\n{listing}"


MAX_LINES = 20_000  # those of a population of long programs: some MB


_LINES: dict[int, tuple[Statement, str]] = {}


def to_text(program: Program) -> str:
    """The flat text form, one function a statement."""
    lines = [f"def train({', '.join(program.inputs)}):"]
    lines += [f"  {_known_line(statement)}" for statement in program.statements]
    lines.append(f"  return {', '.join(map(_arg_text, program.outputs))}")
    return "\n".join(lines)


def _known_line(statement: Statement) -> str:
    """The same as `to_line`, which is asked once: a child shares all statements but one."""
    known, line = _LINES.get(id(statement), (None, ""))
    if known is not statement:
        if len(_LINES) >= MAX_LINES:
            _LINES.clear()
        line = to_line(statement)
        _LINES[id(statement)] = statement, line  # kept, so that its id is nobody else's
    return line


def to_line(statement: Statement) -> str:
    """One statement as text."""
    args = [_arg_text(arg) for arg in statement.args]
    op = OPS.get(statement.op)
    if op is not None and op.symbol and len(args) == 2:
        return f"{statement.target} = {args[0]} {op.symbol} {args[1]}"
    return f"{statement.target} = {statement.op}({', '.join(args)})"


def _arg_text(arg: Arg) -> str:
    return arg.name if isinstance(arg, Var) else repr(arg.value)
