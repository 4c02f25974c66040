"""The update rule as equations: what is read once is written where it is read."""

from collections import Counter

from lionhunt.dsl.export.dataflow import Graph, Operand, Value

MAX_DEPTH = 10
"""How many functions deep an equation may be; what is deeper gets an equation of its own."""


def equations(graph: Graph) -> dict[Value, tuple[Value, ...]]:
    """The values that get an equation of their own, each with what its equation reads, in order.

    These are the update, the new states, what is read twice, and what would be nested too deep. As
    far as it is possible a variable is assigned only when its old value is read no more, as Lion's
    momentum after its update; else the order is the program's.
    """
    shown = _shown(graph)
    reads = {value: _leaves(value, shown) for value in graph.values if value in shown}
    readers = Counter(arg for args in reads.values() for arg in set(args))  # that wait
    of_name = Counter[str]()  # the same, by the name of what is read
    for arg, count in readers.items():
        of_name[arg.name] += count

    def is_free(value: Value) -> bool:
        """Whether no other equation that waits reads an older value of the same variable."""
        own = sum(arg.name == value.name for arg in set(reads[value]))
        return of_name[value.name] - readers[value] == own

    waiting = dict.fromkeys(reads)
    found: dict[Value, tuple[Value, ...]] = {}
    while waiting:
        ready = [value for value in waiting if waiting.keys().isdisjoint(reads[value])]
        chosen = next(filter(is_free, ready), ready[0])
        del waiting[chosen]
        found[chosen] = reads[chosen]
        for arg in set(reads[chosen]):
            readers[arg] -= 1
            of_name[arg.name] -= 1
    return found


def _shown(graph: Graph) -> set[Value]:
    """The values that get an equation of their own."""
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
    found: list[Value] = []
    for arg in value.args:
        if isinstance(arg, Value):
            found += _leaves(arg, shown) if arg.op and arg not in shown else [arg]
    return tuple(found)


def is_inlined(operand: Operand, shown: dict[Value, tuple[Value, ...]]) -> bool:
    """Whether an operand is written where it is read."""
    return isinstance(operand, Value) and bool(operand.op) and operand not in shown
