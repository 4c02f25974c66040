"""Steps per second of Lion against AdamW: the optimizer alone, and whole training steps.

Chen et al., 2023 (arXiv:2302.06675): Lion makes 2 to 15 % more steps a second, depending on the
task. Each optimizer is compiled by itself and updates parameters and states in place. The two are
timed in rotation, and a ratio compares times of one round.

On a CPU the clock is the process time of this process, whose arithmetic has one thread. Background
load then counts little. On an accelerator, whose arithmetic is outside this process, the clock is
wall time.
"""

import functools
import math
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax

from lionhunt.proxy_tasks.task import Task
from lionhunt.search.activity import Activity, OnActivity, ignore
from lionhunt.search.bench.timing import time_interleaved
from lionhunt.search.paper.costs.timed_runs import (
    PAIRS,
    Runner,
    TimedPair,
    available_bytes,
    draw_model,
    run_steps,
    run_training,
)
from lionhunt.search.statistics import Interval, interval

SIZES = (1_000_000, 10_000_000, 100_000_000)
"""Approximate numbers of parameters; see `draw_model`."""
NUM_ROUNDS = 9
TURN_SECONDS = 0.1
"""Length of a turn. An optimizer takes as many steps in a turn as fit, at least one."""

MAX_ARRAYS = 9
"""Trees shaped like the parameters that are in memory at once.

Two are the initial parameters and the gradient. Lion has its parameters and one state, AdamW its
parameters and two states. A step needs at most two.
"""
MARGIN = 1.25

CASES = "cases"
"""The unit of the progress."""


class Speed(NamedTuple):
    """Speeds of Lion and AdamW on one case.

    Attributes:
        name: "optimizer step", or the name of the task of a whole training step.
        written_as: a key of `PAIRS`.
        num_parameters: parameters of the model.
        lion_steps, adamw_steps: steps a second, medians over rounds.
        lion_scratch, adamw_scratch: bytes of temporary memory of a step.
        ratio: Lion's steps a second over AdamW's, with its interval over rounds.
        num_rounds: rounds of the pair.
        clock: "processor time" or "wall time".
    """

    name: str
    written_as: str
    num_parameters: int
    lion_steps: float
    adamw_steps: float
    lion_scratch: int
    adamw_scratch: int
    ratio: Interval
    num_rounds: int
    clock: str


class LeftOut(NamedTuple):
    """A size that was not measured.

    Attributes:
        num_parameters: the approximate size.
        reason: a sentence.
    """

    num_parameters: int
    reason: str


class Speeds(NamedTuple):
    """Measured cases, and sizes that were left out."""

    speeds: list[Speed]
    left_out: list[LeftOut]


def measure_steps(
    sizes: Sequence[int] = SIZES,
    *,
    num_rounds: int = NUM_ROUNDS,
    turn_seconds: float = TURN_SECONDS,
    on_activity: OnActivity = ignore,
) -> Speeds:
    """Measure the optimizers alone, on a given gradient.

    Args:
        sizes: approximate numbers of parameters; sizes that do not fit into memory are left out.
        num_rounds: rounds of each pair.
        turn_seconds: approximate seconds of each optimizer in a round.
        on_activity: called with each case.
    """
    speeds, left_out = [], []
    for number, size in enumerate(sizes):
        needed, available = 4 * size * MAX_ARRAYS * MARGIN, available_bytes()
        if available is not None and available < needed:
            reason = (
                f"it needs about {needed / 2**30:.1f} GiB of memory; "
                f"{available / 2**30:.1f} GiB are free"
            )
            left_out.append(LeftOut(size, reason))
            continue
        params, gradient = draw_model(size, 0), draw_model(size, 1)
        num_parameters = _num_parameters(params)
        for index, (written_as, pair) in enumerate(PAIRS.items(), start=number * len(PAIRS)):
            text = f"the optimizer step of {num_parameters:,} parameters, as {written_as}"
            on_activity(Activity(text, index, len(sizes) * len(PAIRS), CASES))
            runners = [run_steps(make(), params, gradient) for make in pair]
            timing = _time(runners, num_rounds, turn_seconds)
            speeds.append(_speed("optimizer step", written_as, num_parameters, runners, timing))
            # Free the arrays of these runners before the next are made.
            del runners
        del params, gradient
    return Speeds(speeds, left_out)


def measure_training(
    tasks: Sequence[Task],
    *,
    num_rounds: int = NUM_ROUNDS,
    turn_seconds: float = TURN_SECONDS,
    on_activity: OnActivity = ignore,
) -> Speeds:
    """Measure training steps: drawing a batch, forward, backward, and the optimizer.

    Args:
        tasks: tasks to train; none is left out.
        num_rounds: rounds of each pair.
        turn_seconds: approximate seconds of each optimizer in a round.
        on_activity: called with each case.
    """
    speeds = []
    for number, task in enumerate(tasks):
        params = jax.jit(task.init)(task.data, jax.random.key(0))
        for index, (written_as, pair) in enumerate(PAIRS.items(), start=number * len(PAIRS)):
            text = f"the training step of {task.name}, as {written_as}"
            on_activity(Activity(text, index, len(tasks) * len(PAIRS), CASES))
            runners = [run_training(task, make(), params) for make in pair]
            timing = _time(runners, num_rounds, turn_seconds)
            speeds.append(_speed(task.name, written_as, _num_parameters(params), runners, timing))
    return Speeds(speeds, [])


def _num_parameters(params: Any) -> int:
    return sum(leaf.size for leaf in jax.tree.leaves(params))


class _Timing(NamedTuple):
    """Seconds a step of Lion and of AdamW, by round."""

    lion: list[float]
    adamw: list[float]
    clock: str


def _time(runners: Sequence[Runner], num_rounds: int, turn_seconds: float) -> _Timing:
    on_processor = jax.default_backend() == "cpu"
    clock = time.process_time if on_processor else time.perf_counter
    num_steps = [_steps_in(runner.run, turn_seconds, clock) for runner in runners]
    turns = {
        name: functools.partial(runner.run, count)
        for name, runner, count in zip(TimedPair._fields, runners, num_steps, strict=True)
    }
    seconds = time_interleaved(turns, num_rounds=num_rounds, clock=clock)
    lion, adamw = (
        [turn / count for turn in turns]
        for turns, count in zip(seconds.values(), num_steps, strict=True)
    )
    return _Timing(lion, adamw, "processor time" if on_processor else "wall time")


def _speed(
    name: str, written_as: str, num_parameters: int, runners: Sequence[Runner], timing: _Timing
) -> Speed:
    log_ratios = [math.log(b / a) for a, b in zip(timing.lion, timing.adamw, strict=True)]
    return Speed(
        name,
        written_as,
        num_parameters,
        1 / statistics.median(timing.lion),
        1 / statistics.median(timing.adamw),
        *(runner.scratch for runner in runners),
        ratio=Interval(*map(math.exp, interval(log_ratios))),
        num_rounds=len(log_ratios),
        clock=timing.clock,
    )


def _steps_in(run: Callable[[int], Any], seconds: float, clock: Callable[[], float]) -> int:
    """Return how many steps fit into the time.

    The number of steps doubles until they take a fifth of the time.
    """
    # The first step is slow.
    run(1)
    num_steps = 1
    while True:
        begin = clock()
        run(num_steps)
        elapsed = clock() - begin
        if elapsed >= seconds / 5:
            return max(1, round(num_steps * seconds / elapsed))
        num_steps *= 2
