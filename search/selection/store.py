"""The store of a selection: every measurement, every trial, every verdict.

Tables, each with a checksum at the end of its rows:

    selection     key, value (JSON): config, runs, candidates, baselines, tasks, seeds, versions
    measurements  one row a program, part of the selection and seed, written once measured
    trials        one row a tuning, written once it has scores with all its seeds
    verdicts      one row an optimizer of a stage, written once it was compared
"""

import hashlib
import json
from typing import Any

from lionhunt.search.evaluation.outcome import Measurement
from lionhunt.search.evaluation.seed_scores import SeedScores
from lionhunt.search.selection.result import Advantage, TunedTrial
from lionhunt.search.storage.checked_tables import CheckedTables, to_columns, to_measurement
from lionhunt.search.storage.schema import SELECTION

MeasurementKey = tuple[str, int]
"""A fingerprint and a seed."""


class SelectionStore(CheckedTables):
    """An open selection."""

    kind = SELECTION
    tables = ("selection", "measurements", "trials", "verdicts")

    def is_begun(self) -> bool:
        return bool(self._query("SELECT 1 FROM measurements LIMIT 1"))

    def add_measurement(
        self, part: str, fingerprint: str, seed: int, measurement: Measurement
    ) -> None:
        """Record the measurement of a program with a seed."""
        self._insert("measurements", part, fingerprint, seed, *to_columns(measurement))

    def measurements(self, part: str) -> dict[MeasurementKey, Measurement]:
        """Return all recorded measurements of a part of the selection."""
        query = """SELECT fingerprint, seed, reason, scores, curves, seconds FROM measurements
            WHERE part = ?"""
        return dict(self._read(_to_item, self._query(query, part)))

    def add_trial(
        self, part: str, optimizer: str, number: int, program: str, trial: TunedTrial
    ) -> None:
        """Record a trial; a recorded one stays.

        Args:
            part: name of the stage.
            optimizer: name of the optimizer.
            number: number of the trial.
            program: the tuned program.
            trial: the trial with its scores.
        """
        scores = trial.scores
        self._insert(
            "trials",
            part,
            optimizer,
            number,
            program,
            trial.tuning.learning_rate,
            scores.mean,
            scores.status.value,
            conflict="IGNORE",
        )

    def add_verdict(
        self, part: str, optimizer: str, final: SeedScores, verdict: Advantage, is_promoted: bool
    ) -> None:
        """Record the verdict on an optimizer; a recorded one stays."""
        advantage = verdict.advantage or (None, None, None)
        self._insert(
            "verdicts",
            part,
            optimizer,
            final.mean,
            final.status.value,
            *advantage,
            int(is_promoted),
            conflict="IGNORE",
        )

    def digest(self) -> str:
        """Return the digest of all measurements without their time, all trials and all verdicts."""
        digest = hashlib.sha256()
        for query in (
            "SELECT part, fingerprint, seed, reason, scores, curves FROM measurements "
            "ORDER BY part, fingerprint, seed",
            "SELECT * FROM trials ORDER BY part, contender, trial",
            "SELECT * FROM verdicts ORDER BY part, contender",
        ):
            for row in self._connection.execute(query):
                digest.update(json.dumps(row).encode() + b"\n")
        return digest.hexdigest()


def _to_item(fingerprint: str, seed: int, *columns: Any) -> tuple[MeasurementKey, Measurement]:
    return (fingerprint, seed), to_measurement(*columns)
