"""Bytecode: a canonical form as small integer arrays, for the machine.

The machine has two register files. A vector register holds one number for each parameter, a scalar
register one number. Values that depend on single numbers alone are scalars, and are computed first.
These numbers are the schedule value, constants, and states that are one number at every step. All
other values are vectors. The machine copies the vector file every step, so it is small: registers
are allocated by liveness. Register files come in a few sizes, and each size is compiled once.
"""

import dataclasses
import itertools
from collections.abc import Mapping
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
from lionhunt.dsl.analysis.state_kinds import narrow_canonical_states
from lionhunt.dsl.op import Op
from lionhunt.dsl.op_table import OPS, per_table
from lionhunt.dsl.program import Program

MAX_ARITY = 3
"""Operands of an instruction."""
NUM_INPUTS = 2
"""Vector registers before those of the states: the weights and the gradient."""
_NO_OPERANDS = (0,) * MAX_ARITY


@per_table
def op_numbers(ops: Mapping[str, Op]) -> dict[str, int]:
    """Return the number of each function; those of the user come last."""
    return {name: number for number, name in enumerate(ops)}


@dataclasses.dataclass(frozen=True, order=True)
class MachineShape:
    """Lengths of the register files and of the code; programs of one shape share a compilation.

    The last places for states of each kind may be without use.

    Attributes:
        num_vector_registers: the first hold weights, gradient, states per array and trees.
        num_trees: states of one number for each parameter.
        num_per_array: states of one number for each array.
        num_numbers: states of one number.
        num_scalar_registers: the first holds the schedule value, the next ones the states of one
            number, then constants.
        num_instructions: places for instructions, in each of the two lists.
    """

    num_vector_registers: int
    num_trees: int
    num_per_array: int
    num_numbers: int
    num_scalar_registers: int
    num_instructions: int


