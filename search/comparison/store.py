"""The store of comparisons: every training, by task, optimizer and seed.

Tables, each with a checksum at the end of its rows:

    comparison  key, value (JSON): configs, optimizers, tasks, versions
    trainings   one row a training, written when it ended. `optimizer` is the fingerprint of the
                program or rule, with its learning rate, weight decay and constants. `task` is the
                digest of the task. After the word `reference` it is the training with which every
                worker begins, a stamp of the machine.
"""

from typing import Any

from lionhunt.search.evaluation.outcome import Measurement
from lionhunt.search.storage.checked_tables import CheckedTables, to_columns, to_measurement
from lionhunt.search.storage.schema import COMPARISON

TrainingKey = tuple[str, str, int, bool]
"""Task, optimizer, seed, and whether the measurement is detailed."""


class ComparisonStore(CheckedTables):
    """An open file of comparisons."""

    kind = COMPARISON
    tables = ("comparison", "trainings")

    def is_begun(self) -> bool:
        return bool(self._query("SELECT 1 FROM trainings LIMIT 1"))

    def add_training(self, key: TrainingKey, measurement: Measurement) -> None:
        """Record the measurement of a training, in the place of an earlier one."""
        task, optimizer, seed, in_detail = key
        columns = to_columns(measurement)
        self._insert(
            "trainings", task, optimizer, seed, int(in_detail), *columns, conflict="REPLACE"
        )

    def trainings(self) -> dict[TrainingKey, Measurement]:
        """Return all recorded measurements."""
        query = "SELECT task, optimizer, seed, in_detail, reason, scores, curves, seconds "
        return dict(self._read(_to_item, self._query(query + "FROM trainings")))


def _to_item(
    task: str, optimizer: str, seed: int, in_detail: int, *columns: Any
) -> tuple[TrainingKey, Measurement]:
    return (task, optimizer, seed, bool(in_detail)), to_measurement(*columns)
