"""The store of a simplification: every training, and the result once it is complete.

Tables, each with a checksum at the end of its rows:

    simplification  key, value (JSON): config, program, versions; result, once it is complete
    trained         one row a training, written when it ended. `training` names the program by its
                    fingerprint, then task and seed. `reference` is the training with which every
                    worker begins, a stamp of the machine.
"""

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from lionhunt.dsl.program import Program
from lionhunt.search.environment import summarize_environment
from lionhunt.search.evaluation.outcome import Measurement
from lionhunt.search.simplification.config import SimplifyConfig
from lionhunt.search.storage.checked_tables import CheckedTables, to_columns, to_measurement
from lionhunt.search.storage.resume import create_or_resume
from lionhunt.search.storage.schema import SIMPLIFICATION

REFERENCE = "reference"
"""Name of the training with which every worker begins."""
RESULT = "result"
NOT_DECISIVE = {"workers", "ray_address", "candidate_seconds"}
"""Keys of a config without effect on the result."""


class SimplificationStore(CheckedTables):
    """An open simplification."""

    kind = SIMPLIFICATION
    tables = ("simplification", "trained")

    def is_begun(self) -> bool:
        return bool(self._query("SELECT 1 FROM trained LIMIT 1"))

    def add_training(self, name: str, measurement: Measurement) -> None:
        """Record the measurement of a training, in the place of an earlier one."""
        self._insert("trained", name, *to_columns(measurement), conflict="REPLACE")

    def trainings(self) -> dict[str, Measurement]:
        """Return all recorded measurements."""
        query = "SELECT training, reason, scores, curves, seconds FROM trained"
        rows = self._query(query)
        return dict(self._read(lambda name, *columns: (name, to_measurement(*columns)), rows))

    def add_result(self, summary: dict[str, Any]) -> None:
        """Record the summary of the complete simplification."""
        self._insert("simplification", RESULT, json.dumps(summary))
        self.commit()

    def result(self) -> dict[str, Any] | None:
        """Return the summary of the complete simplification; None before that."""
        return self.info().get(RESULT)


def open_simplification(
    folder: Path, program: Program, config: SimplifyConfig
) -> AbstractContextManager[SimplificationStore]:
    """Open the store of a simplification to write, new or resumed.

    Raises:
        RecordError: the folder holds another simplification, or is unusable.
    """
    info = {"config": config.model_dump(mode="json"), "program": str(program)}
    return create_or_resume(SimplificationStore, folder, info | summarize_environment(), _identity)


def _identity(info: dict[str, Any]) -> dict[str, Any]:
    config = {key: value for key, value in info["config"].items() if key not in NOT_DECISIVE}
    return {"config": config, "program": info["program"].splitlines()}
