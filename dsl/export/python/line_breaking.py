"""Lines of exported Python, broken as `ruff format` breaks them."""

import textwrap
from collections.abc import Callable, Iterable, Sequence

WIDTH = 100
INDENT = "    "


def call(start: str, args: Sequence[str], end: str = ")", level: int = 0) -> list[str]:
    """`start` and the arguments on one line if they fit, else one argument a line.

    Args:
        start: up to the opening bracket.
        end: from the closing bracket on.
        level: indentation.
    """
    line = f"{INDENT * level}{start}{', '.join(args)}{end}"
    if len(line) <= WIDTH:
        return [line]
    within = [f"{INDENT * (level + 1)}{arg}," for arg in args]
    return [f"{INDENT * level}{start}", *within, f"{INDENT * level}{end}"]


def returned(values: Sequence[str], level: int) -> list[str]:
    """A return statement."""
    line = f"{INDENT * level}return {', '.join(values)}"
    return [line] if len(line) <= WIDTH else call("return (", values, level=level)


def indented(lines: Iterable[str], level: int) -> list[str]:
    return [f"{INDENT * level}{line}" if line else "" for line in lines]


def docstring(paragraphs: Sequence[Sequence[str]], level: int) -> list[str]:
    """A docstring of paragraphs; a paragraph is its lines, each wrapped by itself.

    A continued line is indented as far as the line it continues, and once more below `Args:`.
    """
    margin = INDENT * level
    lines = []
    for paragraph in paragraphs:
        for line in paragraph:
            start = margin if lines else margin + '"""'
            lines += wrapped(line, start, margin)
        lines.append("")
    lines[-1] = margin + '"""'
    return lines


def wrapped(line: str, start: str, margin: str) -> list[str]:
    """A line of prose in pieces that fit, safe inside a docstring.

    Args:
        start: what the first piece starts with.
        margin: what the others start with, besides the indentation of `line` and one more if it
            has any.
    """
    line = "".join(c if c.isprintable() else " " for c in line).rstrip()
    line = line.replace("\\", "\\\\").replace('"', "'" if '"""' in line else '"')
    own = line[: len(line) - len(line.lstrip())]
    return textwrap.wrap(
        line.strip(),
        WIDTH,
        initial_indent=start + own,
        subsequent_indent=margin + own + (INDENT if own else ""),
        break_on_hyphens=False,
    )


def fitting(render: Callable[[int], list[str]]) -> str:
    """The text of a file, with names cut to the greatest length that keeps all lines in the width.

    Args:
        render: the lines, from the greatest length of a name.
    """
    lines = []
    for max_length in (40, 24, 16, 10):
        lines = render(max_length)
        if max(map(len, lines)) <= WIDTH:
            break
    return "\n".join(lines) + "\n"
