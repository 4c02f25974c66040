"""Steps per second of Lion against AdamW: the optimizer alone, and whole training steps.

Chen et al., 2023 (arXiv:2302.06675): Lion makes 2 to 15 % more steps a second, depending on the
task. Both optimizers are compiled each by itself, with parameters and states updated in place. They
are timed in turn, and ratios are of one round.

On a processor, times are the processor time of this process, whose arithmetic has one thread: what
else runs on the machine then counts as little as it can. On an accelerator, where the arithmetic is
not in this process, they are wall time.
"""

import functools
import math
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax

from lionhunt.proxy_tasks.task import Task
from lionhunt.search.bench.timing import in_turn
from lionhunt.search.paper.claims.timed_runs import (
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
"""Parameters, about: see `draw_model`."""
NUM_ROUNDS = 9
TURN_SECONDS = 0.1
"""An optimizer takes as many steps in a turn as fit in here, one at least."""

MAX_ARRAYS = 11
"""That are held at once, in arrays like the parameters: the parameters and the gradient that all
begin with, of both optimizers the parameters and the states (one, and at most four), and at most
two for the time of a step."""
MARGIN = 1.25


class Speed(NamedTuple):
    """Lion against AdamW, on one thing.

    Attributes:
        name: "optimizer step", or the name of the task whose whole training step it is.
        written_as: of `PAIRS`.
        num_parameters: of the model.
        lion_steps, adamw_steps: a second; medians of the rounds.
        lion_scratch, adamw_scratch: bytes that a step needs beside what is updated in place.
        ratio: of Lion's steps a second to AdamW's, with its interval over rounds.
        num_rounds: of both.
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
        num_parameters: about.
        reason: a sentence.
    """

    num_parameters: int
    reason: str


def measure_steps(
    sizes: Sequence[int] = SIZES,
    *,
    num_rounds: int = NUM_ROUNDS,
    turn_seconds: float = TURN_SECONDS,
    say: Callable[[str], None] = lambda text: None,
) -> tuple[list[Speed], list[LeftOut]]:
    """Steps a second of the optimizers alone, the gradient being given.

    Args:
        sizes: numbers of parameters, about; those for which there is not enough memory are left
            out.
        num_rounds: of each pair.
        turn_seconds: of each optimizer in a round, about.
        say: told what is measured next.
    """
    speeds, left_out = [], []
    for size in sizes:
        needed, available = 4 * size * MAX_ARRAYS * MARGIN, available_bytes()
        if available is not None and available < needed:
            left_out.append(
                LeftOut(
                    size,
                    f"it takes about {needed / 2**30:.1f} GiB of memory, and "
                    f"{available / 2**30:.1f} GiB are free",
                )
            )
            continue
        params, gradient = draw_model(size, 0), draw_model(size, 1)
        for written_as, pair in PAIRS.items():
            num_parameters = _size(params)
            say(f"the optimizer step of {num_parameters:,} parameters, as {written_as}")
            runners = [run_steps(make(), params, gradient) for make in pair]
            seconds = _time(runners, num_rounds, turn_seconds)
            speeds.append(_speed("optimizer step", written_as, num_parameters, runners, seconds))
            del runners  # and with them their arrays
        del params, gradient
    return speeds, left_out


def measure_training(
    tasks: Sequence[Task],
    *,
    num_rounds: int = NUM_ROUNDS,
    turn_seconds: float = TURN_SECONDS,
    say: Callable[[str], None] = lambda text: None,
) -> list[Speed]:
    """Steps a second of training: drawing a batch, forward, backward, and the optimizer.

    Args:
        tasks: what is trained.
        num_rounds: of each pair.
        turn_seconds: of each optimizer in a round, about.
        say: told what is measured next.
    """
    speeds = []
    for task in tasks:
        params = jax.jit(task.init)(task.data, jax.random.key(0))
        for written_as, pair in PAIRS.items():
            say(f"the training step of {task.name}, as {written_as}")
            runners = [run_training(task, make(), params) for make in pair]
            seconds = _time(runners, num_rounds, turn_seconds)
            speeds.append(_speed(task.name, written_as, _size(params), runners, seconds))
    return speeds


def _size(params: Any) -> int:
    return sum(leaf.size for leaf in jax.tree.leaves(params))


class _Timing(NamedTuple):
    """Seconds a step of Lion and of AdamW, round by round."""

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
    seconds = in_turn(turns, num_rounds=num_rounds, clock=clock)
    lion, adamw = (
        [turn / count for turn in turns]
        for turns, count in zip(seconds.values(), num_steps, strict=True)
    )
    return _Timing(lion, adamw, "processor time" if on_processor else "wall time")


def _speed(
    name: str, written_as: str, num_parameters: int, runners: Sequence[Runner], timing: _Timing
) -> Speed:
    logs = [math.log(b / a) for a, b in zip(timing.lion, timing.adamw, strict=True)]
    return Speed(
        name,
        written_as,
        num_parameters,
        1 / statistics.median(timing.lion),
        1 / statistics.median(timing.adamw),
        *(runner.scratch for runner in runners),
        ratio=Interval(*map(math.exp, interval(logs))),
        num_rounds=len(logs),
        clock=timing.clock,
    )


def _steps_in(run: Callable[[int], Any], seconds: float, clock: Callable[[], float]) -> int:
    """How many steps fit into the time: they are doubled until they take a fifth of it."""
    run(1)  # the first is slow
    num_steps = 1
    while True:
        begin = clock()
        run(num_steps)
        taken = clock() - begin
        if taken >= seconds / 5:
            return max(1, round(num_steps * seconds / taken))
        num_steps *= 2
