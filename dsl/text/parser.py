"""Parser of program text; `parse(str(program)) == program` holds exactly.

The grammar is in `dsl.program`. One pass reads the text, in time linear in its length, and nothing
is executed. Nested expressions are flattened to one function a statement. The language has no
copy: `a = b` is parsed as `a = b * 1.0`, which is exact.
"""

import difflib
import inspect
import keyword
import re
from collections.abc import Iterable

from lionhunt.dsl.op_table import SYMBOLS, WORDS
from lionhunt.dsl.program import TOO_LARGE, Arg, Const, InvalidProgram, Program, Statement, Var
from lionhunt.dsl.text.tokenizer import ProgramError, Token, error_at, tokenize
from lionhunt.dsl.validation import infer

MAX_CHARACTERS = 100_000
"""Length of the longest text that is accepted."""
MAX_INPUTS = 100
"""Most inputs of a parsed program: weights, gradient, states, schedule."""
MAX_STATEMENTS = 2_000
"""Most statements of a parsed program, in its flat form."""
MAX_DEPTH = 50
"""Deepest nesting of parentheses, calls and minus signs."""
MAX_NEAR = 40
"""Length of the longest name that is compared for a near miss, in quadratic time."""


_LINE_ENDS = ("newline", "end", ";")
_TYPE = ("name", "string")
_AFTER_TYPE = (*_TYPE, ".", "|", "[")
_IN_BRACKETS = (*_AFTER_TYPE, "(", ",")
_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2}


def parse(text: str | bytes) -> Program:
    """Parse a program that can run.

    Args:
        text: program text; bytes are UTF-8.

    Raises:
        ProgramError: the text is no program that can run; the error names the place.
    """
    return parse_with_docstring(text)[0]


def parse_with_docstring(text: str | bytes) -> tuple[Program, str]:
    """Parse a program and its docstring, as `parse`; without a docstring, it is empty."""
    # A character of UTF-8 has up to four bytes.
    if len(text) > MAX_CHARACTERS * (4 if isinstance(text, bytes) else 1):
        raise ProgramError(f"longer than {MAX_CHARACTERS} characters; not a program")
    if isinstance(text, bytes):
        try:
            text = text.decode()
        except UnicodeDecodeError as error:
            before = text[: error.start].decode()
            raise error_at(before, len(before), "expected UTF-8 text") from None
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_CHARACTERS:
        raise ProgramError(f"longer than {MAX_CHARACTERS} characters; not a program")
    parser = _Parser(text)
    program = parser.program()
    return program, inspect.cleandoc(parser.docstring)


_Value = Arg | tuple[str, tuple[Arg, ...], Token]
"""An argument, or a function, its arguments and its place, for which there is no statement yet."""


