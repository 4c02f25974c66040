"""One stage of the funnel: each optimizer is tuned on an equal budget, then scored on fresh seeds.

Promotion compares the scores. The stage does not know where programs are measured.
"""

import dataclasses
from collections.abc import Generator, Mapping, Sequence
from typing import NamedTuple

from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.evaluation.seed_scores import SeedScores, best_index
from lionhunt.search.evolution.hyperparameters import Tuning, apply_tuning
from lionhunt.search.selection.config import Rule, TuningConfig
from lionhunt.search.selection.measurements import Scoreboard
from lionhunt.search.selection.promotion import best_trial, judge, promote
from lionhunt.search.selection.result import Entry, StageOptimizer, StageResult, TunedTrial
from lionhunt.search.selection.store import SelectionStore
from lionhunt.search.selection.tuning import multiples_grid, sweep, vary
from lionhunt.search.tuning_grid import Grid, Place

UNTUNED = "the initial program, untuned"
"""Name of the threshold where no tuned baseline is better with the final seeds."""


class SelectionProgress(NamedTuple):
    """Progress of a part of a selection.

    Attributes:
        part: name of the part.
        step: the current step.
        done, total: measurements.
    """

    part: str
    step: str
    done: int
    total: int


@dataclasses.dataclass(frozen=True)
class FunnelStage:
    """A stage that is ready to run.

    Attributes:
        part: name of the stage.
        scoreboard: measurements on its tasks.
        records: store of the selection.
        tuning: budget of the tuning.
        tuning_seeds: seeds of the trials.
        final_seeds: seeds of the final scores.
        seed: seed of the variations of constants.
        rule: when an advantage counts.
        num_promoted: the largest number of promoted candidates.
    """

    part: str
    scoreboard: Scoreboard
    records: SelectionStore
    tuning: TuningConfig
    tuning_seeds: Sequence[int]
    final_seeds: Sequence[int]
    seed: int
    rule: Rule
    num_promoted: int

    def run(
        self, optimizers: Sequence[StageOptimizer]
    ) -> Generator[SelectionProgress, None, StageResult]:
        """Run to the end and return the result; whatever is yielded is recorded already."""
        swept = yield from self._sweep(optimizers)
        varied = yield from self._try(
            "constants",
            optimizers,
            [self._variations(*pair) for pair in zip(optimizers, swept, strict=True)],
        )
        trials = [[*first, *second] for first, second in zip(swept, varied, strict=True)]
        finals = yield from self._finals(optimizers, trials)
        return self._compare(optimizers, trials, finals)

    def _sweep(
        self, optimizers: Sequence[StageOptimizer]
    ) -> Generator[SelectionProgress, None, list[list[TunedTrial]]]:
        """Score the learning rates of each optimizer, and those beyond or around its best one."""
        rates = self.tuning.learning_rates
        grid = multiples_grid(rates)
        tried: list[dict[Place, TunedTrial]] = [{} for _ in optimizers]
        new = [[(grid.place_of(rate), rate) for rate in rates] for _ in optimizers]
        while any(new):
            tunings = [
                sweep(optimizer.start, [rate for _, rate in pairs])
                for optimizer, pairs in zip(optimizers, new, strict=True)
            ]
            trials = yield from self._try("learning rates", optimizers, tunings)
            for known, pairs, found in zip(tried, new, trials, strict=True):
                known.update(zip((place for place, _ in pairs), found, strict=True))
            new = [self._next_rates(grid, known) for known in tried]
        return [list(known.values()) for known in tried]

    def _next_rates(
        self, grid: Grid, tried: Mapping[Place, TunedTrial]
    ) -> list[tuple[Place, float]]:
        """Return the places to try next, with their multiples of the update."""
        num_trials = len(self.tuning.learning_rates) + self.tuning.num_extensions
        values = {place: trial.scores.mean_or_neg_inf for place, trial in tried.items()}
        places = grid.next_places(values, num_trials)
        return [(place, grid.point(place).learning_rate) for place in places]

    def _variations(self, optimizer: StageOptimizer, trials: Sequence[TunedTrial]) -> list[Tuning]:
        best = best_trial(trials)
        start = optimizer.start if best is None else best.tuning
        name = fingerprint(optimizer.program)
        return vary(start, self.tuning.num_variations, self.seed, name)

    def _try(
        self, step: str, optimizers: Sequence[StageOptimizer], tunings: Sequence[Sequence[Tuning]]
    ) -> Generator[SelectionProgress, None, list[list[TunedTrial]]]:
        """Score tunings of each optimizer with the tuning seeds."""
        programs = [
            [apply_tuning(optimizer.program, tuning) for tuning in tried]
            for optimizer, tried in zip(optimizers, tunings, strict=True)
        ]
        flat = [program for tried in programs for program in tried]
        for done, total in self.scoreboard.measure(flat, self.tuning_seeds):
            yield SelectionProgress(self.part, step, done, total)
        return [
            [
                TunedTrial(tuning, self.scoreboard.scores(program, self.tuning_seeds))
                for tuning, program in zip(*pair, strict=True)
            ]
            for pair in zip(tunings, programs, strict=True)
        ]

    def _finals(
        self, optimizers: Sequence[StageOptimizer], trials: Sequence[Sequence[TunedTrial]]
    ) -> Generator[SelectionProgress, None, list[SeedScores]]:
        """Score the best tuning of each optimizer with the final seeds."""
        programs = [
            best and apply_tuning(optimizer.program, best.tuning)
            for optimizer, best in zip(optimizers, map(best_trial, trials), strict=True)
        ]
        trained = [program for program in programs if program is not None]
        for done, total in self.scoreboard.measure(trained, self.final_seeds):
            yield SelectionProgress(self.part, "final seeds", done, total)
        return [
            # Where all trials failed, the first has the status of the optimizer as it entered.
            tried[0].scores
            if program is None
            else self.scoreboard.scores(program, self.final_seeds)
            for tried, program in zip(trials, programs, strict=True)
        ]

    def _compare(
        self,
        optimizers: Sequence[StageOptimizer],
        trials: Sequence[Sequence[TunedTrial]],
        finals: Sequence[SeedScores],
    ) -> StageResult:
        """Compare each optimizer with the best baseline, and record the results.

        The final seeds choose the best baseline and are compared, which favours baselines.
        """
        pairs = zip(optimizers, finals, strict=True)
        baselines = [(o.name, final) for o, final in pairs if o.is_baseline]
        # The untuned initial program has fitness 0 by definition.
        baselines.append((UNTUNED, SeedScores((0.0,) * len(self.final_seeds), Status.OK)))
        best = best_index([scores.mean_or_neg_inf for _, scores in baselines])
        assert best is not None
        name, threshold = baselines[best]
        verdicts = [judge(final, threshold, self.rule) for final in finals]
        candidates = [i for i, optimizer in enumerate(optimizers) if not optimizer.is_baseline]
        indices = promote([verdicts[i] for i in candidates], self.num_promoted)
        promoted = {candidates[i] for i in indices}
        entries = tuple(
            Entry(optimizer, tuple(tried), best_trial(tried), final, verdict, i in promoted)
            for i, (optimizer, tried, final, verdict) in enumerate(
                zip(optimizers, trials, finals, verdicts, strict=True)
            )
        )
        for entry in entries:
            self._record(entry)
        self.records.commit()
        return StageResult(self.part, entries, name)

    def _record(self, entry: Entry) -> None:
        for number, trial in enumerate(entry.trials):
            program = str(apply_tuning(entry.optimizer.program, trial.tuning))
            self.records.add_trial(self.part, entry.optimizer.name, number, program, trial)
        self.records.add_verdict(
            self.part, entry.optimizer.name, entry.final, entry.verdict, entry.is_promoted
        )
