"""A trained program as the user's function of fitness sees it: scores, curves and properties."""

import dataclasses
import functools

from lionhunt.dsl.analysis.canonical import canonicalize
from lionhunt.dsl.analysis.properties import Properties, find_properties
from lionhunt.dsl.analysis.work import Cost, measure_cost
from lionhunt.dsl.program import Program


@dataclasses.dataclass(frozen=True)
class EvaluatedTask:
    """The training of a program on one task, beside that of the reference with the same seed.

    Attributes:
        name: of the task, unique in the run.
        metric: of the score, with its unit.
        higher_is_better: direction of the score.
        score: of the program.
        reference_score: of the reference.
        gain: of the program over the reference; higher is better, and the reference has 0. It is a
            share of the reference's score, or in the unit of the gain "spread".
        curve: the program's mean training loss in each tenth of its steps.
        reference_curve: that of the reference.
        multiple: of the program's update, the best one; 1 in a run without step sizes.
    """

    name: str
    metric: str
    higher_is_better: bool
    score: float
    reference_score: float
    gain: float
    curve: tuple[float, ...]
    reference_curve: tuple[float, ...]
    multiple: float


@dataclasses.dataclass(frozen=True)
class Evaluated:
    """A program that trained to the end on all tasks, with one seed.

    Attributes:
        tasks: its training on each task, in order of the config.
        fitness: the built-in fitness, which the config's combination and weights make of the gains.
        program: without redundant statements.
    """

    tasks: tuple[EvaluatedTask, ...]
    fitness: float
    program: Program

    @property
    def scores(self) -> tuple[float, ...]:
        """Return the score on each task."""
        return tuple(task.score for task in self.tasks)

    @property
    def gains(self) -> tuple[float, ...]:
        """Return the gain on each task over the reference; higher is better."""
        return tuple(task.gain for task in self.tasks)

    @property
    def curves(self) -> tuple[tuple[float, ...], ...]:
        """Return the training losses on each task, by tenths of its steps."""
        return tuple(task.curve for task in self.tasks)

    @functools.cached_property
    def cost(self) -> Cost:
        """Return state, length and work of the program, as `[objectives]` counts them."""
        return measure_cost(canonicalize(self.program))

    @functools.cached_property
    def properties(self) -> Properties:
        """Return how the update depends on the schedule, the weights and the gradient."""
        return find_properties(self.program)
