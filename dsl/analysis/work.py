"""The work of one step of a program, without running it."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.analysis.state_kinds import narrow_states
from lionhunt.dsl.interpreter import run
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.ops import Op
from lionhunt.dsl.program import Program


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
