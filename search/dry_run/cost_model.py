"""What an evaluation costs: a model in a few numbers, measured on the machine at hand.

    seconds = start + steps * (step + the sum over statements of parameters * price(function))

The start (initial parameters, validation, a call) and a step (batch, forward and backward, the
machine without statements) are measured, since how fast XLA runs a model is not told by its
arithmetic. What a function costs next to others is in a table; how dear the table is here, for rows
of the task's length, is measured too.
"""

import dataclasses
import statistics
import time
from collections.abc import Callable, Collection, Iterable
from typing import Any

import jax
import numpy as np

from lionhunt.dsl.execution import machine
from lionhunt.dsl.execution.bytecode import MAX_ARITY, OP_NUMBERS, Bytecode
from lionhunt.dsl.ops import OPS
from lionhunt.proxy_tasks import Task, train
from lionhunt.proxy_tasks.training import NUM_CHUNKS

CHEAP = 0.2
"""Nanoseconds a parameter of a function that is not in `PRICES`: addition, interp, sqrt, ..."""

PRICES = (
    dict.fromkeys(("tan", "cbrt"), 9.6)
    | {"arccos": 9.1, "arcsin": 7.0, "arctan": 5.2, "power": 3.4, "exp10": 2.8}
    | dict.fromkeys(("sin", "cos", "sinh", "arcsinh", "arctanh"), 2.1)
    | {"arccosh": 1.7, "cosine_sim": 1.4, "expm1": 1.0, "cosh": 0.8}
    | dict.fromkeys(("exp", "log", "log2", "log10", "log1p", "norm", "global_norm"), 0.6)
    | dict.fromkeys(("dot", "divide", "exp2", "tanh"), 0.45)
)
"""Nanoseconds a parameter: medians over 10 statements of one function, 3,500 parameters, one core
of an AMD EPYC with AVX-512."""

PROBE = ("sin", "arctan", "tanh", "interp", "multiply", "add") * 2
"""What is executed besides the initial program, to tell how dear statements are here."""

MEASURED_SECONDS = 0.1
"""Training that is timed at once, if the task has as many steps."""
NUM_ROUNDS = 5
MAX_SECONDS = 3.0
"""Of all rounds together; the first is always ended."""


def price(functions: Iterable[str]) -> float:
    """Seconds a parameter and a step of statements that apply these functions, by the table."""
    return 1e-9 * sum(PRICES.get(name, CHEAP) for name in functions)


def row_functions(bytecode: Bytecode) -> tuple[str, ...]:
    """The functions of the statements that cost: those on trees, one by one."""
    names = tuple(OPS)
    return tuple(names[number] for number in bytecode.vector_code[: bytecode.num_vector_code, 0])


@dataclasses.dataclass(frozen=True)
class TaskCost:
    """What training once on a task costs on this machine.

    Attributes:
        name: of the task.
        num_parameters: of its model.
        num_steps: of its training.
        start_seconds: whatever the number of steps.
        step_seconds: of a step, without statements.
        dearness: of statements, relative to the table.
        compile_seconds: of the wall clock, once for every size of bytecode.
    """

    name: str
    num_parameters: int
    num_steps: int
    start_seconds: float
    step_seconds: float
    dearness: float
    compile_seconds: float

    def seconds(self, functions: Iterable[str], share: float = 1.0) -> float:
        """Seconds of an evaluation.

        Args:
            functions: of its statements on trees, one by one; see `row_functions`.
            share: of the steps that are run.
        """
        statements = self.dearness * self.num_parameters * price(functions)
        return self.start_seconds + share * self.num_steps * (self.step_seconds + statements)


def task_seconds(costs: Iterable[TaskCost], functions: Collection[str]) -> float:
    """Seconds of an evaluation on all tasks, run to its end."""
    return sum(cost.seconds(functions) for cost in costs)


def clock() -> Callable[[], float]:
    """What measures: processor time, in which other processes count as little as they can.

    An accelerator's work is not in it; there it is the wall clock.
    """
    return time.process_time if jax.default_backend() == "cpu" else time.perf_counter


def measure_task(task: Task, initial: Bytecode, functions: Collection[str]) -> TaskCost:
    """Times a few steps of the initial program, and the same with more statements.

    Args:
        task: what it trains on.
        initial: the program that a run begins with.
        functions: those that candidates may have; they are compiled, as for a run.
    """
    now = clock()

    @jax.jit
    def run(bytecode, num_steps, data):
        optimizer = machine.as_optimizer(bytecode, task.schedule, functions)
        shortened: Any = dataclasses.replace(task, data=data, num_steps=num_steps)
        return train(shortened, optimizer, jax.random.key(0))

    def seconds(bytecode: Bytecode, num_steps: int) -> tuple[float, float]:
        """Seconds of a training, and the steps that it ran."""
        start = now()
        training = jax.block_until_ready(run(bytecode, num_steps, task.data))
        return now() - start, num_steps * int(training.num_chunks) / NUM_CHUNKS

    start = time.perf_counter()
    seconds(initial, 0)
    compile_seconds = time.perf_counter() - start  # by the wall clock: it uses all cores
    starts = [seconds(initial, 0)[0]]
    num_steps = 1
    while num_steps < task.num_steps:
        if seconds(initial, num_steps)[0] - starts[0] >= MEASURED_SECONDS:
            break
        num_steps = min(task.num_steps, 2 * num_steps)
    probe, added = with_probe(initial, functions)
    steps, differences = [], []
    first = time.perf_counter()
    while not steps or (len(steps) < NUM_ROUNDS and time.perf_counter() - first < MAX_SECONDS):
        starts.append(seconds(initial, 0)[0])
        plain, probed = (
            max(0.0, spent - starts[-1]) / max(run_steps, 1.0)
            for spent, run_steps in (seconds(initial, num_steps), seconds(probe, num_steps))
        )
        steps.append(plain)
        differences.append(probed - plain)
    shapes = jax.eval_shape(task.init, task.data, jax.random.key(0))
    num_parameters = sum(int(np.prod(leaf.shape)) for leaf in jax.tree.leaves(shapes))
    expected = num_parameters * price(added)
    dearness = max(0.0, statistics.median(differences)) / expected if added else 1.0
    own = dearness * num_parameters * price(row_functions(initial))
    return TaskCost(
        task.name,
        num_parameters,
        task.num_steps,
        statistics.median(starts),
        max(0.0, statistics.median(steps) - own),
        dearness,
        compile_seconds,
    )


def with_probe(bytecode: Bytecode, functions: Collection[str]) -> tuple[Bytecode, tuple[str, ...]]:
    """The bytecode after statements that nothing depends on, and their functions.

    They apply those of the given functions that `PROBE` names, and write to a row that holds
    nothing yet; without one, or without places, there are none.
    """
    size, count = bytecode.size, int(bytecode.num_vector_code)
    has_row = size.num_vector_registers > 2 + size.num_states
    known = tuple(name for name in PROBE if name in functions)
    added = known[: size.num_instructions - count] if has_row else ()
    probe = np.zeros((len(added), MAX_ARITY + 3), np.int32)
    probe[:, 0] = [OP_NUMBERS[name] for name in added]
    probe[:, 2:4] = 1  # a function of weights and gradient
    probe[:, MAX_ARITY + 1] = size.num_vector_registers - 1
    code = np.concatenate([probe, bytecode.vector_code])[: size.num_instructions]
    return bytecode._replace(vector_code=code, num_vector_code=np.int32(count + len(added))), added
