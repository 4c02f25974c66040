"""The Markdown pages of the repository and their blocks of code."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "results").glob("*/README.md")]
)
"""README, CONTRIBUTING, CHANGELOG, the pages in docs/ and those of results/."""


def read_page(name: str) -> str:
    """Return the text of a page by its path from the root."""
    return (ROOT / name).read_text("utf-8")


def blocks(page: str, language: str) -> list[str]:
    """Return the blocks of code of a page in a language; the language may be empty."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
