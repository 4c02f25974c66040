"""The trainer of a task in PyTorch: it gives the task optimizers made of bytecode."""

import functools
from collections.abc import Collection
from typing import Any

import jax
import numpy as np

from lionhunt.dsl.edits.statements import free_name
from lionhunt.dsl.execution.bytecode import Bytecode
from lionhunt.dsl.execution.disassembly import disassemble
from lionhunt.dsl.export import to_torch
from lionhunt.dsl.op import FunctionError
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.program import Const, Program, Statement, Var
from lionhunt.dsl.text.docstring import ProgramDoc
from lionhunt.proxy_tasks.pytorch.task import TorchTask
from lionhunt.proxy_tasks.pytorch.training import TorchTraining
from lionhunt.search.evaluation.halving import STAGES, Trained, train_multiples

MAX_CLASSES = 64
"""Optimizer classes that are kept; a candidate trains several times in a race."""


class TorchTrainer:
    """A trainer of bytecode on a task in PyTorch, one candidate at a time.

    Args:
        task: the task.
        functions: the functions that candidates may have.

    Raises:
        FunctionError: one of them is the user's, and has no expression for torch.
    """

    def __init__(self, task: TorchTask, functions: Collection[str]):
        for name in sorted(functions):
            own = OPS[name].own
            if own is not None and not own.torch:
                raise FunctionError(
                    f"function '{name}' has no torch expression, and task {task.name} trains in "
                    f'PyTorch; add torch="..." to its declaration in {own.source}'
                )
        self.name = task.name
        self._task = task
        # Nothing tells which multiple is behind.
        self._stages = STAGES if task.yields_losses else ()

    def train(
        self, bytecode: Bytecode, key: jax.Array, hurdles: np.ndarray, multiples: np.ndarray
    ) -> list[Trained]:
        """Train a candidate; arguments are those of `trainer.TaskTrainer.train`, without lanes."""
        seed = int(jax.random.bits(key))
        program = disassemble(bytecode)

        def start(multiple: np.ndarray) -> TorchTraining:
            optimizer = optimizer_class(_multiplied(program, float(multiple)))
            return TorchTraining(self._task, functools.partial(_make, optimizer), seed)

        def advance(multiple: np.ndarray, training: TorchTraining, stop: int) -> TorchTraining:
            training.advance(hurdles.tolist(), stop)
            return training

        return train_multiples(
            multiples,
            start,
            advance,
            TorchTraining.conclude,
            higher_is_better=self._task.higher_is_better,
            stages=self._stages,
        )


def optimizer_class(program: Program) -> type:
    """Return the class that an export of a program has, a `torch.optim.Optimizer`."""
    # A function of the user may have another rule under the same name later.
    return _make_class(program, tuple(OPS[each.op].full_name for each in program.statements))


@functools.lru_cache(MAX_CLASSES)
def _make_class(program: Program, functions: tuple[str, ...]) -> type:
    name = "Candidate"
    text = to_torch(program, name, ProgramDoc())
    module: dict[str, Any] = {"__name__": "lionhunt_candidate"}
    exec(compile(text, "<candidate>", "exec"), module)
    return module[name]


def _make(optimizer: type, params: Any, lr: Any = 1.0, **options: Any) -> Any:
    """Return an optimizer of the parameters; its learning rate is a factor of the schedule."""
    return optimizer(params, lr=lr, **options)


def _multiplied(program: Program, multiple: float) -> Program:
    """Return a program with a multiple of the update."""
    if multiple == 1.0:
        return program
    update, *states = program.outputs
    name = free_name("update", program)
    product = Statement(name, "multiply", (update, Const(multiple)))
    return Program(program.inputs, (*program.statements, product), (Var(name), *states))
