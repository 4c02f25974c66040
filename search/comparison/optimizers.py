"""Optimizers as a comparison trains them: a program or a function of optax, at a point of the grid.

Weight decay is decoupled and follows the schedule: in a step, weights lose learning rate x schedule
value x weight decay of themselves. A program that names a constant `weight_decay` has it there; to
others it is added.
"""

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.edits.constants import constants_of, replace_constants
from lionhunt.dsl.execution.bytecode import Bytecode, assemble
from lionhunt.dsl.program import Const, Program, Statement, Var
from lionhunt.search.comparison.optax_optimizers import (
    DECAY,
    OPTAX,
    PEAK,
    Constant,
    OptaxRule,
    _check_optax,
    to_number,
)
from lionhunt.search.comparison.result import Hyperparameters
from lionhunt.search.errors import ConfigError, SourceError
from lionhunt.search.evolution.hyperparameters import Tuning, apply_tuning
from lionhunt.search.storage.program_ref import find_program


class Recipe(NamedTuple):
    """An optimizer at a point.

    Attributes:
        fingerprint: equal ones train the same.
        rule: what a worker is given.
    """

    fingerprint: str
    rule: Bytecode | OptaxRule


@dataclasses.dataclass(frozen=True)
class ComparedOptimizer:
    """An optimizer of a comparison.

    Attributes:
        name: tells it from the others.
        word: a program or an optimizer of optax, as given.
        program: None of optax.
        roles: of a program, its constants by name.
        start: where its grid begins.
        constants: values of named constants on all tasks.
        constants_by_kind: the same on tasks of a kind.
    """

    name: str
    word: str
    program: Program | None
    roles: Mapping[str, float]
    start: Hyperparameters
    constants: Mapping[str, Constant]
    constants_by_kind: Mapping[str, Mapping[str, Constant]]

    @property
    def functions(self) -> set[str]:
        """Those that its programs may have."""
        statements = self.program.statements if self.program else ()
        return {statement.op for statement in statements} | {"multiply", "add"}

    def at(self, point: Hyperparameters, kind: str, num_steps: int) -> Recipe:
        """What trains.

        Args:
            point: of the grid.
            kind: of the task.
            num_steps: of the training.
        """
        constants = self._constants(kind, num_steps)
        if self.program is None:
            rule = OptaxRule(*point, self.word.removeprefix(OPTAX), tuple(constants.items()))
            return Recipe(hashlib.sha256(repr(rule).encode()).hexdigest()[:32], rule)
        program = self.program_at(point, kind, num_steps)
        return Recipe(fingerprint(program), assemble(program))

    def _constants(self, kind: str, num_steps: int) -> dict[str, float]:
        given: dict[str, Constant] = {**self.constants, **self.constants_by_kind.get(kind, {})}
        return {name: to_number(value, num_steps) for name, value in given.items()}

    def program_at(self, point: Hyperparameters, kind: str, num_steps: int) -> Program:
        """The program that trains, of an optimizer that is not of optax; see `at`."""
        assert self.program is not None
        constants = self._constants(kind, num_steps)
        tuned = {PEAK: point.learning_rate, DECAY: point.weight_decay}
        wanted: dict[str, float] = {**constants, **tuned}
        program = replace_constants(
            self.program, {old: wanted.get(name, old) for name, old in self.roles.items()}
        )
        rate = 1.0 if PEAK in self.roles else point.learning_rate
        if not self.roles:  # nothing is known of what `lr` means to it
            program = apply_tuning(program, Tuning(rate, constants_of(program)))
        elif PEAK not in self.roles:
            lr = program.inputs[-1]
            first = Statement(lr, "multiply", (Var(lr), Const(rate)))
            program = dataclasses.replace(program, statements=(first, *program.statements))
        return program if DECAY in self.roles else add_decay(program, *point)


def find_optimizer(
    name: str,
    word: str,
    start: Hyperparameters,
    constants: Mapping[str, Constant],
    constants_by_kind: Mapping[str, Mapping[str, Constant]],
) -> ComparedOptimizer:
    """The optimizer that a word names.

    Raises:
        ConfigError: it names none, or one without a constant of those names.
        RecordError: it names a run that cannot be read.
    """
    named = {*constants, *(key for given in constants_by_kind.values() for key in given)}
    if word.startswith(OPTAX):
        program, roles = None, {}
        given = [constants, *({**constants, **each} for each in constants_by_kind.values())]
        _check_optax(word.removeprefix(OPTAX), named, given)
    else:
        try:
            source = find_program(word)
        except SourceError as error:
            raise ConfigError(f"optimizers: {error}") from None
        program = simplify(source.program)
        roles = {constant.name: constant.value for constant in source.notes.constants}
        for tuned in named & {PEAK, DECAY}:
            raise ConfigError(f"optimizers: {tuned} of {name} is tuned; give where it starts")
        values = list(roles.values())
        for constant in sorted(named.union({PEAK, DECAY}).intersection(roles)):
            if values.count(roles[constant]) > 1:
                raise ConfigError(
                    f"optimizers: {name} has {roles[constant]} under two names, so that "
                    f"'{constant}' cannot be changed by itself; write the program to a file, with "
                    "different numbers"
                )
        for constant in sorted(named - set(roles)):
            there = ", ".join(roles) or "none"
            raise ConfigError(f"optimizers: {name} has no constant '{constant}'; it has {there}")
    return ComparedOptimizer(name, word, program, roles, start, constants, constants_by_kind)


def add_decay(program: Program, learning_rate: float, weight_decay: float) -> Program:
    """The program with decoupled weight decay: its update and `learning_rate` x the schedule value
    x `weight_decay` x the weights."""
    weights, *_, lr = program.inputs
    taken = {*program.inputs, *(statement.target for statement in program.statements)}
    rate, decay, total = (_free(name, taken) for name in ("decay_rate", "decay", "decayed_update"))
    statements = (
        Statement(rate, "multiply", (Var(lr), Const(learning_rate * weight_decay))),
        Statement(decay, "multiply", (Var(weights), Var(rate))),
        *program.statements,
        Statement(total, "add", (program.outputs[0], Var(decay))),
    )
    return Program(program.inputs, statements, (Var(total), *program.outputs[1:]))


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name
