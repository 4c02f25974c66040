"""The places of programs on the axes of a run's front: rank, costs, and objectives of the user."""

import statistics

from lionhunt.search.driver.objectives.config import ObjectivesConfig
from lionhunt.search.driver.objectives.cost_book import CostBook
from lionhunt.search.evaluation.outcome import EvaluationId
from lionhunt.search.evaluation.ranking import or_neg_inf
from lionhunt.search.evolution.front import Point
from lionhunt.search.storage.database import damaged
from lionhunt.search.storage.run_store import RunStore


class Axes:
    """The places of a run's programs.

    Args:
        config: names the costs that are axes.
        costs: of the programs.
        records: store of the run, whose objectives are known from the start.
    """

    def __init__(self, config: ObjectivesConfig, costs: CostBook, records: RunStore):
        self._config = config
        self._costs = costs
        self._path = records.path
        self._objectives = records.objectives()

    def __bool__(self) -> bool:
        """Return whether there is an axis beside the rank."""
        return bool(self._config.front or self._objectives)

    def add(self, name: str, objectives: tuple[float, ...]) -> None:
        """Add the objectives of an evaluation that is recorded now."""
        if objectives:
            self._objectives[name] = objectives

    def objectives(self, outcome: EvaluationId) -> tuple[float, ...]:
        """Return the further objectives of a program with a fitness, as means over seeds.

        Args:
            outcome: its last evaluation.
        """
        if not self._objectives:
            return ()
        try:
            by_seed = [self._objectives[str(name)] for name in outcome.of_fitness]
        except KeyError:
            raise damaged(self._path, "an objective is missing") from None
        return tuple(map(statistics.fmean, zip(*by_seed, strict=True)))

    def point(self, fingerprint: str, outcome: EvaluationId, rank: float | None) -> Point:
        """Return the place of an individual.

        Args:
            fingerprint: of its program.
            outcome: its last evaluation.
            rank: None or minus infinity for a failure, which has no place on further axes.
        """
        point = Point(or_neg_inf(rank))
        if point.is_failure:
            return point
        costs = self._config.axes(self._costs.find(fingerprint))
        return point._replace(costs=(*costs, *(-each for each in self.objectives(outcome))))
