"""Line breaking of exported Python, as `ruff format` does it."""

import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Sequence

from lionhunt.dsl.export.docstrings import printable

WIDTH = 100
INDENT = "    "


def break_call(start: str, args: Sequence[str], end: str = ")", level: int = 0) -> list[str]:
    """Write `start` and the arguments on one line if they fit, else one argument a line.

    Args:
        start: text up to the opening bracket.
        args: arguments.
        end: text from the closing bracket on.
        level: indentation.
    """
    line = f"{INDENT * level}{start}{', '.join(args)}{end}"
    if len(line) <= WIDTH:
        return [line]
    within = [f"{INDENT * (level + 1)}{arg}," for arg in args]
    return [f"{INDENT * level}{start}", *within, f"{INDENT * level}{end}"]


def break_return(values: Sequence[str], level: int) -> list[str]:
    """Write a return statement."""
    line = f"{INDENT * level}return {', '.join(values)}"
    return [line] if len(line) <= WIDTH else break_call("return (", values, level=level)


def indent(lines: Iterable[str], level: int) -> list[str]:
    """Indent all lines that are not empty."""
    return [f"{INDENT * level}{line}" if line else "" for line in lines]


def format_docstring(paragraphs: Sequence[Sequence[str]], level: int) -> list[str]:
    """Write a docstring of paragraphs; each line of a paragraph is wrapped separately.

    A continuation has the indentation of its line; below `Args:` it has one level more. The text
    may be anything: characters that do not print become spaces, and three quotes cannot end the
    docstring. It is a raw string if the text has backslashes.
    """
    cleaned = [list(filter(str.strip, map(_without_quotes, lines))) for lines in paragraphs]
    is_raw = any("\\" in line for lines in cleaned for line in lines)
    margin = INDENT * level
    start = margin + ('r"""' if is_raw else '"""')
    written = []
    for paragraph in filter(None, cleaned):
        for line in paragraph:
            written += _wrap(line, margin if written else start, margin)
        written.append("")
    written[-1] = margin + '"""'
    return written


def _without_quotes(line: str) -> str:
    line = printable(line).rstrip()
    return line.replace('"', "'") if '""' in line else line


def _wrap(line: str, start: str, margin: str) -> list[str]:
    """Wrap a line of prose.

    Args:
        line: the line.
        start: prefix of the first piece.
        margin: prefix of the other pieces, before the indentation of `line`; an indented line
            adds one level.
    """
    own = line[: len(line) - len(line.lstrip())]
    lines = []
    # textwrap counts characters, and some fill two columns.
    for width in range(WIDTH, WIDTH // 2, -1):
        lines = textwrap.wrap(
            line.strip(),
            width,
            initial_indent=start + own,
            subsequent_indent=margin + own + (INDENT if own else ""),
            break_on_hyphens=False,
        )
        if all(map(_fits, lines)):
            break
    return lines


def _fits(line: str) -> bool:
    return len(line) + sum(unicodedata.east_asian_width(c) in "WF" for c in line) <= WIDTH


def fit_width(render: Callable[[int, int], list[str]]) -> str:
    """Return the text of a file, with the longest names that keep all lines within the width.

    Args:
        render: from the greatest length of a variable, and of a constant, to the lines. Constants
            are arguments of the optimizer, so they are shortened last.
    """
    lines = []
    for lengths in (*((n, 40) for n in (40, 24, 16, 10)), *((10, n) for n in (24, 16, 10))):
        lines = render(*lengths)
        if max(map(len, lines)) <= WIDTH:
            break
    return "\n".join(lines) + "\n"


def tuple_text(names: Sequence[str]) -> str:
    """Write a tuple of names."""
    return f"({names[0]},)" if len(names) == 1 else f"({', '.join(names)})"


def targets(names: Sequence[str]) -> str:
    """Write names as the targets of an assignment."""
    return tuple_text(names) if len(names) == 1 else ", ".join(names)
