"""Parts that the exported files for optax and torch share."""

import abc
from collections.abc import Callable, Collection
from typing import ClassVar

from lionhunt.dsl.export.dataflow import Number, Operand, Value
from lionhunt.dsl.export.docstrings import ExportContext
from lionhunt.dsl.export.identifiers import allot
from lionhunt.dsl.export.python.expressions import expression, literal
from lionhunt.dsl.export.python.line_breaking import INDENT
from lionhunt.dsl.export.python.passes import events, lower, plan
from lionhunt.dsl.export.signs import non_negative
from lionhunt.dsl.kinds import Kind


class PythonFile(abc.ABC):
    """The file of one program, with names up to a length.

    Attributes:
        np: array module, "jnp" or "torch".
        context: the program, its names and its documentation.
        graph: lowered graph of the program.
        stages: passes over the arrays.
        large_states: states with the shapes of the weights.
        signs: values that cannot be negative.
        constants: name at each place of a named constant.
        taken: names with another meaning.
        names: name of each value; a subclass sets it with `name_values`.
    """

    np: ClassVar[str]
    names: dict[Value, str]

    def __init__(self, context: ExportContext, reserved: Collection[str] = ()):
        self.context = context
        self.large_states = [s for s in context.graph.states if s.kind is Kind.TREE]
        self.graph = lower(context.graph.with_numbers(self.replaced()))
        self.stages = plan(self.graph)
        self.signs = non_negative(self.graph)
        self.constants = context.naming.names
        self.taken = {*reserved, *(constant.name for constant in context.naming.constants)}

    def name_values(self, max_length: int, last_read: Value | None = None) -> dict[Value, str]:
        """Name all values; the code may read an input once more at its end."""
        code = events(self.graph, self.stages, last_read)
        return allot(code, self.taken, max_length)

    def replaced(self) -> dict[Number, Value]:
        """Return the constants that this file takes as inputs, one number for each array."""
        return {}

    @abc.abstractmethod
    def lines(self) -> list[str]:
        """Return the lines of the file."""

    @abc.abstractmethod
    def tree(self, value: Value) -> str:
        """Write an array value outside the loop over arrays: all its arrays together."""

    def parameters(self) -> list[str]:
        """Write the constants as parameters with defaults."""
        constants = self.context.naming.constants
        return [f"{constant.name}: float = {constant.text}" for constant in constants]

    def assignment(self, value: Value, text: Callable[[Operand], str], level: int) -> str:
        """Write the assignment of a value; `text` writes its arguments."""
        computed = expression(value, text, self.signs, self.np)
        return f"{INDENT * level}{self.names[value]} = {computed}"

    def text(self, operand: Operand) -> str:
        """Write an operand inside the loop over arrays."""
        if isinstance(operand, Number):
            return self.constants.get(operand) or literal(operand, self.np)
        return self.names[operand]

    def tree_text(self, operand: Operand) -> str:
        """Write an operand outside the loop over arrays."""
        if isinstance(operand, Number) or operand.kind is Kind.SCALAR:
            return self.text(operand)
        return self.tree(operand)
