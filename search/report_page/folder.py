"""The page of an experiment: its report.md as HTML, with its pictures inside."""

import base64
import re
from pathlib import Path

from markdown_it import MarkdownIt
from markupsafe import Markup

from lionhunt.search.errors import RecordError
from lionhunt.search.report_page.page import render
from lionhunt.search.visible_text import visible

REPORT = "report.md"
MAX_REPORT, MAX_PICTURE = 5_000_000, 4_000_000
"""Bytes of a report and of a picture that are read."""

_PICTURE = re.compile(r"[A-Za-z0-9_-]{1,80}\.png")
_PNG = b"\x89PNG\r\n\x1a\n"


def has_report(folder: Path) -> bool:
    """Return True if an experiment wrote its report into the folder."""
    return (folder / REPORT).is_file()


def folder_page(folder: Path) -> str:
    """Return the page of an experiment that wrote its report.

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
    tokens = markdown.parse(visible(text))
    for token in tokens:
        for child in token.children or ():
            if child.type == "image":
                child.attrs["src"] = _picture(folder, str(child.attrs["src"]))
        if token.type == "table_open":
            token.attrSet("class", "sortable")
    body = markdown.renderer.render(tokens, markdown.options, {})
    return render("folder.html", None, name=folder.name, body=Markup(body))


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
