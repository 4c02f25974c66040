"""The page of an experiment: its report.md as HTML, with its pictures inside."""

import base64
import re
from pathlib import Path

from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from lionhunt.search.errors import RecordError
from lionhunt.search.report_page.page import render
from lionhunt.search.visible_text import visible

REPORT = "report.md"
MAX_REPORT, MAX_PICTURE = 5_000_000, 4_000_000
"""Bytes of a report and of a picture that are read."""

# What is wider than a screen scrolls, with the keyboard too.
_RULES = {
    "table_open": lambda _, __, number, *___: _to_region(number),
    "table_close": lambda *_: "</table></div>",
    "fence": lambda _, tokens, number, *__: _to_code(tokens[number].content),
    "code_block": lambda _, tokens, number, *__: _to_code(tokens[number].content),
}
_PICTURE = re.compile(r"[A-Za-z0-9_-]{1,80}\.png")
_PNG = b"\x89PNG\r\n\x1a\n"


def has_report(folder: Path) -> bool:
    """Return True if an experiment wrote its report into the folder."""
    return (folder / REPORT).is_file()


def folder_page(folder: Path) -> str:
    """Return the page of an experiment that wrote its report.

    Raises:
        RecordError: the folder has no report, or it cannot be read.
    """
    return render("folder.html", None, name=folder.name, body=report_html(folder))


def report_html(folder: Path) -> Markup:
    """Return the report of an experiment as HTML.

    HTML in the report is shown as text, links are not followed, and pictures are those of the
    folder.

    Raises:
        RecordError: the folder has no report, or it cannot be read.
    """
    try:
        text = _read(folder / REPORT, MAX_REPORT).decode()
    except (OSError, UnicodeDecodeError):
        raise RecordError(
            f"no run and no report at {folder}; give the folder of a run, or of an experiment that "
            "has ended"
        ) from None
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("link")
    markdown = markdown.disable(["autolink", "reference"])
    for name, rule in _RULES.items():
        markdown.add_render_rule(name, rule)
    tokens = markdown.parse(visible(text))
    for token in tokens:
        for child in token.children or ():
            if child.type == "image":
                child.attrs["src"] = _picture(folder, str(child.attrs["src"]))
    return Markup(markdown.renderer.render(tokens, markdown.options, {}))


def _to_region(number: int) -> str:
    region = f'class="scroll whole" tabindex="0" role="region" aria-label="table {number}"'
    return f'<div {region}><table class="sortable">'


def _to_code(text: str) -> str:
    return f'<pre tabindex="0" aria-label="code">{escape(text)}</pre>'


def _picture(folder: Path, name: str) -> str:
    """Return a picture of the folder as a data URL; an empty one if there is none of that name."""
    file = folder / name
    if _PICTURE.fullmatch(name) is None or file.is_symlink():
        return "data:,"
    try:
        content = _read(file, MAX_PICTURE)
    except OSError:
        return "data:,"
    if not content.startswith(_PNG):
        return "data:,"
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def _read(file: Path, limit: int) -> bytes:
    with file.open("rb") as opened:
        return opened.read(limit)
