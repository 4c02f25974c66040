"""The work of one step of a program, and all that it costs, without running it."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lionhunt.dsl.analysis.canonical import FIRST_STATE, SCHEDULE, Canonical
from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.analysis.state_kinds import narrow_canonical_states, narrow_states
from lionhunt.dsl.interpreter import run
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op import Op
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.program import Program

SIDE = 64
"""Shorter side of the matrices by which products are measured: multiply-adds per parameter."""


class Work(NamedTuple):
    """Functions that a step applies to every parameter; work on single numbers does not count.

    Attributes:
        functions: functions but products of matrices; one may take a multiplication or more.
        products: products of matrices. One takes min(rows, columns) multiply-adds per parameter.
    """

    functions: int
    products: int

    def __str__(self) -> str:
        """Return the work in words."""
        words = f"{self.functions} function{'s' * (self.functions != 1)} of every parameter"
        if not self.products:
            return words
        return f"{words}, and {self.products} product{'s' * (self.products > 1)} of matrices"

    def multiply_adds(self, shapes: Iterable[Sequence[int]]) -> float:
        """Return the multiply-adds per parameter; each function counts as one.

        Args:
            shapes: the shapes of the arrays of the weights.
        """
        total = num_parameters = 0
        for shape in shapes:
            # A vector is one column.
            side = min(shape[-2:]) if len(shape) > 1 else 1
            num_parameters += math.prod(shape)
            total += math.prod(shape) * (self.functions + self.products * side)
        return total / max(num_parameters, 1)


def measure_work(program: Program) -> Work:
    """Return the work of a step of a valid program, its redundant statements left out."""
    program = simplify(program)
    functions = products = 0

    def apply(op: Op, *kinds: Kind) -> Kind:
        nonlocal functions, products
        if Kind.TREE in kinds:
            functions += not op.products
            products += op.products
        return op.infer(*kinds)

    inputs = [Kind.TREE, Kind.TREE, *narrow_states(program), Kind.SCALAR]
    run(program, inputs, apply, lambda constant: Kind.SCALAR)
    return Work(functions, products)


class Cost(NamedTuple):
    """The cost of a canonical form, the same for all programs of a fingerprint.

    Attributes:
        state: numbers that are kept for each parameter between steps. States of one number, or of
            one number for each array, are free.
        length: statements of the canonical form, which has equal ones once.
        work: functions that a step applies to every parameter. A product of matrices counts as
            `SIDE` of them. Work on single numbers is free.
    """

    state: int
    length: int
    work: int


def measure_cost(canonical: Canonical) -> Cost:
    """Return the cost of a canonical form.

    Example:
        >>> from lionhunt.dsl import library
        >>> from lionhunt.dsl.analysis.canonical import canonicalize
        >>> measure_cost(canonicalize(library.load("sgd")))
        Cost(state=0, length=1, work=1)
    """
    states = narrow_canonical_states(canonical)
    # Operand numbers: weights, gradient, schedule value, states, constants, instructions.
    kinds = [Kind.TREE] * SCHEDULE + [Kind.SCALAR] * (FIRST_STATE - SCHEDULE) + list(states)
    kinds += [Kind.SCALAR] * len(canonical.constants)
    work = 0
    for op_name, operands, _, _ in canonical.instructions:
        op = OPS[op_name]
        of_operands = [kinds[k] for k in operands]
        if Kind.TREE in of_operands:
            work += op.products * SIDE or 1
        kinds.append(op.infer(*of_operands))
    return Cost(states.count(Kind.TREE), len(canonical.instructions), work)
