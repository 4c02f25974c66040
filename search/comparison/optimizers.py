"""Compared optimizers: a program, or a function of Optax, at a learning rate and a weight decay.

Weight decay is decoupled and follows the schedule. Each step takes learning rate x schedule value
x weight decay x weights off the weights. In a program with a constant named `weight_decay`, that
constant holds it; any other program gets it added.
"""

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.edits.constants import constants_of, replace_constants
from lionhunt.dsl.edits.statements import free_name
from lionhunt.dsl.execution.bytecode import Bytecode, assemble
from lionhunt.dsl.op_table import PLAIN, OpTable, active_table
from lionhunt.dsl.program import Const, Program, Statement, Var
from lionhunt.search.comparison.optax_optimizers import (
    DECAY,
    OPTAX,
    PEAK,
    Constant,
    OptaxRule,
    check_optax,
    to_number,
)
from lionhunt.search.errors import ConfigError, SourceError, did_you_mean
from lionhunt.search.evolution.hyperparameters import Tuning, apply_tuning
from lionhunt.search.storage.program_ref import find_program
from lionhunt.search.tuning_grid import Hyperparameters


class Recipe(NamedTuple):
    """An optimizer at a point.

    Attributes:
        fingerprint: equal fingerprints train the same.
        rule: input of a worker.
    """

    fingerprint: str
    rule: Bytecode | OptaxRule


@dataclasses.dataclass(frozen=True)
class ComparedOptimizer:
    """An optimizer of a comparison.

    Attributes:
        name: unique in the comparison.
        word: a program or an optimizer of Optax, as the config names it.
        program: None for an optimizer of Optax.
        roles: constants of the program by name.
        start: start of its grid.
        constants: values of named constants on all tasks.
        constants_by_kind: values of named constants on tasks of a kind.
        table: the functions that the words of the program stand for.
    """

    name: str
    word: str
    program: Program | None
    roles: Mapping[str, float]
    start: Hyperparameters
    constants: Mapping[str, Constant]
    constants_by_kind: Mapping[str, Mapping[str, Constant]]
    table: OpTable = PLAIN

    @property
    def functions(self) -> set[str]:
        """Return the functions that its programs may apply."""
        statements = self.program.statements if self.program else ()
        return {statement.op for statement in statements} | {"multiply", "add"}

    def at(self, point: Hyperparameters, kind: str, num_steps: int) -> Recipe:
        """Return the optimizer at a point, as it trains.

        Args:
            point: a point of the grid.
            kind: kind of the task.
            num_steps: length of the training.
        """
        constants = self._constants(kind, num_steps)
        if self.program is None:
            rule = OptaxRule(*point, self.word.removeprefix(OPTAX), tuple(constants.items()))
            return Recipe(hashlib.sha256(repr(rule).encode()).hexdigest()[:32], rule)
        program = self.program_at(point, kind, num_steps)
        return Recipe(fingerprint(program), assemble(program))

    def _constants(self, kind: str, num_steps: int) -> dict[str, float]:
        by_kind = self.constants_by_kind.get(kind, {})
        constants: dict[str, Constant] = {**self.constants, **by_kind}
        return {name: to_number(value, num_steps) for name, value in constants.items()}

    def program_at(self, point: Hyperparameters, kind: str, num_steps: int) -> Program:
        """Return the program at a point; see `at`. An optimizer of Optax has none."""
        assert self.program is not None
        values: dict[str, float] = {
            **self._constants(kind, num_steps),
            PEAK: point.learning_rate,
            DECAY: point.weight_decay,
        }
        program = replace_constants(
            self.program, {old: values.get(name, old) for name, old in self.roles.items()}
        )
        if not self.roles:
            # The meaning of `lr` in such a program is unknown, so the rate multiplies its update.
            program = apply_tuning(program, Tuning(point.learning_rate, constants_of(program)))
        elif PEAK not in self.roles:
            lr = program.inputs[-1]
            first = Statement(lr, "multiply", (Var(lr), Const(point.learning_rate)))
            program = dataclasses.replace(program, statements=(first, *program.statements))
        has_own = DECAY in self.roles or not point.weight_decay
        return program if has_own else add_decay(program, *point)


def find_optimizer(
    name: str,
    word: str,
    start: Hyperparameters,
    constants: Mapping[str, Constant],
    constants_by_kind: Mapping[str, Mapping[str, Constant]],
) -> ComparedOptimizer:
    """Return the optimizer with the given program or function of Optax.

    Args:
        name: unique name in the comparison.
        word: a library name, a file, RUN:INDEX, RUN:best, or `optax.NAME`.
        start: start of its grid.
        constants: values of named constants on all tasks.
        constants_by_kind: values of named constants on tasks of a kind.

    Raises:
        ConfigError: there is no such optimizer, or it has no constant of such a name.
        RecordError: the word names a run that cannot be read.
    """
    named = {*constants, *(key for values in constants_by_kind.values() for key in values)}
    if word.startswith(OPTAX):
        program, roles, table = None, {}, active_table()
        choices = [constants, *({**constants, **values} for values in constants_by_kind.values())]
        check_optax(word.removeprefix(OPTAX), named, choices)
    else:
        try:
            source = find_program(word)
        except SourceError as error:
            raise ConfigError(f"optimizers: {error}") from None
        program, table = simplify(source.program), source.functions
        roles = {constant.name: constant.value for constant in source.notes.constants}
        _check_constants(name, named, roles)
    return ComparedOptimizer(name, word, program, roles, start, constants, constants_by_kind, table)


def _check_constants(name: str, named: set[str], roles: Mapping[str, float]) -> None:
    """Raise `ConfigError` if a constant is tuned, ambiguous or missing in a program."""
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
        existing = ", ".join(roles) or "none"
        near = did_you_mean(constant, roles)
        raise ConfigError(
            f"optimizers: {name} has no constant '{constant}'{near}; it has {existing}"
        )


def add_decay(program: Program, learning_rate: float, weight_decay: float) -> Program:
    """Add decoupled weight decay to the update of a program.

    The update grows by `learning_rate` x the schedule value x `weight_decay` x the weights.
    """
    weights, *_, lr = program.inputs
    rate, decay, total = (
        free_name(name, program) for name in ("decay_rate", "decay", "decayed_update")
    )
    statements = (
        Statement(rate, "multiply", (Var(lr), Const(learning_rate * weight_decay))),
        Statement(decay, "multiply", (Var(weights), Var(rate))),
        *program.statements,
        Statement(total, "add", (program.outputs[0], Var(decay))),
    )
    return Program(program.inputs, statements, (Var(total), *program.outputs[1:]))
