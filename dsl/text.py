"""Text to program and back, exactly: `parse(str(program)) == program`.

Text is read with Python's own parser and never executed. Nested expressions are flattened to one
function a statement. The language has no copy: `a = b` is read as `a = b * 1.0`, which is exact.
"""

import ast
import difflib
import math
import re
import warnings

from dsl.ops import OPS, SYMBOLS, WORDS
from dsl.program import TOO_LARGE, Arg, Const, Program, Statement, Var

MAX_CHARACTERS = 100_000
"""Longest text that is read; Python's own parser takes up to 2 s for the worst of this length."""
MAX_LINE = 2_000
"""Longest line that is read."""
MAX_STATEMENTS = 2_000
"""Most statements that a parsed program can have, in its flat form."""
MAX_DEPTH = 100
"""How deep expressions can nest."""

_INFIX = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


class ProgramError(ValueError):
    """Text that is not a program.

    Attributes:
        reason: what is wrong and what was expected, one line.
        line, column: the place, from 1.
        excerpt: the line, with a caret below the place.
    """

    def __init__(self, reason: str, line: int = 1, column: int = 1, excerpt: str = ""):
        super().__init__(reason, line, column, excerpt)
        self.reason, self.line, self.column, self.excerpt = reason, line, column, excerpt

    def __str__(self) -> str:
        place = f"line {self.line}, column {self.column}: {self.reason}"
        return f"{place}\n{self.excerpt}" if self.excerpt else place


def to_text(program: Program) -> str:
    """The flat text form, one function a statement."""
    lines = [f"def train({', '.join(program.inputs)}):"]
    lines += [f"  {to_line(statement)}" for statement in program.statements]
    lines.append(f"  return {', '.join(map(_arg_text, program.outputs))}")
    return "\n".join(lines)


def to_line(statement: Statement) -> str:
    """One statement as text."""
    args = [_arg_text(arg) for arg in statement.args]
    op = OPS.get(statement.op)
    if op is not None and op.symbol and len(args) == 2:
        return f"{statement.target} = {args[0]} {op.symbol} {args[1]}"
    return f"{statement.target} = {statement.op}({', '.join(args)})"


def _arg_text(arg: Arg) -> str:
    return arg.name if isinstance(arg, Var) else repr(arg.value)


def parse(text: str) -> Program:
    """Reads a program.

    Raises:
        ProgramError: the text is not a program; it says where and what was expected. Whether a
            program that reads well can also run is for `dsl.infer` to say.
    """
    return _Reader(text).program()


