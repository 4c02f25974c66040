"""Evaluation cache of a run: it decides which individuals share which evaluation.

Individuals that compute the same share the evaluation of the first of them, in order of birth. The
first level compares fingerprints. The optional second level compares functional fingerprints.
With reevaluation, programs that are born repeatedly get further evaluations with other seeds. The
order in which evaluations end has no effect, so a run stays a function of its history.

Real et al., 2020 (arXiv:2003.03384), section 3.2: a functional equivalence cache that forgets.
Gillard et al., 2023 (arXiv:2302.05433): the same, and one that averages.
"""

import statistics

from lionhunt.dsl.analysis.fingerprinting import AnalyzedProgram
from lionhunt.dsl.analysis.functional_equivalence import functional_fingerprint
from lionhunt.search.evaluation.early_stopping import Curves
from lionhunt.search.evaluation.outcome import EvaluationId, Outcome, Status
from lionhunt.search.evaluation.reevaluation import Reevaluation
from lionhunt.search.storage.run_store import RunStore

Summary = tuple[float | None, Status]
"""A fitness, or None and the status that explains it."""


class EvaluationCache:
    """The evaluations of a run, done or in flight, and their owners.

    Args:
        records: store of the run, whose evaluations are in the cache from the start.
        reference: program of fitness 0 with any seed; it owns its evaluations.
        functional: adds the second level.
        reevaluation: None for one evaluation of each program.
    """

    def __init__(
        self,
        records: RunStore,
        reference: AnalyzedProgram,
        functional: bool = False,
        reevaluation: Reevaluation | None = None,
    ):
        self._records = records
        self._reference = reference.fingerprint
        self._reevaluation = reevaluation
        self._summaries: dict[str, Summary] = records.outcome_summaries()
        self._in_flight: set[str] = set()
        self._num_births = records.num_births() if reevaluation else {}
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
    def max_evaluations(self) -> int:
        """Return the largest number of evaluations of one program."""
        return 1 if self._reevaluation is None else self._reevaluation.max_evaluations

    @property
    def is_waiting(self) -> bool:
        """Return True while an evaluation is in flight."""
        return bool(self._in_flight)

    def assign(self, identity: AnalyzedProgram) -> EvaluationId:
        """Return the evaluation of an individual; call this for each, in order of birth."""
        owner = self._owner(identity)
        if self._reevaluation is None or owner == self._reference:
            return EvaluationId(owner)
        self._num_births[owner] = num_births = self._num_births.get(owner, 0) + 1
        return EvaluationId(owner, self._reevaluation.number(num_births))

    def _owner(self, identity: AnalyzedProgram) -> str:
        """Return the fingerprint of the first individual that computes the same."""
        fingerprint = identity.fingerprint
        if not self._is_functional:
            return fingerprint
        if fingerprint not in self._owners:
            name = functional_fingerprint(identity.canonical)
            self._records.add_functional(fingerprint, name)
            self._owners[fingerprint] = self._first.setdefault(name, fingerprint)
        return self._owners[fingerprint]

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
        self._records.add_outcome(name, outcome)

    def curves(self, name: EvaluationId) -> Curves:
        """Return the curves of an evaluation that is done."""
        measurement = self._records.measurement(name)
        assert measurement is not None
        return measurement.curves

    def result_for(self, name: EvaluationId) -> Summary:
        """Return the fitness and status of an individual that was assigned this evaluation.

        The mean of several evaluations is the mean of their fitness. It is None if one of them has
        no fitness.
        """
        is_averaged = self._reevaluation is not None and self._reevaluation.way == "average"
        fitness = []
        for number in range(1 if is_averaged else name.number, name.number + 1):
            value, status = self._summaries[str(EvaluationId(name.owner, number))]
            if value is None:
                return None, status
            fitness.append(value)
        return statistics.fmean(fitness), Status.OK
