"""Choice of the values that get an equation of their own; the others are written inline."""

from collections import Counter

from lionhunt.dsl.export.dataflow import Graph, Operand, Value

MAX_DEPTH = 10
"""Most nested functions of an equation; a deeper part gets an equation of its own."""


def equations(graph: Graph) -> dict[Value, tuple[Value, ...]]:
    """Return the values with an equation of their own and the values that each equation reads.

    These are the update, the new states, values read twice, and values nested too deep. If
    possible, a variable is assigned after the last read of its old value. Lion's momentum, for
    example, comes after its update. Otherwise the order is that of the program.
    """
    shown = _shown(graph)
    reads = {value: _leaves(value, shown) for value in graph.values if value in shown}
    # Reads by waiting equations, of each value and of all values of a variable.
    readers = Counter(arg for args in reads.values() for arg in set(args))
    readers_by_name = Counter[str]()
    for arg, count in readers.items():
        readers_by_name[arg.name] += count

    def is_free(value: Value) -> bool:
        """Check that no other waiting equation reads an older value of the same variable."""
        own = sum(arg.name == value.name for arg in set(reads[value]))
        return readers_by_name[value.name] - readers[value] == own

    waiting = dict.fromkeys(reads)
    ordered: dict[Value, tuple[Value, ...]] = {}
    while waiting:
        ready = [value for value in waiting if waiting.keys().isdisjoint(reads[value])]
        chosen = next(filter(is_free, ready), ready[0])
        del waiting[chosen]
        ordered[chosen] = reads[chosen]
        for arg in set(reads[chosen]):
            readers[arg] -= 1
            readers_by_name[arg.name] -= 1
    return ordered


def _shown(graph: Graph) -> set[Value]:
    counts = Counter(graph.operands())
    shown: set[Value] = set()
    depth: dict[Operand, int] = {}
    outputs = set(graph.outputs)
    for value in graph.values:
        depth[value] = 1 + max((depth.get(arg, 0) for arg in value.args), default=0)
        if counts[value] > 1 or value in outputs or depth[value] == MAX_DEPTH:
            shown.add(value)
            depth[value] = 0
    return shown


def _leaves(value: Value, shown: set[Value]) -> tuple[Value, ...]:
    """Return the inputs and shown values that the equation of `value` reads."""
    leaves: list[Value] = []
    for arg in value.args:
        if isinstance(arg, Value):
            leaves += _leaves(arg, shown) if arg.op and arg not in shown else [arg]
    return tuple(leaves)
