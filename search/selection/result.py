"""Results of a selection: plain values of stages, trials, winners and meta-validation."""

import dataclasses
from collections.abc import Mapping
from typing import NamedTuple

from lionhunt.dsl.edits.ablations import Removal
from lionhunt.dsl.program import Program
from lionhunt.search.evaluation.seed_scores import SeedScores
from lionhunt.search.evolution.hyperparameters import Tuning, apply_tuning
from lionhunt.search.selection.meta_overfitting import CheckpointScore
from lionhunt.search.statistics import Interval


@dataclasses.dataclass(frozen=True)
class StageOptimizer:
    """A baseline or a candidate as it enters a stage.

    Attributes:
        name: name of the baseline, or RUN:INDEX.
        program: its live statements, untuned.
        start: start of its tuning: as it is, or the best tuning of the stage before.
        search_fitness: fitness of a candidate in its run; None for a baseline.
    """

    name: str
    program: Program
    start: Tuning
    search_fitness: float | None = None

    @property
    def is_baseline(self) -> bool:
        return self.search_fitness is None


class TunedTrial(NamedTuple):
    """A tuning of a program, and its scores with the tuning seeds."""

    tuning: Tuning
    scores: SeedScores


class Advantage(NamedTuple):
    """A candidate against the best baseline.

    Attributes:
        advantage: the mean difference of fitness, paired by seed; None if training failed.
        beats: whether the advantage counts.
    """

    advantage: Interval | None
    beats: bool


@dataclasses.dataclass(frozen=True)
class Entry:
    """An optimizer in a stage.

    Attributes:
        optimizer: the optimizer as it entered.
        trials: its tuning, in order.
        best: the best trial; None if training failed in all.
        final: scores of its best tuning with the final seeds.
        verdict: comparison with the best baseline.
        is_promoted: whether it is a candidate that enters the next stage.
    """

    optimizer: StageOptimizer
    trials: tuple[TunedTrial, ...]
    best: TunedTrial | None
    final: SeedScores
    verdict: Advantage
    is_promoted: bool

    @property
    def tuning(self) -> Tuning:
        """Return the best tuning; the one that it entered with if all trials failed."""
        return self.optimizer.start if self.best is None else self.best.tuning

    @property
    def is_at_edge(self) -> bool:
        """Return whether no smaller, or no larger, learning rate than the best was tried."""
        rates = [trial.tuning.learning_rate for trial in self.trials]
        is_last = self.tuning.learning_rate in (min(rates), max(rates))
        return self.best is not None and is_last and min(rates) < max(rates)

    @property
    def tuned(self) -> Program:
        """Return the program with its best tuning."""
        return apply_tuning(self.optimizer.program, self.tuning)

    def to_next_stage(self) -> StageOptimizer:
        """Return the optimizer as it enters the next stage."""
        return dataclasses.replace(self.optimizer, start=self.tuning)


class StageResult(NamedTuple):
    """Result of a stage.

    Attributes:
        part: name of the stage.
        entries: entries of the baselines, then of the candidates.
        threshold: name of the best baseline, which candidates have to beat.
    """

    part: str
    entries: tuple[Entry, ...]
    threshold: str


class RunCurve(NamedTuple):
    """Meta-validation over the progress of a run.

    Attributes:
        path: path of the run.
        points: checkpoints in order.
    """

    path: str
    points: tuple[CheckpointScore, ...]


@dataclasses.dataclass(frozen=True)
class Ablation:
    """A selected program without one of its functions or states.

    Attributes:
        winner: name of the selected program.
        number: number of the removal, from 1; two removals may have the same words.
        removal: the removed part, and the rest.
    """

    winner: str
    number: int
    removal: Removal

    @property
    def name(self) -> str:
        """Return its name in the records."""
        words = f"without {self.removal.statement}, keeping {self.removal.kept}"
        return f"{self.winner} {words} ({self.number})"


class LengthScores(NamedTuple):
    """Trainings of one length.

    Attributes:
        num_steps: steps, one for each task.
        scores: by name of the program, for each seed the scores on all tasks; none where training
            failed.
    """

    num_steps: tuple[int, ...]
    scores: Mapping[str, tuple[tuple[float, ...], ...]]


class CloserLook(NamedTuple):
    """The result of a closer look.

    Attributes:
        stage: entries of baselines, of selected programs, and of ablations.
        ablations: the ablations, in the order of the last entries.
        lengths: trainings of baselines and selected programs by length, the shortest first.
    """

    stage: StageResult
    ablations: tuple[Ablation, ...]
    lengths: tuple[LengthScores, ...]

    @property
    def timed(self) -> tuple[Entry, ...]:
        """Return the entries of baselines and selected programs."""
        return self.stage.entries[: len(self.stage.entries) - len(self.ablations)]


class SelectionResult(NamedTuple):
    """Result of a selection.

    Attributes:
        stages: the stages that candidates reached.
        curves: one a run.
        look: the closer look; None without one, or if the last stage selected no program.
    """

    stages: tuple[StageResult, ...]
    curves: tuple[RunCurve, ...]
    look: CloserLook | None = None
