"""A program as small integer arrays: what the machine runs.

The machine has two files of registers: *rows*, one number for each parameter, and *scalars*, single
numbers. What is computed from the schedule value and constants alone stays in scalars and runs
first; everything else is a row. Rows are few, since their file is copied every step: they are
allocated by liveness, and files come in a few sizes, each compiled once.
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
OP_NUMBERS = {name: number for number, name in enumerate(OPS)}


@dataclasses.dataclass(frozen=True, order=True)
class MachineShape:
    """Lengths of the files of the machine; programs of one size share one compilation.

    Attributes:
        num_rows: row registers; the first hold weights, gradient and states.
        num_states: state variables.
        num_scalars: scalar registers; the first holds the schedule value, then constants.
        num_instructions: places for instructions, in each of the two lists.
    """

    num_rows: int
    num_states: int
    num_scalars: int
    num_instructions: int


SMALL = MachineShape(num_rows=8, num_states=2, num_scalars=32, num_instructions=32)
"""The size that the programs of a search mostly have, and the least that is used."""


class Bytecode(NamedTuple):
    """A program for the machine; a pytree of int32 and float32 arrays.

    An instruction is (op number, three operands, target, kind of its arguments). Operands are
    registers: rows from 0, scalars from `num_rows`.

    Attributes:
        scalar_code: shape (num_instructions, 6); targets are scalars.
        num_scalar_code: shape (), instructions used.
        row_code: shape (num_instructions, 6); targets are rows.
        num_row_code: shape (), instructions used.
        scalars: shape (num_scalars,), the constants in their places.
        outputs: shape (1 + num_states,), the registers of the update and the new states.
        rows: shape (num_rows, 0); holds nothing, its length is the number of rows.
    """

    scalar_code: Any
    num_scalar_code: Any
    row_code: Any
    num_row_code: Any
    scalars: Any
    outputs: Any
    rows: Any

    @property
    def functions(self) -> set[str]:
        """The names of the functions that it applies."""
        names = list(OPS)
        codes = (self.scalar_code[: self.num_scalar_code], self.row_code[: self.num_row_code])
        return {names[number] for code in codes for number in code[:, 0]}

    @property
    def size(self) -> MachineShape:
        return MachineShape(
            self.rows.shape[0],
            self.outputs.shape[0] - 1,
            self.scalars.shape[0],
            self.row_code.shape[0],
        )


def assemble(program: Program) -> Bytecode:
    """Returns the bytecode of a valid program, the same for programs of equal fingerprint."""
    return assemble_canonical(canonicalize(program))


def assemble_canonical(canonical: Canonical) -> Bytecode:
    """Returns the bytecode of a canonical form, in the least size that holds it."""
    in_rows = _in_rows(canonical)
    first = canonical.first_instruction
    row_of = _allocate(canonical, in_rows)
    scalar_of = {SCHEDULE: 0}
    for value in range(canonical.first_constant, first):
        scalar_of[value] = len(scalar_of)
    for index in range(len(canonical.instructions)):
        if not in_rows[first + index]:
            scalar_of[first + index] = len(scalar_of)
    scalar_code: list[tuple[int, ...]] = []
    row_code: list[tuple[int, ...]] = []
    num_rows = max(row_of.values()) + 1
    longest = max(len(canonical.instructions), 1)
    size = MachineShape(
        _fit(SMALL.num_rows, num_rows),
        max(SMALL.num_states, canonical.num_states),
        _fit(SMALL.num_scalars, len(scalar_of)),
        _fit(SMALL.num_instructions, longest),
    )

    def register(value: int) -> int:
        row = row_of.get(value)
        return size.num_rows + scalar_of[value] if row is None else row

    for index, (op, operands, _, argument_kind) in enumerate(canonical.instructions):
        value = first + index
        args = [register(k) for k in operands] + [0] * (MAX_ARITY - len(operands))
        target = row_of[value] if in_rows[value] else scalar_of[value]
        code = row_code if in_rows[value] else scalar_code
        code.append((OP_NUMBERS[op], *args, target, int(argument_kind)))
    scalars = np.zeros(size.num_scalars, np.float32)
    scalars[1 : 1 + len(canonical.constants)] = canonical.constants
    outputs = np.zeros(1 + size.num_states, np.int32)
    outputs[: len(canonical.outputs)] = [register(value) for value in canonical.outputs]
    return Bytecode(
        _pad(scalar_code, size),
        np.int32(len(scalar_code)),
        _pad(row_code, size),
        np.int32(len(row_code)),
        scalars,
        outputs,
        np.zeros((size.num_rows, 0), np.float32),
    )


def _fit(least: int, needed: int) -> int:
    while least < needed:
        least *= 2
    return least


def _pad(code: list[tuple[int, ...]], size: MachineShape) -> np.ndarray:
    padded = np.zeros((size.num_instructions, MAX_ARITY + 3), np.int32)
    if code:
        padded[: len(code)] = code
    return padded


def _in_rows(canonical: Canonical) -> list[bool]:
    """For each operand number, whether its value is a row."""
    num_constants = len(canonical.constants)
    in_rows = [True] * FIRST_STATE + [True] * canonical.num_states + [False] * num_constants
    in_rows[SCHEDULE] = False
    for instruction in canonical.instructions:
        in_rows.append(any(in_rows[k] for k in instruction.operands))
    return in_rows


def _allocate(canonical: Canonical, in_rows: list[bool]) -> dict[int, int]:
    """Gives every row value a register; a register is free again after its last reader."""
    row_of = {WEIGHTS: 0, GRADIENT: 1}
    for state in range(FIRST_STATE, canonical.first_constant):
        row_of[state] = len(row_of)
    num_instructions = len(canonical.instructions)
    last_reader = dict.fromkeys(row_of, -1)
    for index, instruction in enumerate(canonical.instructions):
        for operand in instruction.operands:
            last_reader[operand] = index
    for output in canonical.outputs:
        last_reader[output] = num_instructions
    free = sorted(row for value, row in row_of.items() if last_reader[value] < 0)
    num_rows = len(row_of)
    for index, instruction in enumerate(canonical.instructions):
        value = canonical.first_instruction + index
        # The result is computed before it is written, so it may replace an operand.
        for operand in dict.fromkeys(instruction.operands):
            if in_rows[operand] and last_reader[operand] == index:
                free.append(row_of[operand])
        if in_rows[value]:
            if not free:
                free.append(num_rows)
                num_rows += 1
            free.sort()
            row_of[value] = free.pop(0)
    return row_of