class _Parser:
    """Parser of one text, from its first token to its last; `token` is the next one."""

    def __init__(self, text: str):
        self.text = text
        self.tokens = tokenize(text)
        self.token = next(self.tokens)
        self.docstring = ""
        self.statements: list[Statement] = []
        # The place of each statement.
        self.places: list[Token] = []
        self.variables: set[str] = set()
        # No temporary gets a name that occurs in the text.
        self.taken = set(re.findall(r"\bt[0-9]+\b", text))
        self.num_temporaries = 0
        self.depth = 0

    def error(self, reason: str, token: Token | None = None) -> ProgramError:
        return error_at(self.text, (token or self.token).start, reason)

    def take(self) -> Token:
        """Consume and return the next token."""
        token = self.token
        if token.kind != "end":
            self.token = next(self.tokens)
        return token

    def takes(self, kind: str) -> bool:
        """Consume the next token if it is of that kind; return whether it is."""
        if self.token.kind == kind:
            self.take()
            return True
        return False

    def expect(self, kind: str, expected: str) -> Token:
        if self.token.kind != kind:
            raise self.error(f"expected {expected}, not {self.token}")
        return self.take()

    def name(self, expected: str) -> Token:
        if keyword.iskeyword(self.token.text):
            raise self.error(f"expected {expected}; '{self.token.text}' is a word of Python")
        return self.expect("name", expected)

    def program(self) -> Program:
        self.takes("newline")
        if self.token.kind == "string":
            self.read_docstring()
            self.takes("newline")
        if self.token.text != "def":
            raise self.error(f"expected 'def train(w, g, ..., lr):', not {self.token}")
        self.take()
        inputs = self.inputs()
        outputs = self.body(inputs)
        program = Program(inputs, tuple(self.statements), outputs)
        try:
            infer(program)
        except InvalidProgram as error:
            raise self.error(error.reason, self.places[error.index]) from None
        return program

    def inputs(self) -> tuple[str, ...]:
        self.name("a name for the program")
        place = self.expect("(", "'(' and the names of the inputs")
        names: list[str] = []
        while self.token.kind != ")":
            token = self.name("the name of an input")
            if token.text in self.variables:
                raise self.error(f"input '{token.text}' is named twice", token)
            if len(names) == MAX_INPUTS:
                raise self.error(f"more than {MAX_INPUTS} inputs", token)
            names.append(token.text)
            self.variables.add(token.text)
            if self.takes(":"):
                self.skip_annotation(",", ")")
            if self.token.kind != ")":
                self.expect(",", "',' or ')'")
        self.take()
        if len(names) < 3:
            reason = "expected at least three inputs: weights, gradient, any states, schedule"
            raise self.error(reason, place)
        if self.takes("->"):
            self.skip_annotation(":")
        self.expect(":", "':'")
        return tuple(names)

    def skip_annotation(self, *ends: str) -> None:
        """Consume a type, up to one of the signs that end it; types have no meaning here."""
        closing, allowed = [], _TYPE
        while closing or allowed is _TYPE or self.token.kind not in ends:
            if self.token.kind not in allowed:
                raise self.error(f"expected a type, not {self.token}")
            sign = self.take().kind
            if sign in "([":
                closing.append(")" if sign == "(" else "]")
            elif sign in ")]":
                closing.pop()
            allowed = (*_IN_BRACKETS, closing[-1]) if closing else _AFTER_TYPE

    def body(self, inputs: tuple[str, ...]) -> tuple[Arg, ...]:
        """Parse the statements; return the outputs."""
        indentation = self.token.text if self.token.kind == "newline" else None
        if indentation == "":
            raise self.error("expected indented statements", self.after_newline())
        self.takes("newline")
        if self.token.kind == "string":
            self.read_docstring()
            self.end_of_statement(indentation)
        while self.token.text != "return":
            self.assignment()
            self.end_of_statement(indentation)
        outputs = self.outputs(inputs)
        self.takes(";")
        self.takes("newline")
        if self.token.kind != "end":
            raise self.error(f"expected nothing after 'return ...', not {self.token}")
        return outputs

    def read_docstring(self) -> None:
        quoted = self.take().text
        quote = quoted[:3] if quoted[:3] in ('"""', "'''") else quoted[:1]
        self.docstring = quoted[len(quote) : -len(quote)]

    def after_newline(self) -> Token:
        self.takes("newline")
        return self.token

    def end_of_statement(self, indentation: str | None) -> None:
        """Consume the separator of two statements and check the indentation."""
        separated = self.takes(";")
        if self.token.kind == "newline":
            own_indentation = self.token.text
            token = self.after_newline()
            if token.kind != "end" and own_indentation != indentation:
                raise self.error("expected the indentation of the first statement", token)
        elif not separated and self.token.kind != "end":
            raise self.error(f"expected one of + - * / or the end of the line, not {self.token}")
        if self.token.kind == "end":
            raise self.error("expected 'return update, ...' as the last statement")

    def assignment(self) -> None:
        place = self.name("an assignment 'name = expression'")
        if self.takes(":"):
            self.skip_annotation("=")
        self.expect("=", f"'=' after {place}")
        value = self.expression()
        if isinstance(value, Var | Const):
            value = ("multiply", (value, Const(1.0)), place)
        self.append(place.text, *value)
        self.variables.add(place.text)

    def append(self, target: str, op: str, args: tuple[Arg, ...], place: Token) -> None:
        if len(self.statements) >= MAX_STATEMENTS:
            raise self.error(f"more than {MAX_STATEMENTS} statements", place)
        self.statements.append(Statement(target, op, args))
        self.places.append(place)

    def outputs(self, inputs: tuple[str, ...]) -> tuple[Arg, ...]:
        place = self.take()
        outputs = self.values()
        if self.token.kind not in _LINE_ENDS:
            raise self.error(f"expected ',' or the end of the line, not {self.token}")
        if len(outputs) != len(inputs) - 2:
            names = ["update", *inputs[2:-1]]
            names[5:] = ["..."] * (len(names) > 5)
            raise self.error(
                f"expected 'return {', '.join(names)}': the update and every state, in order; "
                f"got {len(outputs)} of {len(inputs) - 2} values",
                place,
            )
        return tuple(outputs)

    def values(self) -> list[Arg]:
        """Parse the values of `return`, with or without parentheses around all of them."""
        opened, first = self.token, None
        if self.takes("("):
            self.depth += 1
            first = self.expression()
            if self.token.kind == ",":
                values = [self.to_arg(first)]
                while self.takes(",") and self.token.kind != ")":
                    values.append(self.to_arg(self.expression()))
                self.close(opened, "',' or ')'")
                self.depth -= 1
                return values
            self.close(opened)
            self.depth -= 1
        values = []
        while first is not None or self.token.kind not in _LINE_ENDS:
            values.append(self.to_arg(self.expression(left=first)))
            first = None
            if not self.takes(","):
                break
        return values

    def to_arg(self, value: _Value) -> Arg:
        """Return the value as an argument; a function becomes a statement."""
        if isinstance(value, Var | Const):
            return value
        self.num_temporaries += 1
        while f"t{self.num_temporaries}" in self.taken:
            self.num_temporaries += 1
        target = f"t{self.num_temporaries}"
        self.append(target, *value)
        return Var(target)

    def expression(self, precedence: int = 1, left: _Value | None = None) -> _Value:
        """Parse infix signs of at least that precedence; they associate to the left.

        Args:
            precedence: least precedence of a sign.
            left: the first operand, if it is parsed already.
        """
        value = self.operand() if left is None else left
        while True:
            sign = self.token
            if _PRECEDENCE.get(sign.kind, 0) < precedence:
                break
            self.take()
            left = self.to_arg(value)
            right = self.to_arg(self.expression(_PRECEDENCE[sign.kind] + 1))
            value = (SYMBOLS[sign.kind].name, (left, right), sign)
        if sign.kind == "**":
            raise self.error("expected one of + - * /, not '**'; write power(x, y)")
        return value

    def operand(self) -> _Value:
        token = self.take()
        if token.kind == "number":
            return self.number(token)
        if token.kind == "name" and self.token.kind == "(":
            return self.call(token)
        if token.kind == "name" and not keyword.iskeyword(token.text):
            if token.text not in self.variables:
                near = _near(token.text, self.variables)
                raise self.error(f"unknown variable {token}{near}", token)
            return Var(token.text)
        if token.kind not in ("-", "("):
            expected = "a name, a number, a function, '-' or '('"
            raise self.error(f"expected {expected}, not {token}", token)
        self.enter(token)
        if token.kind == "(":
            value = self.expression()
            self.close(token)
        else:
            value = self.operand()
            if isinstance(value, Const):
                value = Const(-value.value)
            else:
                value = ("negative", (self.to_arg(value),), token)
        self.depth -= 1
        return value

    def enter(self, token: Token) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error(f"nested deeper than {MAX_DEPTH}; use more statements", token)

    def close(self, opened: Token, expected: str = "')'") -> None:
        if self.token.kind != ")":
            opening = self.error("", opened)
            place = f"line {opening.line}, column {opening.column}"
            raise self.error(f"expected {expected} for the '(' of {place}, not {self.token}")
        self.take()

    def number(self, token: Token) -> Const:
        value = float(token.text)
        if not value < TOO_LARGE:
            raise self.error("a number too large for float32", token)
        return Const(value)

    def call(self, function: Token) -> _Value:
        op = WORDS.get(function.text)
        if op is None:
            near = _near(function.text, WORDS)
            raise self.error(f"unknown function {function}{near}", function)
        opened = self.take()
        self.enter(opened)
        args: list[Arg] = []
        while self.token.kind != ")":
            args.append(self.to_arg(self.expression()))
            if not self.takes(","):
                break
        self.close(opened, "',' or ')'")
        self.depth -= 1
        if len(args) != op.arity:
            takes = f"{op.arity} argument{'s' * (op.arity != 1)}"
            raise self.error(f"{op.name} takes {takes}, got {len(args)}", function)
        return op.name, tuple(args), function


def _near(word: str, names: Iterable[str]) -> str:
    """Return a question for the nearest of the names; empty if none is near."""
    if len(word) > MAX_NEAR:
        return ""
    candidates = sorted(name for name in names if len(name) <= MAX_NEAR)
    near = difflib.get_close_matches(word, candidates, n=1)
    return f"; did you mean '{near[0]}'?" if near else ""
