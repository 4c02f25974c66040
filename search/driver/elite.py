"""The best of a run's history: its Pareto front, and the tuning of the front's constants."""

from collections.abc import Callable, Sequence

from lionhunt.dsl.analysis.work import Cost
from lionhunt.dsl.program import Program
from lionhunt.search.driver.objectives_config import ObjectivesConfig
from lionhunt.search.evolution.front import Front, Point
from lionhunt.search.evolution.step import Step
from lionhunt.search.evolution.tuning import TUNE, Tuner


class RunElite:
    """The front of a run, and the tuners of its members; see `evolution.regularized.Elite`.

    Args:
        objectives: the axes of the front.
        num_remembered: individuals, counted from the last, whose front and costs may be asked for.
        find: returns the program of an individual of the history.
        step: protected end of all programs.
    """

    def __init__(
        self,
        objectives: ObjectivesConfig,
        num_remembered: int,
        find: Callable[[int], Program],
        step: Step,
    ):
        self._objectives = objectives
        self._num_remembered = num_remembered
        self._find = find
        self._step = step
        self._front = Front(num_remembered)
        self._costs: dict[int, tuple[int, ...]] = {}
        self._roots: dict[int, int] = {}
        """The individual from which tuning began, of tuned individuals."""
        self._tuned: dict[int, list[tuple[int, float]]] = {}
        """Number and rank of all that were tuned from an individual, in order of birth."""
        self._tuners: dict[int, tuple[Tuner, int]] = {}
        """Tuner of an individual, and how many of these it was told."""

    def add(
        self,
        index: int,
        parent: int | None,
        mutation: str,
        name: str,
        rank: float,
        cost: Cost | None,
    ) -> None:
        """Add an individual; call this in order of birth.

        Args:
            index, parent, mutation: of the individual.
            name: fingerprint of its program.
            rank: minus infinity for a failure.
            cost: None if the objectives are not used.
        """
        axes = () if cost is None else self._objectives.axes(cost)
        self._front.add(index, name, Point(rank, axes))
        self._costs[index] = axes
        self._costs.pop(index - self._num_remembered, None)
        if mutation == TUNE and parent is not None:
            root = self._roots[index] = self._roots.get(parent, parent)
            self._tuned.setdefault(root, []).append((index, rank))

    def front(self, count: int) -> Sequence[int]:
        return self._front.at(count)

    def costs(self, index: int) -> tuple[int, ...]:
        return self._costs[index]

    def tune(self, index: int, count: int, seed: int) -> Program | None:
        root = self._roots.get(index, index)
        tuner, num_told = self._tuners.get(root) or (Tuner(self._find(root), self._step), 0)
        for tuned, rank in self._tuned.get(root, [])[num_told:]:
            if tuned >= count:
                break
            tuner.tell(self._find(tuned), rank)
            num_told += 1
        self._tuners[root] = tuner, num_told
        return None if tuner.is_done else tuner.ask(seed)
