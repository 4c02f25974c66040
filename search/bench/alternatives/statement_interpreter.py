"""A program as an optimizer of PyTorch that interprets it, statement by statement."""

import functools
from collections.abc import Iterable
from typing import Any

import torch

from lionhunt.dsl.backends import PytreeBackend
from lionhunt.dsl.interpreter import run
from lionhunt.dsl.op import Op
from lionhunt.dsl.program import Program
from lionhunt.search.bench.alternatives.torch_arrays import TorchArrays


class InterpretedOptimizer(torch.optim.Optimizer):
    """An optimizer that calls torch for each statement and each parameter, in every step.

    NOSBench evaluates its programs like this (automl/NOSBench, `nosbench/program.py`). This is no
    copy of NOSBench: the language is that of Lionhunt. Constants are made once.

    Args:
        params: float32 parameters, each of which has a gradient in every step.
        program: a valid program.
        lr: schedule value.
    """

    def __init__(self, params: Iterable[Any], program: Program, lr: float = 1.0):
        super().__init__(params, {"lr": lr})
        self._program = program
        self._params = tuple(p for group in self.param_groups for p in group["params"])
        self._states = [tuple(map(torch.zeros_like, self._params)) for _ in program.states]
        arrays = TorchArrays()
        self._backend = PytreeBackend(arrays)
        self._constant = functools.cache(arrays.float32)

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Take a step."""
        gradient = tuple(p.grad for p in self._params)
        schedule = self._constant(self.param_groups[0]["lr"])
        inputs = [self._params, gradient, *self._states, schedule]
        update, *states = run(self._program, inputs, self._apply, self._constant)
        # A state may be the weights themselves, which change below.
        self._states = [tuple(x.clone() for x in self._tree(state)) for state in states]
        for p, x in zip(self._params, self._tree(update), strict=True):
            p.sub_(x)

    def _apply(self, op: Op, *values: Any) -> Any:
        return op.evaluate(self._backend, *values)

    def _tree(self, value: Any) -> tuple[torch.Tensor, ...]:
        """Return a value of any kind as arrays of the shapes of the parameters."""
        tree, _ = self._backend.broadcast(value, self._params)
        return tree
