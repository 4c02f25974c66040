"""Line breaking of exported Python, as `ruff format` does it."""

import textwrap
from collections.abc import Callable, Iterable, Sequence

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

    A continuation has the indentation of its line; below `Args:` it has one level more.
    """
    margin = INDENT * level
    lines = []
    for paragraph in paragraphs:
        for line in paragraph:
            start = margin if lines else margin + '"""'
            lines += _wrap(line, start, margin)
        lines.append("")
    lines[-1] = margin + '"""'
    return lines


def _wrap(line: str, start: str, margin: str) -> list[str]:
    """Wrap a line of prose and escape it for a docstring.

    Args:
        line: the line.
        start: prefix of the first piece.
        margin: prefix of the other pieces, before the indentation of `line`; an indented line
            adds one level.
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


def fit_width(render: Callable[[int], list[str]]) -> str:
    """Return the text of a file, with the longest names that keep all lines within the width.

    Args:
        render: from the greatest length of a name to the lines.
    """
    lines = []
    for max_length in (40, 24, 16, 10):
        lines = render(max_length)
        if max(map(len, lines)) <= WIDTH:
            break
    return "\n".join(lines) + "\n"
