"""Tables of text, for Rich and for Markdown."""

from collections.abc import Sequence
from typing import NamedTuple

from rich import box
from rich.table import Table as RichTable
from rich.text import Text

from lionhunt.search.visible_text import visible


class Table(NamedTuple):
    """A table of text.

    Attributes:
        title: one line.
        heads: a heading for each column.
        rows: a cell for each column.
    """

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


def to_rich(table: Table, *, is_first_a_name: bool = True) -> RichTable:
    """Return a table for the terminal, without its title.

    Args:
        table: of any text.
        is_first_a_name: whether the first column holds names. Unwrapped, they can be copied.
    """
    rich_table = RichTable(box=box.SIMPLE)
    for number, head in enumerate(table.heads):
        is_name = is_first_a_name and number == 0
        rich_table.add_column(Text(visible(head)), no_wrap=is_name)
    for row in table.rows:
        rich_table.add_row(*(Text(visible(cell), overflow="fold") for cell in row))
    return rich_table


def to_markdown(table: Table) -> str:
    """Return a Markdown heading and table."""
    rows = [table.heads, ["---"] * len(table.heads), *table.rows]
    lines = ("| " + " | ".join(map(_escape, row)) + " |" for row in rows)
    return f"## {table.title}\n\n" + "\n".join(lines)


def _escape(cell: str) -> str:
    return cell.replace("|", r"\|").replace("\n", "<br>")
