"""The order of exported code: scalars of the whole tree first, then one pass over the arrays.

A function of the whole tree needs every array of its argument, so an earlier pass computes them.
Most programs need one pass, a *stage*.
"""

import dataclasses
from collections.abc import Iterable

from lionhunt.dsl.export.dataflow import Graph, Number, Operand, Value
from lionhunt.dsl.export.identifiers import Event
from lionhunt.dsl.kinds import Kind, join
from lionhunt.dsl.op_table import OPS

WHOLE_TREE = {"global_norm", "dot", "cosine_sim"}
"""Functions of a lowered graph from whole trees to a scalar."""

GLOBAL = WHOLE_TREE | {"clip"}
"""Functions of whole trees before lowering."""


_ONE = Number(1.0, 1.0, is_plain=True)


@dataclasses.dataclass(frozen=True)
class Pass:
    """A pass over the arrays, and the scalars before it.

    Attributes:
        scalars: values computed once a step, in order.
        arrays: values computed once for each array, in order.
        inputs: arrays that it reads, inputs of the program or results of an earlier stage.
        outputs: arrays that a later stage or a whole-tree function reads.
    """

    scalars: tuple[Value, ...]
    arrays: tuple[Value, ...]
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]


def lower(graph: Graph) -> Graph:
    """Rewrite functions of whole trees, until their arguments are trees of one shape.

    An argument of dot, cosine_sim or gram that is narrower than the other is expanded by
    `full_like`. For scalars, the global norm is the norm, dot the product, and cosine_sim a
    quotient of these. gram of numbers is a product. clip becomes a global norm, a factor
    (`clip_factor` of norm and limit) and a product. A total of the user becomes a dot of its terms
    and ones.
    """
    new: dict[Value, Operand] = {}
    values: list[Value] = []

    def read(operand: Operand) -> Operand:
        return new.get(operand, operand) if isinstance(operand, Value) else operand

    def add(name: str, op: str, *args: Operand) -> Value:
        infer = join if op in ("clip_factor", "full_like") else OPS[op].infer
        values.append(Value(name, infer(*(arg.kind for arg in args)), op, args))
        return values[-1]

    def array(operand: Operand, like: Operand) -> Operand:
        """Expand a number to an array, for a function of arrays alone."""
        is_number = isinstance(operand, Number)
        return add("number", "full_like", like, operand) if is_number else operand

    def lowered(name: str, op: str, *args: Operand) -> Value:
        is_scalar = all(arg.kind is Kind.SCALAR for arg in args)
        if op == "global_norm" and is_scalar:
            return add(name, "norm", *args)
        if op == "dot" and is_scalar:
            return add(name, "multiply", *args)
        if op == "cosine_sim" and is_scalar:
            args = (array(args[0], args[1]), array(args[1], args[0]))
            norms = [add(f"{name}_norm", "norm", arg) for arg in args]
            product = add(name, "multiply", *args)
            return add(name, "divide", product, add(f"{name}_norms", "multiply", *norms))
        if op == "gram" and OPS[op].infer(*(arg.kind for arg in args)) is not Kind.TREE:
            return add(name, "multiply", add(f"{name}_square", "square", args[0]), args[1])
        if op in ("row_norm", "column_norm") and args[0].kind is not Kind.TREE:
            return add(name, "abs", *args)
        if op in ("dot", "cosine_sim", "gram"):
            x, y = args
            if x.kind < y.kind:
                x = add(f"{name}_left", "full_like", y, x)
            elif y.kind < x.kind:
                y = add(f"{name}_right", "full_like", x, y)
            return add(name, op, x, y)
        if op == "clip":
            x, limit = array(args[0], args[1]), args[1]
            norm = lowered(f"{name}_norm", "global_norm", x)
            factor = add(f"{name}_scale", "clip_factor", norm, limit)
            return add(name, "multiply", x, factor)
        if (own := OPS[op].own) and own.kind == "total":
            kind = max(arg.kind for arg in args)
            values.append(Value(name if is_scalar else f"{name}_terms", kind, op, args))
            terms = values[-1]
            if is_scalar:
                return terms
            return add(name, "dot", terms, add(f"{name}_ones", "full_like", terms, _ONE))
        return add(name, op, *args)

    for value in graph.values:
        new[value] = lowered(value.name, value.op, *map(read, value.args))
    update, *next_states = map(read, graph.outputs)
    return dataclasses.replace(
        graph, values=tuple(values), update=update, next_states=tuple(next_states)
    )


def plan(graph: Graph) -> tuple[Pass, ...]:
    """Assign every value of a lowered graph to a stage, arrays as late as possible.

    The last stage makes the outputs; it exists even if it computes nothing.
    """
    first = _earliest(graph)
    num_stages = 1 + max(first.values(), default=0)
    stage = dict(first)
    # The last stage that may compute each value.
    needed = dict.fromkeys(first, num_stages - 1)
    for value in reversed(graph.values):
        if value.kind is not Kind.SCALAR:
            stage[value] = needed[value]
        before = stage[value] - (value.op in WHOLE_TREE)
        for arg in value.args:
            if arg in needed:
                needed[arg] = min(needed[arg], before)
    return tuple(_stage(graph, stage, number, num_stages - 1) for number in range(num_stages))


def _earliest(graph: Graph) -> dict[Operand, int]:
    """Return the first stage that can compute each value; scalars precede arrays in a stage."""
    first: dict[Operand, int] = {}
    for value in graph.values:
        waits = value.op in WHOLE_TREE
        first[value] = max((first[arg] + waits for arg in value.args if arg in first), default=0)
    return first


def _stage(graph: Graph, stage: dict[Operand, int], number: int, last: int) -> Pass:
    own = [value for value in graph.values if stage[value] == number]
    scalars = tuple(value for value in own if value.kind is Kind.SCALAR)
    arrays = tuple(value for value in own if value.kind is not Kind.SCALAR)
    read = {arg for value in arrays for arg in value.args}
    later = {arg for value in graph.values if stage[value] > number for arg in value.args}
    if number == last:
        read |= set(graph.outputs)
    else:
        later |= set(graph.outputs)
    inputs = tuple(
        value
        for value in (*graph.array_inputs, *graph.values)
        if value in read and value.kind is not Kind.SCALAR and stage.get(value, -1) < number
    )
    return Pass(scalars, arrays, inputs, tuple(value for value in arrays if value in later))


def events(graph: Graph, stages: tuple[Pass, ...], last_read: Value | None) -> list[Event]:
    """Return the definitions and reads of the code; a scalar is read until its last stage ends.

    Args:
        graph: lowered graph.
        stages: plan of the graph.
        last_read: input that the code reads once more at its end, if any.
    """
    inputs = (*graph.array_inputs, graph.schedule)
    code: list[Event] = [(value, ()) for value in inputs if graph.reads(value)]
    extra = () if last_read is None else (last_read,)
    code += [(value, ()) for value in extra if not graph.reads(value)]
    for stage in stages:
        code += [(value, _values(value.args)) for value in (*stage.scalars, *stage.arrays)]
        scalars = {arg for value in stage.arrays for arg in value.args if arg.kind is Kind.SCALAR}
        code.append((None, (*_values(scalars), *stage.outputs)))
    code.append((None, (*_values(graph.outputs), *extra)))
    return code


def _values(operands: Iterable[Operand]) -> tuple[Value, ...]:
    return tuple(operand for operand in operands if isinstance(operand, Value))
