"""Race of a program that would enter the best: it trains on further seeds while it stays there.

The best of thousands of programs on one seed is mostly the luckiest. A program races if its rank
would be among the best `num_best`. So does one that would enter a Pareto front with axes. It is
trained on 2 seeds in all, then on 4, 8 and so on. It stops as soon as neither holds. The reference
trains on the same seeds, and a gain is over the reference on that seed. The luck that both have in
common cancels.

The first seed made the program race, so its gain there is a selected one. Therefore the fitness of
a raced program is the mean gain over the further seeds alone. A fall is a fall: that mean is its
fitness, also where it is far below the first gain. A program that fails with one seed has failed.
The further seeds select too, but each round only decides on more seeds, which dilute its luck.

The rank is the lower end of an interval. It is fitness, less the effect of its seeds, less
sigma / sqrt(n). Fitness is a mean of n seeds, and their effect is what they add to all gains. One
formula is for all; `search.driver.racing.luck` has the effects and sigma.
An unraced program has n = 1, so it ranks below a raced one of the same fitness. The reference was
trained on all seeds, and ranks as a program that went through all rounds.

Races are a function of the history. Individuals are recorded in order of birth. The one at the head
of the queue races against those recorded before it. All that a race needs is in the records, so
that a run may be killed between two rounds. Later individuals of a program share its result.
"""

import dataclasses
import heapq
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from lionhunt.dsl.analysis.canonical import Canonical
from lionhunt.dsl.execution.bytecode import assemble_canonical
from lionhunt.search.driver.evaluation_cache import EvaluationCache
from lionhunt.search.driver.racing.config import RacingConfig
from lionhunt.search.driver.racing.luck import Luck
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import EvaluationId, Measurement, Status
from lionhunt.search.evaluation.ranking import NO_DISCOUNT, Discount, or_neg_inf
from lionhunt.search.evaluation.seeds import evaluation_seed
from lionhunt.search.storage.run_store import RunStore

Train = Callable[[EvaluationId], None]
"""A function that submits a training, unless it is in flight or done."""


class Settlement(NamedTuple):
    """The result of a program, which its individuals are recorded with.

    Attributes:
        outcome: its last evaluation.
        fitness: None for a failure.
        status: of the first evaluation that failed, else OK.
        discount: the difference between its fitness and its rank.
    """

    outcome: EvaluationId
    fitness: float | None
    status: Status
    discount: Discount = NO_DISCOUNT

    def at_cost(self, cost: float) -> "Settlement":
        """Return the result of a program that costs so much fitness."""
        return self._replace(discount=self.discount._replace(cost=cost))

    @property
    def rank_or_neg_inf(self) -> float:
        """Return the rank; minus infinity for a failure."""
        return or_neg_inf(self.discount.rank(self.fitness))


def further_job(
    name: EvaluationId, canonical: Canonical, outcomes: EvaluationCache, seed: int
) -> Job:
    """Return the training of a program with another seed, at the multiples that were best.

    It has no hurdles: a candidate for the best rarely meets one, and would then have failed.

    Args:
        name: of the new evaluation.
        canonical: the program.
        outcomes: evaluations of the run; the first of the program is done.
        seed: of the run.
    """
    multiples = tuple((each,) for each in outcomes.multiples(name._replace(number=1)))
    return Job(
        str(name),
        assemble_canonical(canonical),
        evaluation_seed(seed, name.number),
        multiples=multiples,
        is_urgent=True,
    )


def prior_luck(
    config: RacingConfig,
    references: Sequence[Measurement],
    known: Mapping[EvaluationId, Measurement],
    reference: str,
    gain: Callable[[str, Measurement, Measurement], float | None],
) -> Luck | None:
    """Return the luck before the first race; None for a run without races.

    Args:
        config: rules of the races.
        references: of the reference, one a seed.
        known: of known optimizers, which nothing selected; each counts as a race.
        reference: fingerprint of the reference.
        gain: from a program's fingerprint, a measurement of it and one of the reference to a
            fitness.
    """
    if not config.num_best:
        return None
    seen = references[: config.max_seeds]
    means = map(statistics.fmean, zip(*(each.scores for each in seen), strict=True))
    typical = dataclasses.replace(seen[0], scores=tuple(means))
    gains = [gain(reference, each, typical) for each in seen]
    luck = Luck([each for each in gains if each is not None], config.max_seeds)
    of_known: dict[str, dict[int, float]] = {}
    for name, measurement in known.items():
        if (found := gain(name.owner, measurement, references[name.number - 1])) is not None:
            of_known.setdefault(name.owner, {})[name.number] = found
    for gains_by_seed in of_known.values():
        luck.add(gains_by_seed)
    return luck


