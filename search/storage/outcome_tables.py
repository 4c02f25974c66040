"""Tables of a run with a row for an evaluation or a fingerprint: outcomes, and what they need."""

import json
import math
from abc import ABC
from collections.abc import Iterator

from lionhunt.dsl.analysis.work import Cost
from lionhunt.search.evaluation.outcome import EvaluationId, Measurement, Outcome, Status
from lionhunt.search.evaluation.step_sizes import Multiples
from lionhunt.search.storage import database
from lionhunt.search.storage.checked_tables import (
    CheckedTables,
    to_columns,
    to_measurement,
    to_multiples,
)
from lionhunt.search.storage.checks.row_problems import PROBLEM_OF_SCORES


class OutcomeTables(CheckedTables, ABC):
    """The part of a run's file that is the evaluation cache."""

    def add_outcome(self, name: str, outcome: Outcome) -> None:
        """Record an outcome."""
        status, *rest = to_columns(outcome.measurement)
        self._insert("outcomes", name, status, outcome.fitness, *rest)
        measurement = outcome.measurement
        if measurement.multiples:
            multiples = json.dumps(measurement.multiples)
            self._insert("multiples", name, multiples, measurement.num_chunks)
        if outcome.objectives:
            self._insert("objectives", name, json.dumps(outcome.objectives))

    def add_validation(self, fingerprint: str, task: int, measurement: Measurement) -> None:
        """Record the measurement of a program on a validation task."""
        columns = to_columns(measurement)
        multiples = json.dumps(measurement.multiples)
        self._insert("validations", fingerprint, task, *columns, multiples, measurement.num_chunks)

    def add_functional(self, fingerprint: str, functional: str) -> None:
        """Record the functional fingerprint of a fingerprint."""
        self._insert("functional", fingerprint, functional)

    def add_cost(self, fingerprint: str, cost: Cost) -> None:
        """Record the cost of a fingerprint."""
        self._insert("costs", fingerprint, *cost)

    def outcome_summaries(self) -> dict[str, tuple[float | None, Status]]:
        """Return fitness and status of every outcome, by name."""
        rows = self._query("SELECT fingerprint, fitness, reason FROM outcomes")
        return dict(self._read(lambda name, *rest: (name, (rest[0], Status(rest[1]))), rows))

    def summary(self, name: EvaluationId) -> tuple[float | None, Status] | None:
        """Return fitness and status of the evaluation of that name; None if there is none."""
        query = "SELECT fitness, reason FROM outcomes WHERE fingerprint = ?"
        rows = self._read(
            lambda fitness, text: (fitness, Status(text)), self._query(query, str(name))
        )
        return next(rows, None)

    def measurement(self, name: str | EvaluationId) -> Measurement | None:
        """Return the measurement of the evaluation of that name; None if there is none."""
        query = """SELECT reason, scores, curves, seconds, multiples, num_chunks FROM outcomes
            LEFT JOIN multiples ON outcome = fingerprint WHERE fingerprint = ?"""
        measured = next(self._read(to_measurement, self._query(query, str(name))), None)
        if measured and measured.scores and len(measured.scores) != len(self.info()["tasks"]):
            raise database.damaged(self.path, PROBLEM_OF_SCORES)
        return measured

    def validations(self) -> dict[tuple[str, int], Measurement]:
        """Return the measurements on validation tasks, by fingerprint and number of the task."""
        rows = self._query(
            """SELECT fingerprint, task, reason, scores, curves, seconds, multiples, num_chunks
            FROM validations"""
        )
        return dict(
            self._read(lambda name, task, *rest: ((name, task), to_measurement(*rest)), rows)
        )

    def multiples(self) -> dict[str, Multiples]:
        """Return the best multiples of every outcome that has any, by its name."""
        rows = self._query("SELECT outcome, multiples FROM multiples")
        return dict(self._read(lambda name, text: (name, to_multiples(text)), rows))

    def objectives(self) -> dict[str, tuple[float, ...]]:
        """Return the further objectives of every outcome that has any, by its name."""
        rows = self._query("SELECT outcome, objectives FROM objectives")
        found = dict(self._read(lambda name, text: (name, _to_numbers(text)), rows))
        if len({*map(len, found.values())}) > 1:
            raise database.damaged(self.path, "outcomes differ in the number of objectives")
        return found

    def functional(self) -> Iterator[tuple[str, str]]:
        """Yield fingerprints with their functional fingerprints, in order of birth."""
        query = "SELECT fingerprint, functional FROM functional ORDER BY rowid"
        return iter(self._connection.execute(query))

    def costs(self) -> Iterator[tuple[str, Cost]]:
        """Yield fingerprints with their costs, in a run that has objectives."""
        rows = self._connection.execute("SELECT fingerprint, state, length, work FROM costs")
        return ((fingerprint, Cost(*cost)) for fingerprint, *cost in rows)

    def seconds(self) -> float:
        """Return the wall clock of all evaluations together."""
        return self._query("SELECT coalesce(sum(seconds), 0.0) FROM outcomes")[0][0]


def _to_numbers(text: str) -> tuple[float, ...]:
    """Return the numbers in a column; raise `ValueError` if one of them is not finite."""
    values = tuple(map(float, json.loads(text)))
    if not values or not all(map(math.isfinite, values)):
        raise ValueError(f"objectives {text} must be finite numbers")
    return values
