"""Files of a report: one folder with JSON, Markdown and figures; each is whole at any moment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lionhunt.errors import LionhuntError
from lionhunt.search.reporting.replaced_file import write_whole
from lionhunt.search.visible_text import visible

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_report(
    folder: Path,
    summary: Mapping[str, Any],
    markdown: str,
    figures: Mapping[str, Figure] | None = None,
    *,
    name: str = "report",
    indent: int | None = None,
) -> Path:
    """Write a report: `NAME.json`, `NAME.md` and each figure as PNG and SVG.

    Args:
        folder: made if it does not exist.
        summary: JSON values.
        markdown: the report as text; it refers to a figure as `FIGURE.png`.
        figures: by file name without suffix.
        name: file name of the JSON and the Markdown without suffix.
        indent: spaces per level of the JSON; None for one line.

    Returns:
        The path of the Markdown file.

    Raises:
        LionhuntError: a file cannot be written.
    """
    path = folder / f"{name}.md"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if figures:
            # Importing matplotlib takes half a second.
            from lionhunt.search.reporting.figures import write_figure

            for stem, figure in figures.items():
                write_figure(figure, folder / stem)
        write_whole(path.with_suffix(".json"), json.dumps(summary, indent=indent))
        write_whole(path, visible(markdown))
    except OSError as error:
        raise LionhuntError(f"cannot write in {folder}: {error.strerror}; make room") from None
    return path
