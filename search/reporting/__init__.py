"""Tables, texts, figures and files of reports, without knowledge of any experiment.

May import `lionhunt.errors` and the other leaves of `search`. Only `search.reporting.figures`
imports matplotlib, so import it where figures are drawn.
"""

from lionhunt.search.reporting.blocks import (
    Block,
    Code,
    Heading,
    Paragraph,
    print_blocks,
    to_markdown_report,
)
from lionhunt.search.reporting.report_files import write_report
from lionhunt.search.reporting.tables import Table, to_markdown, to_rich
from lionhunt.search.reporting.text import duration, finite_or_none, print_counts, print_json

__all__ = [
    "Block",
    "Code",
    "Heading",
    "Paragraph",
    "Table",
    "duration",
    "finite_or_none",
    "print_blocks",
    "print_counts",
    "print_json",
    "to_markdown",
    "to_markdown_report",
    "to_rich",
    "write_report",
]
