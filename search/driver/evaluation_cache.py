"""Evaluation cache of a run: it decides which individuals share which evaluation.

Individuals that compute the same share the evaluation of the first of them, in order of birth. The
first level compares fingerprints. The optional second level compares functional fingerprints.
The order in which evaluations end has no effect, so a run stays a function of its history.

Real et al., 2020 (arXiv:2003.03384), section 3.2: a functional equivalence cache.
"""

from lionhunt.dsl.analysis.fingerprinting import AnalyzedProgram
from lionhunt.dsl.analysis.functional_equivalence import functional_fingerprint
from lionhunt.search.evaluation.outcome import EvaluationId, Measurement, Outcome, Status
from lionhunt.search.evaluation.step_sizes import Multiples
from lionhunt.search.storage.run_store import RunStore

Summary = tuple[float | None, Status]
"""A fitness, or None and the status that explains it."""


class EvaluationCache:
    """The evaluations of a run, done or in flight, and their owners.

    Args:
        records: store of the run, whose evaluations are in the cache from the start.
        reference: program of fitness 0 with any seed; it owns its evaluations.
        functional: adds the second level.
    """

    def __init__(
        self,
        records: RunStore,
        reference: AnalyzedProgram,
        functional: bool = False,
    ):
        self._records = records
        self._reference = reference.fingerprint
        self._summaries: dict[str, Summary] = records.outcome_summaries()
        self._multiples = records.multiples()
        self._in_flight: set[str] = set()
        self._is_functional = functional
        self._owners: dict[str, str] = {}
        """Owner of each fingerprint, if there is a second level."""
        self._first: dict[str, str] = {}
        """First fingerprint of each functional fingerprint."""
        if functional:
            self._first[functional_fingerprint(reference.canonical)] = reference.fingerprint
        for fingerprint, name in records.functional():
            self._owners[fingerprint] = self._first.setdefault(name, fingerprint)

    def __contains__(self, name: EvaluationId) -> bool:
        return str(name) in self._summaries

    @property
    def is_waiting(self) -> bool:
        """Return True while an evaluation is in flight."""
        return bool(self._in_flight)

    def assign(self, identity: AnalyzedProgram) -> EvaluationId:
        """Return the evaluation of an individual; call this for each, in order of birth."""
        fingerprint = identity.fingerprint
        if not self._is_functional:
            return EvaluationId(fingerprint)
        if fingerprint not in self._owners:
            name = functional_fingerprint(identity.canonical)
            self._records.add_functional(fingerprint, name)
            self._owners[fingerprint] = self._first.setdefault(name, fingerprint)
        return EvaluationId(self._owners[fingerprint])

    def start(self, name: EvaluationId) -> bool:
        """Mark an evaluation as in flight; return False if it is so already, or is done."""
        is_new = name not in self and str(name) not in self._in_flight
        if is_new:
            self._in_flight.add(str(name))
        return is_new

    def record(self, name: str, outcome: Outcome) -> None:
        """Record the outcome of an evaluation."""
        self._in_flight.discard(name)
        self._summaries[name] = (outcome.fitness, outcome.measurement.status)
        if outcome.measurement.multiples:
            self._multiples[name] = outcome.measurement.multiples
        self._records.add_outcome(name, outcome)

    def measurement(self, name: EvaluationId) -> Measurement:
        """Return the measurement of an evaluation that is done."""
        measurement = self._records.measurement(name)
        assert measurement is not None
        return measurement

    def multiples(self, name: EvaluationId) -> Multiples:
        """Return the best multiples of an evaluation that is done."""
        return self._multiples.get(str(name), ())

    def result_for(self, name: EvaluationId) -> Summary:
        """Return the fitness and status of an evaluation that is done."""
        return self._summaries[str(name)]
