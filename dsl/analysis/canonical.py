"""The canonical form of a program: what it computes, independent of how it is written.

The canonical form is the value numbering of the live part. It has no names, no redundant
statements, and no order of independent statements, of commutative arguments or of states.
Constants are float32. Functions of constants are folded, and exact identities
(`dsl.analysis.identities`) replace values by simpler ones. States that hold equal values at every
step are one state (`dsl.analysis.equal_states`).

The canonical form is what runs: programs with equal forms have equal bytecode.
"""

from collections.abc import Container, Iterable
from itertools import compress
from typing import NamedTuple

from lionhunt.dsl.analysis.equal_states import partition_states
from lionhunt.dsl.analysis.liveness import find_live
from lionhunt.dsl.analysis.value_numbering import Values
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.program import Arg, Const, Program, Statement, Var

WEIGHTS, GRADIENT, SCHEDULE, FIRST_STATE = range(4)
"""Operand numbers of the inputs; states, constants and instructions follow, in this order."""


class Instruction(NamedTuple):
    """One function applied to operands.

    Attributes:
        op: name of the function.
        operands: operand numbers of its arguments.
        kind: the kind of its result.
        argument_kind: the widest kind of its arguments; a reduction sums over it.
    """

    op: str
    operands: tuple[int, ...]
    kind: Kind
    argument_kind: Kind


class Canonical(NamedTuple):
    """The canonical form of a program.

    Attributes:
        num_states: number of live states, which are in the order of a walk from the update.
        constants: float32 values; no two have the same bits.
        instructions: operands come before their users, and every instruction is needed.
        outputs: operand numbers of the update and of every new state.
    """

    num_states: int
    constants: tuple[float, ...]
    instructions: tuple[Instruction, ...]
    outputs: tuple[int, ...]

    @property
    def first_constant(self) -> int:
        return FIRST_STATE + self.num_states

    @property
    def first_instruction(self) -> int:
        return self.first_constant + len(self.constants)

    def to_program(self) -> Program:
        """Return the form as a program, for reading and for the interpreter."""
        states = [f"s{i}" for i in range(self.num_states)]
        values = ["w", "g", "lr", *states]
        args = [Var(name) for name in values] + [Const(x) for x in self.constants]
        args += [Var(f"v{i}") for i in range(len(self.instructions))]
        statements = tuple(
            Statement(f"v{i}", instruction.op, tuple(args[k] for k in instruction.operands))
            for i, instruction in enumerate(self.instructions)
        )
        outputs = tuple(args[k] for k in self.outputs)
        return Program(("w", "g", *states, "lr"), statements, outputs)


def canonicalize(program: Program) -> Canonical:
    """Return the canonical form of a valid program."""
    needed, live_states = find_live(program)
    return canonicalize_live(program, compress(program.statements, needed), live_states)


def canonicalize_live(
    program: Program, needed: Iterable[Statement], live_states: Container[str]
) -> Canonical:
    """Return the canonical form of a valid program, given its live part.

    Args:
        program: the program.
        needed: the live statements, in order.
        live_states: the names of the live states.
    """
    statements = [(statement.target, statement.op, statement.args) for statement in needed]
    new_states = {
        name: output
        for name, output in zip(program.states, program.outputs[1:], strict=True)
        if name in live_states
    }
    # One numbering serves all rounds of the partition, which share most of their values.
    values = Values()
    env: dict[str, int] = {}

    def read(arg: Arg) -> int:
        return env[arg.name] if isinstance(arg, Var) else values.constant(arg.value)

    def next_values(class_of: dict[str, int]) -> dict[str, tuple[int, int]]:
        env.clear()
        env[program.weights], env[program.gradient] = values.weights, values.gradient
        env[program.schedule] = values.schedule
        env.update((name, values.state(number)) for name, number in class_of.items())
        for target, op, args in statements:
            operands = [
                env[arg.name] if isinstance(arg, Var) else values.constant(arg.value)
                for arg in args
            ]
            env[target] = values.apply(op, tuple(operands))
        outputs = {name: read(arg) for name, arg in new_states.items()}
        # Keys put the classes in an order that does not depend on names.
        return {name: (values.keys[output], output) for name, output in outputs.items()}

    class_of = partition_states(new_states, next_values, sort=True)
    outputs = {class_of[name]: read(arg) for name, arg in new_states.items()}
    return _extract(values, read(program.outputs[0]), outputs)


def _extract(values: Values, root: int, new_states: dict[int, int]) -> Canonical:
    """Extract what `root` depends on, across steps, in the order of a walk from it.

    Args:
        values: the value numbering.
        root: the update.
        new_states: the new value of each class of states.
    """
    # Instructions; operands come before their users.
    order: list[int] = []
    states: list[int] = []
    constants: list[int] = []
    visited: set[int] = {values.weights, values.gradient, values.schedule}
    outputs = [root]
    operands_of, is_constant = values.operands, values.constants
    # A visited state appends its new value to the outputs.
    for output in outputs:
        stack = [output]
        while stack:
            value = stack.pop()
            # The complement marks a value whose operands are all in order.
            if value < 0:
                order.append(~value)
            elif value not in visited:
                visited.add(value)
                if value in is_constant:
                    constants.append(value)
                elif value in values.states:
                    states.append(value)
                    outputs.append(new_states[values.states[value]])
                else:
                    stack.append(~value)
                    stack.extend(operands_of[value][::-1])
    numbers = {values.weights: WEIGHTS, values.gradient: GRADIENT, values.schedule: SCHEDULE}
    for value in (*states, *constants, *order):
        numbers[value] = len(numbers)
    ops, kinds = values.ops, values.kinds
    instructions = []
    for value in order:
        operands = operands_of[value]
        argument_kind = max([kinds[k] for k in operands])
        operands = tuple([numbers[k] for k in operands])
        instructions.append(Instruction(ops[value], operands, kinds[value], argument_kind))
    return Canonical(
        len(states),
        tuple([values.constants[value] for value in constants]),
        tuple(instructions),
        tuple([numbers[value] for value in outputs]),
    )
