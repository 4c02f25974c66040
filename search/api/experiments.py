"""Compare optimizers and select among the programs of runs, from Python."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lionhunt.search.api.configs import Settings, resolve_config
from lionhunt.search.api.runs import Run
from lionhunt.search.workers.xla_environment import set_xla_environment


@dataclasses.dataclass(frozen=True)
class Report:
    """What came of a comparison or a selection.

    Attributes:
        folder: holds the records, report.json, report.md and pictures.
        summary: the content of report.json.
    """

    folder: Path
    summary: dict[str, Any] = dataclasses.field(repr=False)

    @property
    def markdown(self) -> str:
        """Return the report as Markdown."""
        return (self.folder / "report.md").read_text("utf-8")

    def _repr_markdown_(self) -> str:
        return self.markdown
