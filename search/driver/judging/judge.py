"""The judge of a run: it makes the fitness of measurements, by the config or the user's function.

The user's function gets an `Evaluated` and returns the fitness, or a tuple. The first number of a
tuple is the fitness, and each further one is an axis of the Pareto front. Higher is better in all.
"""

import dataclasses
import math
import numbers
from collections.abc import Sequence
from typing import Any

from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.program import Program
from lionhunt.search.driver.judging.config import EvaluationConfig
from lionhunt.search.driver.judging.user_functions import load_fitness
from lionhunt.search.evaluation.evaluated import Evaluated, EvaluatedTask
from lionhunt.search.evaluation.fitness import gains, to_outcome
from lionhunt.search.evaluation.outcome import Measurement, Outcome, Status
from lionhunt.search.user_code.user_function import UserFunction

CHECK_EVERY = 50
"""Calls of the user's function from one that is made twice to the next."""


class Judge:
    """A function from measurements to outcomes.

    Args:
        config: combination and weights of tasks, or the user's function.
        tasks: name, metric and direction of each task, as the run records them.
        units: see `to_outcome`.
    """

    def __init__(
        self,
        config: EvaluationConfig,
        tasks: Sequence[dict[str, Any]],
        units: Sequence[float] | None = None,
    ):
        self._config = config
        self._tasks = tasks
        self._directions = [task["higher_is_better"] for task in tasks]
        self._units = units
        self._function = load_fitness(config)
        self._num_calls = 0
        self._num_objectives: int | None = None

    def judge(self, program: Program, measurement: Measurement, reference: Measurement) -> Outcome:
        """Return the outcome of a measurement.

        Args:
            program: the measured program.
            measurement: of it.
            reference: of the program of fitness 0, with the same seed.

        Raises:
            UserCodeError: the user's function fails.
        """
        outcome = to_outcome(
            measurement,
            reference,
            self._directions,
            self._config.combination,
            self._config.weights,
            self._units,
        )
        if self._function is None or outcome.fitness is None:
            return outcome
        returned = self._call(self._function, self._evaluated(program, outcome, reference))
        if returned is None:
            unfit = dataclasses.replace(measurement, status=Status.UNFIT, scores=())
            return Outcome(unfit, None)
        return Outcome(measurement, returned[0], returned[1:])

    def check(
        self,
        program: Program,
        measurement: Measurement,
        recorded: float | None = None,
    ) -> None:
        """Check that the user's function has a fitness for the reference, and the same as before.

        Args:
            program: the reference.
            measurement: of it.
            recorded: its fitness when the run began; None if it begins now.

        Raises:
            UserCodeError: it has not.
        """
        outcome = self.judge(program, measurement, measurement)
        if self._function is None:
            return
        if outcome.fitness is None:
            raise self._function.fault(
                "returns None for the reference, which must have a fitness; return a number"
            )
        if recorded not in (None, outcome.fitness):
            raise self._function.fault(
                f"returns {outcome.fitness!r} for the reference, and returned {recorded!r} when "
                "the run began; make it depend on its argument alone"
            )

    def _evaluated(self, program: Program, outcome: Outcome, reference: Measurement) -> Evaluated:
        measurement = outcome.measurement
        assert outcome.fitness is not None
        none = (1.0,) * len(self._tasks)
        columns = zip(
            self._tasks,
            measurement.scores,
            reference.scores,
            gains(measurement, reference, self._directions, self._units),
            measurement.curves,
            reference.curves,
            measurement.multiples or none,
            strict=True,
        )
        tasks = tuple(
            EvaluatedTask(task["name"], task["metric"], task["higher_is_better"], *rest)
            for task, *rest in columns
        )
        return Evaluated(tasks, outcome.fitness, simplify(program))

    def _call(self, function: UserFunction, evaluated: Evaluated) -> tuple[float, ...] | None:
        """Call the user's function, now and then twice, and check what it returns."""
        returned = function(evaluated)
        found = _numbers(returned)
        if isinstance(found, str):
            raise function.fault(found)
        if self._num_calls % CHECK_EVERY == 0:
            again = function(dataclasses.replace(evaluated))
            if _numbers(again) != found:
                raise function.fault(
                    f"returns {returned!r:.60} and then {again!r:.60} for the same program; make "
                    "it depend on its argument alone"
                )
        self._num_calls += 1
        if found is not None:
            self._num_objectives = self._num_objectives or len(found)
            if len(found) != self._num_objectives:
                raise function.fault(
                    f"returns {len(found)} numbers, and returned {self._num_objectives} before; "
                    "return always as many"
                )
        return found


def _numbers(returned: Any) -> tuple[float, ...] | str | None:
    """Return what the user's function returned as numbers; as text, what is wrong with it."""
    if returned is None:
        return None
    values = returned if isinstance(returned, tuple) else (returned,)
    if not values:
        return "returns an empty tuple; return a number, a tuple of numbers, or None"
    for value in values:
        if not isinstance(value, numbers.Real):
            kind = type(value).__name__
            return f"returns {kind} where a number belongs; convert it with float(...)"
        if not math.isfinite(value):
            return f"returns {value}; return a finite number, or None for a failed program"
    return tuple(map(float, values))
