"""Bytes of optimizer state.

Chen et al., 2023 (arXiv:2302.06675): Lion keeps the momentum alone, half of AdamW's state.
"""

import enum
import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from lionhunt.dsl import as_optimizer, library
from lionhunt.dsl.execution import machine
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.dsl.program import Program

OPTAX: dict[str, optax.GradientTransformation] = {
    "sgd": optax.sgd(1.0),
    "momentum": optax.sgd(1.0, momentum=0.9),
    "lion": optax.lion(1.0),
    "adam": optax.adam(1.0),
    "adamw": optax.adamw(1.0),
    "adabelief": optax.adabelief(1.0),
    "adafactor": optax.adafactor(1.0),
}
"""Compared optimizers, by the name of their program in the library."""

MODEL = {
    "weights": jax.ShapeDtypeStruct((1024, 1024), jnp.float32),
    "biases": jax.ShapeDtypeStruct((1024,), jnp.float32),
}
"""The model whose optimizer states are counted."""


class KeptBy(enum.StrEnum):
    """Implementations of an optimizer, by how they store its states."""

    OPTAX = enum.auto()
    """The optimizer of optax."""
    PROGRAM = enum.auto()
    """`dsl.as_optimizer`: a state is an array, or a number where it is one at every step.

    An example are the running averages of ones that correct AdamW's bias. Factors of rows and
    columns, as Adafactor's, count as arrays.
    """
    MACHINE = enum.auto()
    """`dsl.execution.machine`: the same, with at least two arrays and four numbers."""


class StateMemory(NamedTuple):
    """State of an optimizer between steps, the step count included.

    Attributes:
        optimizer: its name.
        kept_by: the implementation.
        num_parameters: parameters of the model.
        state_bytes: bytes of all states.
        bytes_per_parameter: `state_bytes` over `num_parameters`.
    """

    optimizer: str
    kept_by: KeptBy
    num_parameters: int
    state_bytes: int
    bytes_per_parameter: float


def measure_memory(params: Any = MODEL) -> list[StateMemory]:
    """Count the state of every optimizer of `OPTAX`, by optax and by its program.

    Args:
        params: a tree of float32 arrays or of their shapes; nothing is allocated.
    """
    return [
        memory
        for name, optimizer in OPTAX.items()
        for memory in (
            count_optimizer(name, KeptBy.OPTAX, optimizer, params),
            *count_program(name, library.load(name), params),
        )
    ]


def count_program(name: str, program: Program, params: Any) -> tuple[StateMemory, ...]:
    """Count the state of a program: compiled by itself, and on the machine.

    Args:
        name: of the program.
        program: a valid program; redundant states do not count.
        params: a tree of float32 arrays or of their shapes.
    """
    return (
        count_optimizer(name, KeptBy.PROGRAM, as_optimizer(program), params),
        count_optimizer(name, KeptBy.MACHINE, machine.as_optimizer(assemble(program)), params),
    )


def count_optimizer(
    name: str, kept_by: KeptBy, optimizer: optax.GradientTransformation, params: Any
) -> StateMemory:
    """Count the state of any optimizer by its shapes and dtypes."""
    state = jax.eval_shape(optimizer.init, params)
    return _memory(name, kept_by, params, _num_bytes(state))


def _memory(name: str, kept_by: KeptBy, params: Any, state_bytes: int) -> StateMemory:
    num_parameters = sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(params))
    return StateMemory(name, kept_by, num_parameters, state_bytes, state_bytes / num_parameters)


def _num_bytes(tree: Any) -> int:
    return sum(math.prod(leaf.shape) * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree))
