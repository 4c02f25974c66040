"""One stage of the funnel: everyone is tuned on an equal budget, then compared with fresh seeds."""

import dataclasses
from collections.abc import Generator, Sequence
from typing import NamedTuple

from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.dsl.program import Program
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.evolution.hyperparameters import Tuning, apply_tuning
from lionhunt.search.selection.config import TuningConfig
from lionhunt.search.selection.measurements import Scoreboard
from lionhunt.search.selection.promotion import (
    Advantage,
    Rule,
    Scores,
    TunedTrial,
    best_trial,
    find_bar,
    judge,
    promote,
)
from lionhunt.search.selection.store import SelectionStore
from lionhunt.search.selection.tuning import sweep, vary

UNTUNED = "the initial program, untuned"
"""The name of the bar where no tuned baseline is better with the final seeds."""


@dataclasses.dataclass(frozen=True)
class Contender:
    """A baseline or a candidate as it enters a stage.

    Attributes:
        name: of the baseline, or RUN:INDEX.
        program: what is needed of it, untuned.
        start: where its tuning begins: as it is, or as the stage before has tuned it.
        search_fitness: of a candidate; None for a baseline.
    """

    name: str
    program: Program
    start: Tuning
    search_fitness: float | None = None

    @property
    def is_baseline(self) -> bool:
        return self.search_fitness is None


@dataclasses.dataclass(frozen=True)
class Entry:
    """What came of a contender in a stage.

    Attributes:
        contender: as it entered.
        trials: its tuning, in order.
        best: the best trial; None if training failed in all.
        final: what its best tuning shows with the final seeds.
        verdict: against the bar.
        goes_on: whether it is among those that beat the bar and go on.
    """

    contender: Contender
    trials: tuple[TunedTrial, ...]
    best: TunedTrial | None
    final: Scores
    verdict: Advantage
    goes_on: bool

    @property
    def tuned(self) -> Program:
        """The program with its best tuning; as it entered if there is none."""
        tuning = self.contender.start if self.best is None else self.best.tuning
        return apply_tuning(self.contender.program, tuning)

    def promoted(self) -> Contender:
        """The contender as it enters the next stage."""
        start = self.contender.start if self.best is None else self.best.tuning
        return dataclasses.replace(self.contender, start=start)


class StageResult(NamedTuple):
    """What came of a stage.

    Attributes:
        part: its name.
        entries: of the baselines, then of the candidates.
        bar: the name of the best baseline.
    """

    part: str
    entries: tuple[Entry, ...]
    bar: str


class SelectionProgress(NamedTuple):
    """How far a part of a selection is.

    Attributes:
        part: its name.
        step: what is going on.
        done, total: measurements.
    """

    part: str
    step: str
    done: int
    total: int


@dataclasses.dataclass(frozen=True)
class FunnelStage:
    """A stage that is to be run.

    Attributes:
        part: its name.
        scoreboard: of its tasks.
        records: of the selection.
        tuning: how everyone is tuned.
        tuning_seeds, final_seeds: what trials are scored with, and what decides.
        seed: of the variations of constants.
        rule: when an advantage counts.
        num_promoted: candidates that go on, at most.
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
        self, contenders: Sequence[Contender]
    ) -> Generator[SelectionProgress, None, StageResult]:
        """Runs to the end, yielding now and then; everything yielded is recorded."""
        trials = yield from self._try(
            "learning rates",
            contenders,
            [sweep(contender.start, self.tuning.learning_rates) for contender in contenders],
        )
        varied = yield from self._try(
            "constants",
            contenders,
            [self._variations(*pair) for pair in zip(contenders, trials, strict=True)],
        )
        trials = [[*first, *second] for first, second in zip(trials, varied, strict=True)]
        finals = yield from self._finals(contenders, trials)
        return self._compare(contenders, trials, finals)

    def _variations(self, contender: Contender, trials: Sequence[TunedTrial]) -> list[Tuning]:
        best = best_trial(trials)
        start = contender.start if best is None else best.tuning
        name = fingerprint(contender.program)
        return vary(start, self.tuning.num_variations, self.seed, name)

    def _try(
        self, step: str, contenders: Sequence[Contender], tunings: Sequence[Sequence[Tuning]]
    ) -> Generator[SelectionProgress, None, list[list[TunedTrial]]]:
        """Scores tunings of each contender with the tuning seeds."""
        pairs = list(zip(contenders, tunings, strict=True))
        programs = [apply_tuning(c.program, tuning) for c, ts in pairs for tuning in ts]
        for done, total in self.scoreboard.measure(programs, self.tuning_seeds):
            yield SelectionProgress(self.part, step, done, total)

        def trial(contender: Contender, tuning: Tuning) -> TunedTrial:
            program = apply_tuning(contender.program, tuning)
            return TunedTrial(tuning, self.scoreboard.scores(program, self.tuning_seeds))

        return [[trial(contender, tuning) for tuning in ts] for contender, ts in pairs]

    def _finals(
        self, contenders: Sequence[Contender], trials: Sequence[Sequence[TunedTrial]]
    ) -> Generator[SelectionProgress, None, list[Scores]]:
        """Scores the best tuning of each contender with the final seeds."""
        bests = map(best_trial, trials)
        programs = [
            best and apply_tuning(contender.program, best.tuning)
            for contender, best in zip(contenders, bests, strict=True)
        ]
        wanted = [program for program in programs if program is not None]
        for done, total in self.scoreboard.measure(wanted, self.final_seeds):
            yield SelectionProgress(self.part, "final seeds", done, total)
        scores = self.scoreboard.scores
        return [
            # Where all trials failed, the first tells of the contender as it entered.
            tried[0].scores if program is None else scores(program, self.final_seeds)
            for tried, program in zip(trials, programs, strict=True)
        ]

    def _compare(
        self,
        contenders: Sequence[Contender],
        trials: Sequence[Sequence[TunedTrial]],
        finals: Sequence[Scores],
    ) -> StageResult:
        """Holds everyone to the best baseline, and keeps what was found."""
        untuned = Scores((0.0,) * len(self.final_seeds), Status.OK)  # by definition of fitness
        bars = [(c.name, f) for c, f in zip(contenders, finals, strict=True) if c.is_baseline]
        bars.append((UNTUNED, untuned))
        bar, bar_scores = bars[find_bar([scores for _, scores in bars])]
        verdicts = [judge(final, bar_scores, self.rule) for final in finals]
        candidates = [i for i, contender in enumerate(contenders) if not contender.is_baseline]
        promoted = promote([verdicts[i] for i in candidates], self.num_promoted)
        going_on = {candidates[i] for i in promoted}
        entries = tuple(
            Entry(contender, tuple(tried), best_trial(tried), final, verdict, i in going_on)
            for i, (contender, tried, final, verdict) in enumerate(
                zip(contenders, trials, finals, verdicts, strict=True)
            )
        )
        for entry in entries:
            self._record(entry)
        self.records.commit()
        return StageResult(self.part, entries, bar)

    def _record(self, entry: Entry) -> None:
        contender = entry.contender
        for number, trial in enumerate(entry.trials):
            program = str(apply_tuning(contender.program, trial.tuning))
            self.records.add_trial(self.part, contender.name, number, program, trial)
        self.records.add_verdict(
            self.part, contender.name, entry.final, entry.verdict, entry.goes_on
        )
