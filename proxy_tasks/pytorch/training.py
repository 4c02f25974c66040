"""A training in PyTorch, in parts: it can pause after each tenth, and go on or stop."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from lionhunt.proxy_tasks.guarding import call
from lionhunt.proxy_tasks.pytorch.task import TorchTask
from lionhunt.proxy_tasks.task import NUM_CHUNKS
from lionhunt.proxy_tasks.task_errors import TaskError
from lionhunt.proxy_tasks.training import Training


class TorchTraining:
    """One training, with random numbers of its own: other trainings may run in between.

    The global generators of torch, NumPy and Python are seeded for it. It has one thread, so that
    its results do not depend on the machine's load.

    Args:
        task: to train on.
        make_optimizer: from parameters to an optimizer.
        seed: of the training.

    Attributes:
        chunk: number of the next chunk.
        is_running: False once training stopped early.
        num_chunks: chunks run.
        curve: mean loss of each chunk; NaN where unknown.
    """

    def __init__(self, task: TorchTask, make_optimizer: Callable[..., Any], seed: int):
        self.chunk = 0
        self.is_running = True
        self.num_chunks = 0
        self.curve = np.full(NUM_CHUNKS, np.nan)
        self._task = task
        self._arguments = make_optimizer, seed
        self._stops = np.linspace(0, task.num_steps, NUM_CHUNKS + 1).astype(int)
        self._random_states: tuple[Any, ...] | None = None
        self._losses: Any = None
        self._score: Any = None

    def advance(self, hurdles: Sequence[float], stop: int) -> None:
        """Train on until chunk `stop`, or until a loss is not finite or above its hurdle.

        A function that yields no losses trains to its end.

        Raises:
            TaskError: the function yields or returns what is no number.
            TaskCodeError: it raises.
        """
        with _own_randomness(self):
            if self._random_states is None:
                self._begin()
            while self.chunk < stop and self.is_running:
                self._run_chunk(hurdles[self.chunk])

    def conclude(self) -> Training:
        """Return the training, with NaN for the score of one that stopped early."""
        score = np.nan
        with _own_randomness(self):
            if self.is_running:
                if self._losses is not None:
                    self._finish()
                score = self._number(self._score, "returned")
            elif self._losses is not None:
                self._call(self._losses.close)
        training: Any = (np.float64(score), self.curve, np.int32(self.num_chunks))
        return Training(*training)

    def _begin(self) -> None:
        """Call the function; one that yields no losses trains to its end."""
        make_optimizer, seed = self._arguments
        result = self._call(_seeded, seed, self._task.call, make_optimizer, seed)
        if self._task.yields_losses:
            self._losses = result
            return
        if isinstance(result, list | tuple) or getattr(result, "ndim", 0) == 1:
            losses = [self._number(each, "returned") for each in result]
            self.curve = _mean_of_chunks(losses)
            result = losses[-1] if losses else None
        self._score = result
        self.chunk = self.num_chunks = NUM_CHUNKS

    def _run_chunk(self, hurdle: float) -> None:
        """Take the losses of one chunk."""
        losses = []
        for index in range(self._stops[self.chunk], self._stops[self.chunk + 1]):
            try:
                losses.append(self._number(self._call(next, self._losses), "yielded"))
            except _Finished:
                raise TaskError(
                    f"task {self._task.name}: it yielded {index} losses in place of num_steps "
                    f"({self._task.num_steps}); yield one for each step"
                ) from None
        # A short training has chunks without a step.
        last = self.curve[self.chunk - 1] if self.chunk else 0.0
        loss = float(np.mean(losses)) if losses else last
        self.curve[self.chunk] = loss
        self.chunk += 1
        self.num_chunks += 1
        self.is_running = bool(np.isfinite(loss) and loss <= hurdle)

    def _finish(self) -> None:
        """Take the score that a generator returns."""
        try:
            self._call(next, self._losses)
        except _Finished as finished:
            self._score = finished.value
            return
        raise TaskError(
            f"task {self._task.name}: it yields more losses than num_steps "
            f"({self._task.num_steps}); yield one for each step"
        )

    def _call(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call code of the task."""
        return call(self._task.name, self._task.function.__name__, _guarded, function, *args)

    def _number(self, value: Any, verb: str) -> float:
        if isinstance(value, torch.Tensor) and value.numel() == 1:
            value = value.item()
        if not isinstance(value, int | float | np.number) or isinstance(value, bool):
            what = "nothing" if value is None else f"a {type(value).__name__}"
            raise TaskError(f"task {self._task.name}: it {verb} {what}; expected a number")
        return float(value)


class _Finished(BaseException):
    """A generator returned.

    Attributes:
        value: what it returned.
    """

    def __init__(self, value: Any):
        self.value = value


def _guarded(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function; its lack of memory is a `MemoryError`, and its return a `_Finished`."""
    try:
        return function(*args)
    except StopIteration as stop:
        raise _Finished(stop.value) from None
    except RuntimeError as error:
        # torch has a type of its own for accelerators alone.
        text = str(error)
        if "out of memory" in text or "allocate memory" in text:
            raise MemoryError(text.splitlines()[0]) from None
        raise


def _seeded(seed: int, function: Callable[..., Any], *args: Any) -> Any:
    """Call a function after seeding the global generators."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    return function(*args)


@contextmanager
def _own_randomness(training: TorchTraining) -> Iterator[None]:
    """Set the global generators to those of a training in the body, and keep their states."""
    outer, num_threads = _states(), torch.get_num_threads()
    torch.set_num_threads(1)
    if training._random_states is not None:
        _set_states(training._random_states)
    try:
        yield
    finally:
        training._random_states = _states()
        _set_states(outer)
        torch.set_num_threads(num_threads)


def _states() -> tuple[Any, ...]:
    of_devices = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []
    return random.getstate(), np.random.get_state(), torch.get_rng_state(), of_devices


def _set_states(states: tuple[Any, ...]) -> None:
    of_python, of_numpy, of_torch, of_devices = states
    random.setstate(of_python)
    np.random.set_state(of_numpy)
    torch.set_rng_state(of_torch)
    if of_devices:
        torch.cuda.set_rng_state_all(of_devices)


def _mean_of_chunks(losses: Sequence[float]) -> np.ndarray:
    """Return the mean loss of each tenth of a training; of fewer losses, each several times."""
    if not losses:
        return np.full(NUM_CHUNKS, np.nan)
    edges = np.linspace(0, len(losses), NUM_CHUNKS + 1)
    parts = [
        losses[int(a) : max(int(a) + 1, int(b))] for a, b in zip(edges, edges[1:], strict=False)
    ]
    return np.array([np.mean(part) for part in parts])