SMALL = MachineShape(
    num_vector_registers=8,
    num_trees=2,
    num_per_array=0,
    num_numbers=4,
    num_scalar_registers=40,
    num_instructions=32,
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
        update: shape (), the register of the update.
        trees: shape (num_trees,), the registers of these new states.
        per_array: shape (num_per_array,), the same.
        numbers: shape (num_numbers,), the same; of a vector, the first number counts.
        vector_registers: shape (num_vector_registers, 0); only its length has a meaning.
    """

    scalar_code: Any
    num_scalar_code: Any
    vector_code: Any
    num_vector_code: Any
    scalar_registers: Any
    update: Any
    trees: Any
    per_array: Any
    numbers: Any
    vector_registers: Any

    @property
    def functions(self) -> set[str]:
        """Return the names of the functions that the code applies."""
        names = list(OPS)
        codes = (self.scalar_code[: self.num_scalar_code], self.vector_code[: self.num_vector_code])
        return {names[number] for code in codes for number in code[:, 0]}

    @property
    def shape(self) -> MachineShape:
        """Return the shape of the program, or of each program in a stack."""
        return MachineShape(
            self.vector_registers.shape[-2],
            self.trees.shape[-1],
            self.per_array.shape[-1],
            self.numbers.shape[-1],
            self.scalar_registers.shape[-1],
            self.vector_code.shape[-2],
        )


def assemble(program: Program) -> Bytecode:
    """Return the bytecode of a valid program, the same for programs of equal fingerprint."""
    return assemble_canonical(canonicalize(program))


def assemble_canonical(canonical: Canonical) -> Bytecode:
    """Return the bytecode of a canonical form, in the smallest shape that holds it."""
    places = place_states(canonical)
    is_vector = _find_vectors(canonical, places)
    num_per_array = _fit(2, len(places.per_array)) if places.per_array else 0
    num_numbers = _fit(SMALL.num_numbers, len(places.numbers))
    register_of = _allocate(canonical, is_vector, places, NUM_INPUTS + num_per_array)
    num_vectors = _fit(SMALL.num_vector_registers, max(register_of.values()) + 1)
    first_scalar = num_vectors + 1 + num_numbers
    register_of[SCHEDULE] = num_vectors
    register_of.update(zip(places.numbers, range(num_vectors + 1, first_scalar), strict=False))
    scalars = [
        value for value in range(canonical.first_constant, len(is_vector)) if not is_vector[value]
    ]
    register_of.update(zip(scalars, itertools.count(first_scalar), strict=False))
    shape = MachineShape(
        num_vectors,
        _fit_trees(len(places.trees), num_vectors - NUM_INPUTS - num_per_array),
        num_per_array,
        num_numbers,
        _fit(SMALL.num_scalar_registers, 1 + num_numbers + len(scalars)),
        _fit(SMALL.num_instructions, len(canonical.instructions)),
    )
    scalar_code: list[tuple[int, ...]] = []
    vector_code: list[tuple[int, ...]] = []
    value, numbers = canonical.first_instruction, op_numbers()
    for op, operands, _, argument_kind in canonical.instructions:
        args = [register_of[k] for k in operands]
        args += _NO_OPERANDS[len(args) :]
        target = register_of[value]
        if target < num_vectors:
            vector_code.append((numbers[op], *args, target, int(argument_kind)))
        else:
            scalar_code.append((numbers[op], *args, target - num_vectors, int(argument_kind)))
        value += 1
    update, *new_states = [register_of[value] for value in canonical.outputs]
    outputs = [update]
    for states, count in zip(places, (shape.num_trees, num_per_array, num_numbers), strict=True):
        outputs += [new_states[state - FIRST_STATE] for state in states]
        # Places without use read the schedule value.
        outputs += [num_vectors] * (count - len(states))
    outputs = np.array(outputs, np.int32)
    first_per_array, first_number = 1 + shape.num_trees, len(outputs) - num_numbers
    scalar_registers = np.zeros(shape.num_scalar_registers, np.float32)
    start = 1 + num_numbers
    scalar_registers[start : start + len(canonical.constants)] = canonical.constants
    return Bytecode(
        _pad(scalar_code, shape),
        np.int32(len(scalar_code)),
        _pad(vector_code, shape),
        np.int32(len(vector_code)),
        scalar_registers,
        outputs[0],
        outputs[1:first_per_array],
        outputs[first_per_array:first_number],
        outputs[first_number:],
        np.zeros((num_vectors, 0), np.float32),
    )


class Places(NamedTuple):
    """The states of a canonical form, as operand numbers, by how the machine stores them."""

    trees: list[int]
    per_array: list[int]
    numbers: list[int]


def place_states(canonical: Canonical) -> Places:
    """Choose how to store each state: as narrowly as possible, if that needs less memory.

    A number per array takes a place for a tree that the smallest shape has anyway.
    """
    places = Places([], [], [])
    # In the order of kinds.
    by_kind = places[::-1]
    for state, kind in enumerate(narrow_canonical_states(canonical), start=FIRST_STATE):
        by_kind[kind].append(state)
    while places.per_array and len(places.trees) < SMALL.num_trees:
        places.trees.append(places.per_array.pop())
    return places


def _fit(length: int, needed: int) -> int:
    """Double a length until it holds the needed number."""
    while length < needed:
        length *= 2
    return length


def _fit_trees(needed: int, num_registers: int) -> int:
    """Return a number of trees: an exact one, or for many as many as the vector file holds.

    A mutation may change the number of live states. Without this, a search from 20 states would
    compile each task some 20 times.
    """
    is_few = needed <= SMALL.num_vector_registers - NUM_INPUTS
    return max(SMALL.num_trees, needed) if is_few else num_registers


def _pad(code: list[tuple[int, ...]], shape: MachineShape) -> np.ndarray:
    padded = np.zeros((shape.num_instructions, MAX_ARITY + 3), np.int32)
    if code:
        padded[: len(code)] = code
    return padded


def _find_vectors(canonical: Canonical, places: Places) -> list[bool]:
    """Return whether each value is a vector, by operand number."""
    is_vector = [True] * canonical.first_constant + [False] * len(canonical.constants)
    for number in (SCHEDULE, *places.numbers):
        is_vector[number] = False
    for instruction in canonical.instructions:
        is_vector.append(any([is_vector[k] for k in instruction.operands]))
    return is_vector


def _allocate(
    canonical: Canonical, is_vector: list[bool], places: Places, first_tree: int
) -> dict[int, int]:
    """Allocate a register to each vector; a register is free again after its last reader."""
    register_of = {WEIGHTS: 0, GRADIENT: 1}
    for first, states in ((NUM_INPUTS, places.per_array), (first_tree, places.trees)):
        register_of.update((state, first + index) for index, state in enumerate(states))
    num_registers = first_tree + len(places.trees)
    num_instructions = len(canonical.instructions)
    last_reader = dict.fromkeys(register_of, -1)
    for index, instruction in enumerate(canonical.instructions):
        for operand in instruction.operands:
            last_reader[operand] = index
    for output in canonical.outputs:
        last_reader[output] = num_instructions
    used = {register for value, register in register_of.items() if last_reader[value] >= 0}
    free = [register for register in range(num_registers) if register not in used]
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
