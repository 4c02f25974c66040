"""The costs of a run's programs, each measured once and recorded."""

from lionhunt.dsl.analysis.fingerprinting import AnalyzedProgram
from lionhunt.dsl.analysis.work import Cost, measure_cost
from lionhunt.search.storage.database import damaged
from lionhunt.search.storage.run_store import RunStore


class CostBook:
    """Costs by fingerprint.

    Args:
        records: store of the run, whose costs are in the book from the start.
    """

    def __init__(self, records: RunStore):
        self._records = records
        self._costs = dict(records.costs())

    def cost(self, identity: AnalyzedProgram) -> Cost:
        """Return the cost of a program; record it if it is new."""
        name = identity.fingerprint
        if name not in self._costs:
            self._costs[name] = measure_cost(identity.canonical)
            self._records.add_cost(name, self._costs[name])
        return self._costs[name]

    def recorded(self, fingerprint: str) -> Cost:
        """Return the cost of the program of a recorded individual."""
        if fingerprint not in self._costs:
            raise damaged(self._records.path, "a cost is missing")
        return self._costs[fingerprint]