class Races:
    """The races of a run, and the results of its programs.

    Args:
        config: rules of the races; without any, every program has the result of its evaluation.
        outcomes: evaluations of the run.
        records: store of the run, whose individuals are settled from the start.
        reference: fingerprint of the reference.
        luck: with the prior alone; None without races.
        cost: returns the fitness that a program costs, for its fingerprint.
        would_enter: returns whether a program enters the front, for its last evaluation and rank.
    """

    def __init__(
        self,
        config: RacingConfig,
        outcomes: EvaluationCache,
        records: RunStore,
        reference: str,
        luck: Luck | None,
        cost: Callable[[str], float],
        would_enter: Callable[[EvaluationId, float], bool],
    ):
        self._config = config
        self._outcomes = outcomes
        self._reference = reference
        self._luck = luck
        self._cost = cost
        self._would_enter = would_enter
        self._settled: dict[str, Settlement] = {}
        """Results of the programs in the history, by owner; empty without races."""
        self._best: list[float] = []
        """Heap of the best ranks, one a program."""
        if luck is not None:
            for row in records.iter_programs():
                # An individual that shares the outcome of another may cost something else.
                settled = Settlement(*row)
                self._add(settled.at_cost(cost(settled.outcome.owner)))

    def settle(self, name: EvaluationId, train: Train) -> Settlement | None:
        """Return the result of the individual at the head of the queue.

        Args:
            name: its first evaluation.
            train: submits a further training of it, unless that is in flight or done.

        Returns:
            None while a training is missing.
        """
        if name not in self._outcomes:
            return None
        if self._luck is None:
            return Settlement(name, *self._outcomes.result_for(name))
        known = self._settled.get(name.owner)
        if known is None and (known := self._race(name.owner, self._luck, train)) is not None:
            self._add(known)
        return known

    def _race(self, owner: str, luck: Luck, train: Train) -> Settlement | None:
        """Return the result of a race, or None while a training is missing."""
        num_seeds, most = 1, self._config.max_seeds
        while True:
            settled = self._result(EvaluationId(owner, num_seeds), luck)
            rank = settled.rank_or_neg_inf
            is_over = owner == self._reference or num_seeds == most
            if is_over or not (
                self._is_among_best(rank) or self._would_enter(settled.outcome, rank)
            ):
                return settled
            before, num_seeds = num_seeds, min(2 * num_seeds, most)
            names = EvaluationId(owner, num_seeds).up_to(before + 1)
            for name in names:
                train(name)
            if not all(name in self._outcomes for name in names):
                return None

    def _result(self, outcome: EvaluationId, luck: Luck) -> Settlement:
        """Return the result after the evaluations up to this one."""
        gains = []
        for name in outcome.of_fitness:
            gain, status = self._outcomes.result_for(name)
            if gain is None:
                return Settlement(outcome, None, status)
            gains.append(gain)
        if outcome.owner == self._reference:
            margin = luck.standard_error(self._config.max_seeds - 1)
        else:
            margin = luck.margin([name.number for name in outcome.of_fitness])
        discount = Discount(margin, self._cost(outcome.owner))
        return Settlement(outcome, statistics.fmean(gains), Status.OK, discount)

    def _is_among_best(self, rank: float) -> bool:
        is_full = len(self._best) == self._config.num_best
        return rank > (self._best[0] if is_full else float("-inf"))

    def _add(self, settled: Settlement) -> None:
        """Add the result of the next program of the history."""
        assert self._luck is not None
        self._settled[settled.outcome.owner] = settled
        if self._is_among_best(rank := settled.rank_or_neg_inf):
            is_full = len(self._best) == self._config.num_best
            (heapq.heapreplace if is_full else heapq.heappush)(self._best, rank)
        if settled.fitness is not None:
            gains = {
                name.number: self._outcomes.result_for(name)[0] for name in settled.outcome.up_to(2)
            }
            self._luck.add({number: gain for number, gain in gains.items() if gain is not None})
