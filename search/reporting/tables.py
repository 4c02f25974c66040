"""Tables of text: as Rich shows them, and as Markdown has them."""

from collections.abc import Sequence
from typing import NamedTuple

from rich import box
from rich.table import Table as RichTable
from rich.text import Text


class Table(NamedTuple):
    """A table of text.

    Attributes:
        title: one line.
        heads: of the columns.
        rows: as many cells each.
    """

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


def to_rich(table: Table) -> RichTable:
    """For the terminal, without the title."""
    shown = RichTable(box=box.SIMPLE)
    for number, head in enumerate(table.heads):
        shown.add_column(Text(head), no_wrap=number == 0)  # a name can be copied
    for row in table.rows:
        shown.add_row(*(Text(cell, overflow="fold") for cell in row))
    return shown


def to_markdown(table: Table) -> str:
    """A heading and a table of Markdown."""
    lines = [table.heads, ["---"] * len(table.heads), *table.rows]
    shown = ("| " + " | ".join(map(_escaped, line)) + " |" for line in lines)
    return f"## {table.title}\n\n" + "\n".join(shown)


def _escaped(cell: str) -> str:
    return cell.replace("|", r"\|").replace("\n", "<br>")
