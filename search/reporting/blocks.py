"""Blocks of a report: one sequence of them is printed on the terminal or written as Markdown."""

from collections.abc import Iterable
from typing import NamedTuple

from rich.console import Console
from rich.text import Text

from lionhunt.search.reporting.code import to_code
from lionhunt.search.reporting.tables import Table, to_markdown, to_rich
from lionhunt.search.visible_text import visible


class Heading(NamedTuple):
    """Heading of a section, or of a subsection at level 3."""

    text: str
    level: int = 2


class Paragraph(NamedTuple):
    """Plain text."""

    text: str


class Code(NamedTuple):
    """Program text."""

    text: str


Block = Heading | Paragraph | Code | Table


def print_blocks(console: Console, blocks: Iterable[Block]) -> None:
    """Print blocks on a console."""
    for block in blocks:
        match block:
            case Heading(text, _):
                console.print(Text(f"\n{text}", style="bold"))
            case Paragraph(text):
                console.print(Text(text))
            case Code(text):
                console.print(to_code(text))
            case Table():
                console.print(Text(f"\n{block.title}", style="bold"))
                console.print(to_rich(block))


def to_markdown_report(title: str, blocks: Iterable[Block]) -> str:
    """Return blocks as a Markdown page with a title."""
    parts = [f"# {title}"]
    for block in blocks:
        match block:
            case Heading(text, level):
                parts.append(f"{'#' * level} {text}")
            case Paragraph(text):
                parts.append(text)
            case Code(text):
                parts.append(f"```\n{text}\n```")
            case Table():
                parts.append(to_markdown(block))
    return visible("\n\n".join(parts)) + "\n"
