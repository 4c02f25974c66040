"""The costs of a run's programs, each measured once and recorded."""

from lionhunt.dsl.analysis.fingerprinting import AnalyzedProgram
from lionhunt.dsl.analysis.work import Cost, measure_cost
from lionhunt.search.driver.objectives.config import ObjectivesConfig
from lionhunt.search.storage.database import damaged
from lionhunt.search.storage.run_store import RunStore


class CostBook:
    """The costs of programs, or nothing at all in a run without objectives.

    Args:
        objectives: limits and weights.
        records: store of the run, whose costs are in the book from the start.
    """

    def __init__(self, objectives: ObjectivesConfig, records: RunStore):
        self._objectives = objectives
        self._records = records
        self._costs = dict(records.costs()) if objectives.is_used else {}

    def add(self, identity: AnalyzedProgram) -> Cost | None:
        """Return the cost of a program, recorded if it is new; None without objectives."""
        name = identity.fingerprint
        if self._objectives.is_used and name not in self._costs:
            self._costs[name] = measure_cost(identity.canonical)
            self._records.add_cost(name, self._costs[name])
        return self.find(name)

    def find(self, fingerprint: str) -> Cost | None:
        """Return the cost of a program that was added; None without objectives."""
        if not self._objectives.is_used:
            return None
        if fingerprint not in self._costs:
            raise damaged(self._records.path, "a cost is missing")
        return self._costs[fingerprint]

    def is_exceeded(self, identity: AnalyzedProgram) -> bool:
        """Return whether a program costs more than a limit allows."""
        cost = self.add(identity)
        return cost is not None and bool(self._objectives.exceeded(cost))

    def discount(self, fingerprint: str) -> float:
        """Return the fitness that a program costs."""
        return self._objectives.discount(self.find(fingerprint))
