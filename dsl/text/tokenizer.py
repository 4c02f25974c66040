"""Tokens of program text, and errors with their place in it."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from lionhunt.errors import LionhuntError


class ProgramError(LionhuntError, ValueError):
    """An error of program text.

    Attributes:
        reason: one line: the problem and the expected text.
        line, column: the place, from 1.
        excerpt: the line, with a caret below the place; empty if the line is blank.
    """

    def __init__(self, reason: str, line: int = 1, column: int = 1, excerpt: str = ""):
        super().__init__(reason, line, column, excerpt)
        self.reason, self.line, self.column, self.excerpt = reason, line, column, excerpt

    def __str__(self) -> str:
        place = f"line {self.line}, column {self.column}: {self.reason}"
        return f"{place}\n{self.excerpt}" if self.excerpt else place


class Token(NamedTuple):
    """A token.

    Attributes:
        kind: "name", "number", "string", "newline", "end", or the sign itself.
        text: as written; for a newline, the indentation of the next line.
        start: its position in the whole text.
    """

    kind: str
    text: str
    start: int

    def __str__(self) -> str:
        if self.kind in ("newline", "end"):
            return "the end of the line" if self.kind == "newline" else "the end of the text"
        if self.kind == "string":
            return "a string"
        return f"'{self.text[:30]}{'...' * (len(self.text) > 30)}'"


NUMBER = r"""(?: [0-9](?:_?[0-9])* (?:\.(?:[0-9](?:_?[0-9])*)?)? | \.[0-9](?:_?[0-9])* )
             (?: [eE][+-]?[0-9](?:_?[0-9])* )? (?![A-Za-z0-9_.])"""
"""A decimal number, as a verbose regular expression."""

_LINE_END = re.compile("\r\n|\r|\n")

_TOKEN = re.compile(
    rf"""
      (?P<newline> (?: [ \t\f]* (?:\#[^\r\n]*)? (?:\r\n|\r|\n) )+ [ \t\f]* )
    | (?P<space> [ \t\f]+ | \#[^\r\n]* )
    | (?P<name> [A-Za-z_][A-Za-z0-9_]* )
    | (?P<number> {NUMBER} )
    | (?P<string> \"\"\"(?:[^\\]|\\.)*?\"\"\" | '''(?:[^\\]|\\.)*?'''
                | "(?!\"\")(?:[^"\\\r\n]|\\.)*" | '(?!'')(?:[^'\\\r\n]|\\.)*' )
    | (?P<sign> \*\*=?|//=?|<<|>>|->|[-+*/%@&|^=!<>:]=|[-+*/%@&|^~=<>()\[\]{{}},:;.] )
    """,
    re.VERBOSE | re.DOTALL,
)


def tokenize(text: str) -> Iterator[Token]:
    """Yield the tokens of a text, "end" last, without the newlines within parentheses.

    Raises:
        ProgramError: a part of the text is no token.
    """
    position, depth = 0, 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise error_at(text, position, _unexpected(text, position))
        kind, word = match.lastgroup or "", match.group()
        if kind == "newline":
            if depth == 0:
                *_, indentation = _LINE_END.split(word)
                yield Token("newline", indentation, position)
        elif kind == "sign":
            depth += (word in "([{") - (word in ")]}")
            yield Token(word, word, position)
        elif kind != "space":
            yield Token(kind, word, position)
        position = match.end()
    yield Token("end", "", position)


def _unexpected(text: str, position: int) -> str:
    character = text[position]
    if character in "\"'":
        return "a string that does not end"
    if character.isdigit() or character == ".":
        return "expected a decimal number, as in 0.9, 2 or 1e-8"
    if character == "\\":
        return "expected no backslash; an expression in parentheses may continue on the next line"
    hint = "; names are of ASCII letters, digits and _" if character.isalpha() else ""
    return f"unexpected character {ascii(character)}{hint}"


def error_at(text: str, position: int, reason: str) -> ProgramError:
    """Return the error at a position of the text."""
    starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
    line = sum(start <= position for start in starts)
    start = starts[line - 1]
    column = position - start + 1
    shown = _LINE_END.split(text[start:], maxsplit=1)[0]
    first = max(0, column - 60)
    shown = "".join(c if c.isprintable() else " " for c in shown[first : first + 100])
    excerpt = f"    {shown}\n    {' ' * (column - 1 - first)}^" if shown.strip() else ""
    return ProgramError(reason, line, column, excerpt)
