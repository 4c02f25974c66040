"""Trainings of known optimizers on a task in PyTorch; see `search.task_check.trainings`."""

import dataclasses
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from lionhunt.dsl import library
from lionhunt.proxy_tasks import NUM_CHUNKS, Training
from lionhunt.proxy_tasks.pytorch.task import TorchTask
from lionhunt.proxy_tasks.pytorch.training import TorchTraining
from lionhunt.search.evaluation.torch_trainer import optimizer_class
from lionhunt.search.task_check.trainings import CheckedTraining, Gradient, Train

MakeOptimizer = Callable[..., torch.optim.Optimizer]
_NO_HURDLES = (float("inf"),) * NUM_CHUNKS


def make_trainer(task: TorchTask, name: str) -> Train:
    """Return a function that trains with one of `trainings.OPTIMIZERS`."""

    def run(rate: float, seed: int, num_steps: int) -> CheckedTraining:
        start = time.perf_counter()

        def make(params: Any, lr: Any = 1.0) -> torch.optim.Optimizer:
            return _make(name, params, rate * lr)

        training = _train(dataclasses.replace(task, num_steps=num_steps), make, seed)
        seconds = time.perf_counter() - start
        return CheckedTraining(float(training.score), tuple(training.curve.tolist()), seconds)

    return run


def scores_before(task: TorchTask, seeds: range) -> list[float]:
    """Return the score of trainings that change nothing, for each seed."""
    return [float(_train(task, _Watcher, seed).score) for seed in seeds]


def first_gradients(task: TorchTask, seeds: range) -> Iterator[Gradient]:
    """Yield the gradient of the first step for each seed."""
    for seed in seeds:
        leaves = _watch(task, seed)
        still = [f"[{place}]" for place, leaf in enumerate(leaves) if not np.any(leaf)]
        yield Gradient(all(np.isfinite(leaf).all() for leaf in leaves), tuple(still))


def num_parameters(task: TorchTask) -> int:
    """Count the trained numbers of the model."""
    return sum(leaf.size for leaf in _watch(task, 0))


def longest(task: TorchTask) -> int:
    """Return the most steps of a training."""
    return task.num_steps


def _make(name: str, params: Any, rate: Any) -> torch.optim.Optimizer:
    """Return an optimizer with the options that `trainings.OPTIMIZERS` has."""
    if name == "AdamW":
        return torch.optim.AdamW(params, rate, weight_decay=1e-4)
    if name == "SGD":
        return torch.optim.SGD(params, rate, momentum=0.9)
    # The decay that the program has is that of the paper.
    return optimizer_class(library.load("lion"))(params, lr=rate)


def _train(task: TorchTask, make: MakeOptimizer, seed: int) -> Training:
    training = TorchTraining(task, make, seed)
    training.advance(_NO_HURDLES, NUM_CHUNKS)
    return training.conclude()


class _Watcher(torch.optim.Optimizer):
    """An optimizer that changes nothing, and keeps the first gradients."""

    def __init__(self, params: Any, lr: Any = 1.0):
        super().__init__(params, {"lr": lr})
        self.gradients: list[np.ndarray] = []

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        if not self.gradients:
            params = [p for group in self.param_groups for p in group["params"]]
            self.gradients = [
                np.zeros(p.shape) if p.grad is None else p.grad.detach().cpu().double().numpy()
                for p in params
            ]
        return loss


def _watch(task: TorchTask, seed: int) -> list[np.ndarray]:
    """Return the first gradients of a training, of all its optimizers."""
    watchers: list[_Watcher] = []

    def make(params: Any, lr: Any = 1.0) -> _Watcher:
        watchers.append(_Watcher(params, lr))
        return watchers[-1]

    _train(task, make, seed)
    return [leaf for watcher in watchers for leaf in watcher.gradients]