class _Reader:
    """Reads one text; keeps it for the places of errors."""

    def __init__(self, text: str):
        self.lines = re.split("\r\n|\r|\n", text)  # where Python ends a line
        self.statements: list[Statement] = []
        self.names: set[str] = set()
        self.num_temporaries = 0
        self.depth = 0
        if len(text) > MAX_CHARACTERS:
            raise ProgramError(f"longer than {MAX_CHARACTERS} characters; not a program")
        for number, line in enumerate(self.lines, 1):
            if len(line) > MAX_LINE:
                raise ProgramError(
                    f"a line longer than {MAX_LINE} characters; break it into statements",
                    number,
                )
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Python's advice on dubious literals
                self.module = ast.parse(text)
        except SyntaxError as error:
            line, column = error.lineno or 1, max(error.offset or 1, 1)
            raise self.error_at(f"not a program: {error.msg}", line, column) from None
        except (ValueError, RecursionError, MemoryError, OverflowError) as error:
            reason = str(error).partition("\n")[0] or "expressions nested too deep"
            raise ProgramError(f"not a program: {reason}") from None

    def error_at(self, reason: str, line: int, column: int) -> ProgramError:
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        text = "".join(c if c.isprintable() else " " for c in text)
        start = max(0, column - 60)
        excerpt = f"    {text[start : start + 100]}\n    {' ' * (column - 1 - start)}^"
        return ProgramError(reason, line, column, excerpt)

    def error(self, reason: str, node: ast.AST | None = None) -> ProgramError:
        line = getattr(node, "lineno", 1)
        offset = getattr(node, "col_offset", 0)  # in bytes of UTF-8
        before = self.lines[line - 1].encode(errors="surrogatepass")[:offset]
        return self.error_at(reason, line, len(before.decode(errors="replace")) + 1)

    def program(self) -> Program:
        body = self.module.body
        if body and _is_docstring(body[0]):
            body = body[1:]
        if not body or not isinstance(body[0], ast.FunctionDef):
            raise self.error("expected 'def train(w, g, ..., lr):' and its statements", *body[:1])
        if len(body) > 1:
            raise self.error("expected nothing after the one function", body[1])
        function = body[0]
        inputs = self.inputs(function)
        self.names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
        self.names.update(inputs)
        steps = function.body[1:] if _is_docstring(function.body[0]) else function.body
        if not steps or not isinstance(steps[-1], ast.Return):
            raise self.error(
                "expected 'return update, ...' as the last statement", (steps or [function])[-1]
            )
        for step in steps[:-1]:
            self.statement(step)
        outputs = self.outputs(steps[-1], inputs)
        return Program(inputs, tuple(self.statements), outputs)

    def inputs(self, function: ast.FunctionDef) -> tuple[str, ...]:
        args = function.args
        if function.decorator_list:
            raise self.error("expected no decorator", function.decorator_list[0])
        if args.vararg or args.kwarg or args.kwonlyargs or args.defaults or args.posonlyargs:
            raise self.error("expected plain input names, without defaults or stars", function)
        if function.returns is not None:
            raise self.error("expected no annotation", function.returns)
        if len(args.args) < 3:
            raise self.error(
                "expected at least three inputs: weights, gradient, any states, schedule",
                function,
            )
        names: dict[str, None] = {}
        for arg in args.args:
            if arg.annotation is not None:
                raise self.error("expected no annotation", arg)
            if arg.arg in names:
                raise self.error(f"input '{arg.arg}' is named twice", arg)
            names[self.name(arg.arg, arg)] = None
        return tuple(names)

    def name(self, name: str, node: ast.AST) -> str:
        if not name.isascii():
            raise self.error("expected a name of ASCII letters, digits and _", node)
        return name

    def outputs(self, step: ast.Return, inputs: tuple[str, ...]) -> tuple[Arg, ...]:
        value = step.value
        nodes = value.elts if isinstance(value, ast.Tuple) else [value] if value else []
        if len(nodes) != len(inputs) - 2:
            states = ", ".join(["update", *inputs[2:-1]])
            raise self.error(
                f"expected 'return {states}': the update and every state, in order; "
                f"got {len(nodes)} of {len(inputs) - 2} values",
                step,
            )
        return tuple(self.arg(node) for node in nodes)

    def statement(self, step: ast.stmt) -> None:
        if isinstance(step, ast.Return):
            raise self.error("expected 'return' only as the last statement", step)
        if not (
            isinstance(step, ast.Assign)
            and len(step.targets) == 1
            and isinstance(step.targets[0], ast.Name)
        ):
            raise self.error("expected an assignment 'name = expression'", step)
        target = self.name(step.targets[0].id, step.targets[0])
        value = step.value
        if isinstance(value, ast.Name) or _number(value) is not None:
            self.append(target, "multiply", (self.arg(value), Const(1.0)), step)
        else:
            self.append(target, *self.call(value), step)

    def append(self, target: str, op: str, args: tuple[Arg, ...], node: ast.AST) -> None:
        if len(self.statements) >= MAX_STATEMENTS:
            raise self.error(f"more than {MAX_STATEMENTS} statements", node)
        self.statements.append(Statement(target, op, args))

    def arg(self, node: ast.expr) -> Arg:
        """The node as an argument; a nested expression becomes statements before it."""
        if isinstance(node, ast.Name):
            return Var(self.name(node.id, node))
        number = _number(node)
        if number is None:
            if self.depth >= MAX_DEPTH:
                raise self.error(
                    f"expressions nested deeper than {MAX_DEPTH}; use more statements", node
                )
            self.depth += 1
            op, args = self.call(node)
            self.depth -= 1
            target = self.temporary()
            self.append(target, op, args, node)
            return Var(target)
        if not abs(number) < TOO_LARGE:
            raise self.error("a number too large for float32", node)
        return Const(number)

    def temporary(self) -> str:
        while True:
            self.num_temporaries += 1
            name = f"t{self.num_temporaries}"
            if name not in self.names:
                return name

    def call(self, node: ast.expr) -> tuple[str, tuple[Arg, ...]]:
        """The function that the node applies, and its arguments."""
        if isinstance(node, ast.BinOp):
            symbol = _INFIX.get(type(node.op))
            if symbol is None:
                raise self.error("expected one of + - * / here, or power(x, y)", node)
            return SYMBOLS[symbol].name, (self.arg(node.left), self.arg(node.right))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return "negative", (self.arg(node.operand),)
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            raise self.error("expected a function call, an infix + - * /, a name or a number", node)
        op = WORDS.get(node.func.id)
        if op is None:
            raise self.error(_unknown("function", node.func.id, WORDS), node)
        if node.keywords or any(isinstance(arg, ast.Starred) for arg in node.args):
            raise self.error(f"expected plain arguments to {op.name}", node)
        if len(node.args) != op.arity:
            raise self.error(
                f"{op.name} takes {op.arity} argument{'s' * (op.arity != 1)}, got {len(node.args)}",
                node,
            )
        return op.name, tuple(self.arg(arg) for arg in node.args)


def _is_docstring(step: ast.stmt) -> bool:
    return (
        isinstance(step, ast.Expr)
        and isinstance(step.value, ast.Constant)
        and isinstance(step.value.value, str)
    )


def _number(node: ast.expr) -> float | None:
    """The number that the node writes, with any minus signs; None if it is something else."""
    sign = 1
    while isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node, sign = node.operand, -sign
    if (
        not isinstance(node, ast.Constant)
        or not isinstance(node.value, int | float)
        or isinstance(node.value, bool)
    ):
        return None
    try:
        return sign * float(node.value)
    except OverflowError:
        return sign * math.inf


def _unknown(what: str, word: str, known) -> str:
    """Says that a word is unknown, and the nearest one that is known."""
    near = difflib.get_close_matches(word, known, n=1)
    return f"unknown {what} '{word}'" + (f"; did you mean '{near[0]}'?" if near else "")
