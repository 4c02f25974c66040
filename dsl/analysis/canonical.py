"""The canonical form of a program: what it computes, and nothing of how it is written.

Value numbering of the live part, from which names, redundant statements, the order of independent
statements, the order of commutative arguments and which name carries which state disappear.
Constants are float32; a function of constants alone is folded; an exact identity (`dsl.analysis.identities`)
replaces a value by a simpler one. States that hold equal values at every step are one state: all
start as zeros, so states are split into classes as far as their updates tell them apart, as in the
minimization of automata, and a class is a state.

The canonical form is what runs: programs with equal forms get equal bytecode.
"""

from collections.abc import Container, Iterable
from itertools import compress
from typing import NamedTuple

from lionhunt.dsl.analysis.liveness import live
from lionhunt.dsl.analysis.value_numbering import Values
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.program import Const, Program, Statement, Var

WEIGHTS, GRADIENT, SCHEDULE, FIRST_STATE = range(4)
"""Operand numbers of the inputs; states, constants and instructions follow, in this order."""


class Instruction(NamedTuple):
    """One function applied to operands, which are numbers of inputs, constants, instructions.

    Attributes:
        op: name of the function.
        operands: its arguments.
        kind: the kind of its result.
        argument_kind: the widest kind of its arguments: what a reduction sums over.
    """

    op: str
    operands: tuple[int, ...]
    kind: Kind
    argument_kind: Kind


class Canonical(NamedTuple):
    """The canonical form.

    Attributes:
        num_states: live states, in the order in which the update reaches them.
        constants: float32 values, each different in its bits.
        instructions: every one needed, operands before their users.
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
        """The same as a program, for reading and for the interpreter."""
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
    """Returns the canonical form of a valid program."""
    needed, live_states = live(program)
    return canonicalize_live(program, compress(program.statements, needed), live_states)


def canonicalize_live(
    program: Program, needed: Iterable[Statement], live_states: Container[str]
) -> Canonical:
    """Returns the canonical form of a valid program of which one knows what matters.

    Args:
        needed: the statements that matter, in order.
        live_states: the names of the states that matter.
    """
    statements = [(statement.target, statement.op, statement.args) for statement in needed]
    next_states = {
        name: output
        for name, output in zip(program.states, program.outputs[1:], strict=True)
        if name in live_states
    }
    classes = dict.fromkeys(next_states, 0)
    values = Values()  # one for all rounds: most values of a round are known from the one before
    while True:
        env = {program.weights: values.weights, program.gradient: values.gradient}
        env[program.schedule] = values.schedule
        env |= {name: values.state(rank) for name, rank in classes.items()}
        for target, op, args in statements:
            operands = [
                env[arg.name] if isinstance(arg, Var) else values.constant(arg.value)
                for arg in args
            ]
            env[target] = values.apply(op, tuple(operands))
        outputs = {
            name: env[arg.name] if isinstance(arg, Var) else values.constant(arg.value)
            for name, arg in next_states.items()
        }
        # A state's class is told by its class so far and by its next value; the value's key puts
        # the classes in an order that no name decides.
        tellers = {
            name: (classes[name], values.keys[outputs[name]], outputs[name]) for name in classes
        }
        ranks = {teller: rank for rank, teller in enumerate(sorted(set(tellers.values())))}
        if len(ranks) == len(set(classes.values())):
            break
        classes = {name: ranks[teller] for name, teller in tellers.items()}
    update = program.outputs[0]
    root = env[update.name] if isinstance(update, Var) else values.constant(update.value)
    return _extract(values, root, {classes[name]: outputs[name] for name in classes})


def _extract(values: Values, root: int, next_states: dict[int, int]) -> Canonical:
    """What `root` depends on, across steps, in the order of a walk from it.

    Args:
        root: the update.
        next_states: the new value of each class of states.
    """
    order: list[int] = []  # instructions, operands before their users
    states: list[int] = []
    constants: list[int] = []
    seen: set[int] = {values.weights, values.gradient, values.schedule}
    outputs = [root]
    operands_of, is_constant = values.operands, values.constants
    for output in outputs:  # grows by the new values of the states that are met
        stack = [output]
        while stack:
            value = stack.pop()
            if value < 0:  # all its operands are in order
                order.append(~value)
            elif value not in seen:
                seen.add(value)
                if value in is_constant:
                    constants.append(value)
                elif value in values.states:
                    states.append(value)
                    outputs.append(next_states[values.states[value]])
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
