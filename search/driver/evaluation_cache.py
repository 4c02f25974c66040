"""Who has which outcome, and who waits for whom: the two levels of the cache, and evaluations.

Individuals that compute the same have the outcome of the first of them, in order of birth: those
of one fingerprint, and if asked for those of one functional fingerprint. A program that is born
time and again may be evaluated anew, with another seed. Nothing here depends on which evaluation
ends first, so that a run stays a function of its history.

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
"""A fitness, or why there is none."""


class EvaluationCache:
    """The outcomes of a run, and whose they are.

    Args:
        records: of the run; what is there already is known.
        reference: the program that has fitness 0, with any seed; it owns its outcome.
        functional: whether there is a second level.
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
        self._owners: dict[str, str] = {}  # by fingerprint, if there is a second level
        self._first: dict[str, str] = {}  # fingerprint, by functional fingerprint
        if functional:
            self._first[functional_fingerprint(reference.canonical)] = reference.fingerprint
        for fingerprint, name in records.functional():
            self._owners[fingerprint] = self._first.setdefault(name, fingerprint)

    def __contains__(self, name: EvaluationId) -> bool:
        return str(name) in self._summaries

    @property
    def max_evaluations(self) -> int:
        """Of one program."""
        return 1 if self._reevaluation is None else self._reevaluation.max_evaluations

    @property
    def is_waiting(self) -> bool:
        """Whether an evaluation is under way."""
        return bool(self._in_flight)

    def assign(self, identity: AnalyzedProgram) -> EvaluationId:
        """The outcome that an individual will have; to be asked for each, in order of birth."""
        owner = self._owner(identity)
        if self._reevaluation is None or owner == self._reference:
            return EvaluationId(owner)
        self._num_births[owner] = num_births = self._num_births.get(owner, 0) + 1
        return EvaluationId(owner, self._reevaluation.number(num_births))

    def _owner(self, identity: AnalyzedProgram) -> str:
        """The fingerprint of the first individual that does the same."""
        fingerprint = identity.fingerprint
        if not self._is_functional:
            return fingerprint
        if fingerprint not in self._owners:
            name = functional_fingerprint(identity.canonical)
            self._records.add_functional(fingerprint, name)
            self._owners[fingerprint] = self._first.setdefault(name, fingerprint)
        return self._owners[fingerprint]

    def start(self, name: EvaluationId) -> bool:
        """Whether that evaluation is neither done nor under way; it is under way from now on."""
        is_new = name not in self and str(name) not in self._in_flight
        if is_new:
            self._in_flight.add(str(name))
        return is_new

    def record(self, name: str, outcome: Outcome) -> None:
        """Takes in what came of an evaluation."""
        self._in_flight.discard(name)
        self._summaries[name] = (outcome.fitness, outcome.measurement.status)
        self._records.add_outcome(name, outcome)

    def curves(self, name: EvaluationId) -> Curves:
        """The curves of an evaluation that is done."""
        measurement = self._records.measurement(name)
        assert measurement is not None
        return measurement.curves

    def result_for(self, name: EvaluationId) -> Summary:
        """What an individual has that was told this name; its elders have theirs.

        The mean of several evaluations is that of their fitness; if one of them has none, there is
        no mean.
        """
        first = name.number
        if self._reevaluation is not None and self._reevaluation.way == "average":
            first = 1
        numbers = range(first, name.number + 1)
        found = [self._summaries[str(EvaluationId(name.owner, n))] for n in numbers]
        fitness = []
        for value, reason in found:
            if value is None:
                return None, reason
            fitness.append(value)
        return statistics.fmean(fitness), Status.OK
