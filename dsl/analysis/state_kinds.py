"""The kinds of states: a state that is one number at every step needs no array.

States start as zeros, so each may be one number until a step makes it more. Abstract execution
finds, for each value, the inputs that would widen it. The kinds of states then widen until nothing
changes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lionhunt.dsl.analysis.canonical import FIRST_STATE, GRADIENT, SCHEDULE, WEIGHTS, Canonical
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op import Op
from lionhunt.dsl.op_table import per_table
from lionhunt.dsl.program import Arg, Program, Var


@per_table
def _rules(ops: Mapping[str, Op]) -> dict[str, tuple[Kind, bool]]:
    """Return the widest kind of each result, and if it reduces.

    A narrower result is as wide as an argument.
    """
    return {op.name: (op.infer(*(Kind.TREE,) * op.arity), op.reduces) for op in ops.values()}


_KINDS = tuple(Kind)
_ALWAYS = 1
"""The bit of weights and gradient; the next bits are those of the states."""


def narrow_states(program: Program, narrowest: Kind = Kind.SCALAR) -> tuple[Kind, ...]:
    """Return the narrowest kind that holds each state at every step.

    A reduction counts the numbers of its argument, which is as wide as the language says. Where
    the states behind an argument would make it narrower, they are arrays.

    Args:
        program: a valid program.
        narrowest: least kind to return.

    Returns:
        One kind for each of `program.states`.
    """
    states = program.states
    numbers = {program.weights: WEIGHTS, program.gradient: GRADIENT, program.schedule: SCHEDULE}
    numbers.update((name, FIRST_STATE + index) for index, name in enumerate(states))
    next_number = FIRST_STATE + len(states)

    def read(arg: Arg) -> int:
        # A constant is a number, as the schedule value is.
        return numbers[arg.name] if isinstance(arg, Var) else SCHEDULE

    instructions = []
    for statement in program.statements:
        instructions.append((statement.op, tuple(map(read, statement.args))))
        numbers[statement.target] = next_number
        next_number += 1
    new_states = [read(output) for output in program.outputs[1:]]
    return _narrow(len(states), 0, instructions, new_states, narrowest)


def narrow_canonical_states(canonical: Canonical) -> tuple[Kind, ...]:
    """Return the narrowest kind that holds each state of a canonical form at every step."""
    num_states, constants, instructions, outputs = canonical
    return _narrow(num_states, len(constants), instructions, outputs[1:], Kind.SCALAR)


def _narrow(
    num_states: int,
    num_constants: int,
    instructions: Iterable[Sequence[Any]],
    new_states: Sequence[int],
    narrowest: Kind,
) -> tuple[Kind, ...]:
    """Return the kind of each state, of a program in the numbers of a canonical form.

    Args:
        num_states, num_constants: of the program.
        instructions: each begins with its function and its operand numbers.
        new_states: the operand number of the new value of each state.
        narrowest: least kind to return.
    """
    bits = [_ALWAYS << 1 + index for index in range(num_states)]
    if not bits:
        return ()
    # For each value, by operand number: the inputs that make it as wide as they are.
    as_wide = [_ALWAYS, _ALWAYS, 0, *bits, *[0] * num_constants]
    # The inputs that make it one number per array at most.
    per_array = [0] * len(as_wide)
    # All inputs behind it.
    sources = as_wide.copy()
    reduced = set()
    rules = _rules()
    for instruction in instructions:
        op, operands = instruction[:2]
        wide = array = source = 0
        for k in operands:
            wide |= as_wide[k]
            array |= per_array[k]
            source |= sources[k]
        widest, reduces = rules[op]
        if reduces:
            reduced.update([(as_wide[k], per_array[k], sources[k]) for k in operands])
        if widest is not Kind.TREE:
            array = array | wide if widest is Kind.PER_ARRAY else 0
            wide = 0
        as_wide.append(wide)
        per_array.append(array)
        sources.append(source)
    outputs = [(bits[i], as_wide[k], per_array[k]) for i, k in enumerate(new_states)]
    # The inputs that are trees, and those that are at least one number per array.
    trees, arrays = _ALWAYS, _ALWAYS
    if narrowest is not Kind.SCALAR:
        arrays |= sum(bits)
    if narrowest is Kind.TREE:
        trees = arrays
    while True:
        before = trees, arrays
        for bit, wide, array in outputs:
            if wide & trees:
                trees |= bit
            if (wide | array) & arrays:
                arrays |= bit
        arrays |= trees
        if before != (trees, arrays):
            continue
        for wide, array, source in reduced:
            # An argument of both is a tree in the language.
            if (wide and not wide & trees) or (not wide and array and not array & arrays):
                trees |= source
        arrays |= trees
        if before == (trees, arrays):
            break
    return tuple([_KINDS[bool(bit & trees) + bool(bit & arrays)] for bit in bits])
