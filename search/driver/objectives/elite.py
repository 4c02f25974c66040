"""The best of a run's history: its Pareto front, and the tuning of the front's constants."""

from collections.abc import Mapping, Sequence

from lionhunt.dsl.program import Program
from lionhunt.search.driver.objectives.axes import Axes
from lionhunt.search.errors import RecordError
from lionhunt.search.evaluation.outcome import EvaluationId
from lionhunt.search.evolution.front import Front, Point
from lionhunt.search.evolution.regularized import TUNE, Individual
from lionhunt.search.evolution.step import Step
from lionhunt.search.evolution.tuning import Tuner
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.stored_program import StoredProgram


class RunElite:
    """The ranks and the front of a run, and the tuners of the front's members.

    See `search.evolution.regularized.Elite`.

    Args:
        axes: of the front.
        num_remembered: individuals, counted from the last, whose rank, costs and front are known.
        history: individuals by number.
        step: protected end of all programs.
    """

    def __init__(
        self,
        axes: Axes,
        num_remembered: int,
        history: Mapping[int, Individual],
        step: Step,
    ):
        self._axes = axes
        self._num_remembered = num_remembered
        self._history = history
        self._step = step
        self._front = Front(num_remembered)
        self._ranks: dict[int, float] = {}
        self._roots: dict[int, int] = {}
        """The individual from which tuning began, of tuned individuals."""
        self._tuned: dict[int, list[tuple[int, float]]] = {}
        """Number and rank of all that were tuned from an individual, in order of birth."""
        self._tuners: dict[int, tuple[Tuner, int]] = {}
        """Tuner of an individual, and how many of these it was told."""

    def read(self, records: RunStore, start: int) -> None:
        """Add the recorded individuals from number `start`; see `add`."""
        columns = ("index", "parent", "mutation", "fingerprint", "outcome", "rank")
        for index, parent, mutation, name, outcome, rank in records.columns(*columns, start=start):
            point = self._axes.point(name, EvaluationId.parse(outcome), rank)
            self._add(index, parent, mutation, point)

    def add(self, row: StoredProgram) -> None:
        """Add an individual; call this in order of birth.

        Args:
            row: its record.
        """
        individual = row.individual
        point = self._axes.point(row.fingerprint, row.outcome, row.rank)
        self._add(individual.index, individual.parent, individual.mutation, point)

    def _add(self, index: int, parent: int | None, mutation: str, point: Point) -> None:
        self._front.add(index, point)
        self._ranks[index] = point.rank
        self._ranks.pop(index - self._num_remembered, None)
        if mutation == TUNE and parent is not None:
            root = self._roots[index] = self._roots.get(parent, parent)
            self._tuned.setdefault(root, []).append((index, point.rank))

    def would_enter(self, outcome: EvaluationId, rank: float) -> bool:
        """Return whether a program would enter the front, if that has axes.

        Args:
            outcome: its last evaluation.
            rank: of it.
        """
        point = self._axes.point(outcome.owner, outcome, rank)
        return bool(point.costs) and self._front.is_missing(point)

    def rank(self, index: int) -> float:
        """Return the rank of a candidate parent; minus infinity if it has no fitness."""
        return self._ranks[index]

    def front(self, count: int) -> Sequence[int]:
        return self._front.at(count)

    def tune(self, index: int, count: int, seed: int) -> Program | None:
        root = self._roots.get(index, index)
        if root not in self._tuners:
            self._tuners[root] = Tuner(self._history[root].program, self._step), 0
        tuner, num_told = self._tuners[root]
        for tuned, rank in self._tuned.get(root, [])[num_told:]:
            if tuned >= count:
                break
            try:
                tuner.tell(self._history[tuned].program, rank)
            except ValueError as error:
                # A file can say so that no run has written.
                raise RecordError(f"program {tuned} was not tuned from {root}: {error}") from None
            num_told += 1
        self._tuners[root] = tuner, num_told
        return None if tuner.is_done else tuner.ask(seed)
