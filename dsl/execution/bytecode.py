"""Bytecode: a canonical form as small integer arrays, for the machine.

The machine has two register files. A vector register holds one number for each parameter, a scalar
register one number. Values that depend on the schedule value and constants alone are scalars, and
are computed first. All other values are vectors. The machine copies the vector file every step, so
it is small: registers are allocated by liveness. Register files come in a few sizes, and each size
is compiled once.
"""

import dataclasses
from typing import Any, NamedTuple

import numpy as np

from lionhunt.dsl.analysis.canonical import (
    FIRST_STATE,
    GRADIENT,
    SCHEDULE,
    WEIGHTS,
    Canonical,
    canonicalize,
)
from lionhunt.dsl.ops import OPS
from lionhunt.dsl.program import Program

MAX_ARITY = 3
"""Operands of an instruction."""
NUM_INPUTS = 2
"""Vector registers before those of the states: the weights and the gradient."""
OP_NUMBERS = {name: number for number, name in enumerate(OPS)}


@dataclasses.dataclass(frozen=True, order=True)
class MachineShape:
    """Lengths of the register files and of the code; programs of one shape share a compilation.

    Attributes:
        num_vector_registers: the first hold weights, gradient and states.
        num_states: rows for states; the last ones may be without use.
        num_scalar_registers: the first holds the schedule value, the next ones constants.
        num_instructions: places for instructions, in each of the two lists.
    """

    num_vector_registers: int
    num_states: int
    num_scalar_registers: int
    num_instructions: int


SMALL = MachineShape(
    num_vector_registers=8, num_states=2, num_scalar_registers=32, num_instructions=32
)
"""The smallest shape; most programs of a search have it."""


class Bytecode(NamedTuple):
    """A program for the machine; a pytree of int32 and float32 arrays.

    An instruction is (op number, three operands, target, kind of its arguments). Operands are
    registers: vector registers from 0, scalar registers from `num_vector_registers`.

    Attributes:
        scalar_code: shape (num_instructions, 6); targets are scalar registers.
        num_scalar_code: shape (), instructions used.
        vector_code: shape (num_instructions, 6); targets are vector registers.
        num_vector_code: shape (), instructions used.
        scalar_registers: shape (num_scalar_registers,), the constants in their places.
        outputs: shape (1 + num_states,), the registers of the update and the new states.
        vector_registers: shape (num_vector_registers, 0); only its length has a meaning.
    """

    scalar_code: Any
    num_scalar_code: Any
    vector_code: Any
    num_vector_code: Any
    scalar_registers: Any
    outputs: Any
    vector_registers: Any

    @property
    def functions(self) -> set[str]:
        """Return the names of the functions that the code applies."""
        names = list(OPS)
        codes = (self.scalar_code[: self.num_scalar_code], self.vector_code[: self.num_vector_code])
        return {names[number] for code in codes for number in code[:, 0]}

    @property
    def shape(self) -> MachineShape:
        return MachineShape(
            self.vector_registers.shape[0],
            self.outputs.shape[0] - 1,
            self.scalar_registers.shape[0],
            self.vector_code.shape[0],
        )


def assemble(program: Program) -> Bytecode:
    """Return the bytecode of a valid program, the same for programs of equal fingerprint."""
    return assemble_canonical(canonicalize(program))


