"""The individuals that a run breeds from; those of earlier sessions are read when chosen."""

from lionhunt.search.evolution.regularized import Individual
from lionhunt.search.storage.run_store import RunStore


class IndividualsByIndex(dict[int, Individual]):
    """Individuals by number. To resume is then as quick with a lag of many thousands: few of all
    elders become parents, and to parse a program takes longer than to look it up.

    Args:
        records: of the run; read where there is no item.
    """

    def __init__(self, records: RunStore):
        super().__init__()
        self._records = records

    def __missing__(self, index: int) -> Individual:
        self[index] = individual = self._records.row(index).individual
        return individual
