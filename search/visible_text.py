r"""Text from outside as a reader may safely see it: what has no shape of its own becomes visible.

A terminal obeys control characters, such as those that move its cursor or set its clipboard. Marks
of direction and of zero width make a text look like another one. All of these are printed as Python
writes them in a string: "\x1b", "\u202e".
"""

import re
import sys
import unicodedata
from collections.abc import Iterable
from typing import Any, TextIO, cast

_NOT_PLAIN = re.compile(r"[^\n\t -~]")
_BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Letters and marks that show nothing, according to Unicode."""


def visible(text: str) -> str:
    r"""Return a text with an escape in place of each character that shows nothing by itself.

    Letters and marks of all scripts, spaces, tabs and ends of lines stay.

    Example:
        >>> visible("lion\x1b[2J \u202eabc, Löwe")
        'lion\\x1b[2J \\u202eabc, Löwe'
    """
    return _NOT_PLAIN.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    is_shown = character.isprintable() or unicodedata.category(character) == "Zs"
    if is_shown and character not in _BLANK_LETTERS:
        return character
    return character.encode("unicode_escape").decode()


class VisibleStream:
    """A stream of text that passes on what is visible; everything else is that of the stream.

    Attributes:
        stream: gets the text, and bytes and control sequences that are meant.
    """

    def __init__(self, stream: TextIO):
        self.stream = stream

    def write(self, text: str) -> int:
        """Write a text with escapes; see `visible`."""
        self.stream.write(visible(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write texts with escapes."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def make_visible() -> None:
    """Let everything that this process prints from now on be visible."""
    if not isinstance(sys.stdout, VisibleStream):
        sys.stdout = cast(TextIO, VisibleStream(sys.stdout))
    if not isinstance(sys.stderr, VisibleStream):
        sys.stderr = cast(TextIO, VisibleStream(sys.stderr))


def unwrapped(stream: TextIO) -> TextIO:
    """Return the stream itself, for control sequences of ours and for files of data."""
    return stream.stream if isinstance(stream, VisibleStream) else stream