def assemble_canonical(canonical: Canonical) -> Bytecode:
    """Return the bytecode of a canonical form, in the smallest shape that holds it."""
    is_vector = _find_vectors(canonical)
    first = canonical.first_instruction
    vector_of = _allocate(canonical, is_vector)
    scalar_of = {SCHEDULE: 0}
    for value in range(canonical.first_constant, first):
        scalar_of[value] = len(scalar_of)
    for index in range(len(canonical.instructions)):
        if not is_vector[first + index]:
            scalar_of[first + index] = len(scalar_of)
    scalar_code: list[tuple[int, ...]] = []
    vector_code: list[tuple[int, ...]] = []
    num_vectors = _fit(SMALL.num_vector_registers, max(vector_of.values()) + 1)
    shape = MachineShape(
        num_vectors,
        _fit_states(canonical.num_states, num_vectors),
        _fit(SMALL.num_scalar_registers, len(scalar_of)),
        _fit(SMALL.num_instructions, len(canonical.instructions)),
    )

    def register(value: int) -> int:
        vector = vector_of.get(value)
        return shape.num_vector_registers + scalar_of[value] if vector is None else vector

    for index, (op, operands, _, argument_kind) in enumerate(canonical.instructions):
        value = first + index
        args = [register(k) for k in operands] + [0] * (MAX_ARITY - len(operands))
        target = vector_of[value] if is_vector[value] else scalar_of[value]
        code = vector_code if is_vector[value] else scalar_code
        code.append((OP_NUMBERS[op], *args, target, int(argument_kind)))
    scalars = np.zeros(shape.num_scalar_registers, np.float32)
    scalars[1 : 1 + len(canonical.constants)] = canonical.constants
    outputs = np.zeros(1 + shape.num_states, np.int32)
    outputs[: len(canonical.outputs)] = [register(value) for value in canonical.outputs]
    return Bytecode(
        _pad(scalar_code, shape),
        np.int32(len(scalar_code)),
        _pad(vector_code, shape),
        np.int32(len(vector_code)),
        scalars,
        outputs,
        np.zeros((shape.num_vector_registers, 0), np.float32),
    )


def _fit(length: int, needed: int) -> int:
    """Double a length until it holds the needed number."""
    while length < needed:
        length *= 2
    return length


def _fit_states(needed: int, num_vectors: int) -> int:
    """Return a number of states: an exact one, or for many as many as the vector file holds.

    A mutation may change the number of live states. Without this, a search from 20 states would
    compile each task some 20 times.
    """
    is_few = needed <= SMALL.num_vector_registers - NUM_INPUTS
    return max(SMALL.num_states, needed) if is_few else num_vectors - NUM_INPUTS


def _pad(code: list[tuple[int, ...]], shape: MachineShape) -> np.ndarray:
    padded = np.zeros((shape.num_instructions, MAX_ARITY + 3), np.int32)
    if code:
        padded[: len(code)] = code
    return padded


def _find_vectors(canonical: Canonical) -> list[bool]:
    """Return whether each value is a vector, by operand number."""
    num_constants = len(canonical.constants)
    is_vector = [True] * canonical.first_constant + [False] * num_constants
    is_vector[SCHEDULE] = False
    for instruction in canonical.instructions:
        is_vector.append(any(is_vector[k] for k in instruction.operands))
    return is_vector


def _allocate(canonical: Canonical, is_vector: list[bool]) -> dict[int, int]:
    """Allocate a register to each vector; a register is free again after its last reader."""
    register_of = {WEIGHTS: 0, GRADIENT: 1}
    for state in range(FIRST_STATE, canonical.first_constant):
        register_of[state] = len(register_of)
    num_instructions = len(canonical.instructions)
    last_reader = dict.fromkeys(register_of, -1)
    for index, instruction in enumerate(canonical.instructions):
        for operand in instruction.operands:
            last_reader[operand] = index
    for output in canonical.outputs:
        last_reader[output] = num_instructions
    free = sorted(register for value, register in register_of.items() if last_reader[value] < 0)
    num_registers = len(register_of)
    for index, instruction in enumerate(canonical.instructions):
        value = canonical.first_instruction + index
        # The machine computes a result before it writes it, so it may replace an operand.
        for operand in dict.fromkeys(instruction.operands):
            if is_vector[operand] and last_reader[operand] == index:
                free.append(register_of[operand])
        if is_vector[value]:
            if not free:
                free.append(num_registers)
                num_registers += 1
            free.sort()
            register_of[value] = free.pop(0)
    return register_of
