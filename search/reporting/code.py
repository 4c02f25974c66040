"""Program text on a terminal, readable on a light and on a dark background."""

from pygments.token import Comment, Keyword, Name, Number
from rich.style import Style
from rich.syntax import ANSISyntaxTheme, Syntax

THEME = ANSISyntaxTheme(
    {
        Keyword: Style(bold=True),
        Name.Function: Style(bold=True),
        Comment: Style(italic=True),
        Number: Style(color="magenta"),
    }
)
"""All else has the terminal's own colour. Magenta stands out from black and from white."""


def to_code(text: str) -> Syntax:
    """Return program text for the terminal; long lines are wrapped."""
    return Syntax(text, "python", theme=THEME, word_wrap=True)
