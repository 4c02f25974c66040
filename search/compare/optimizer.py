"""Optimizers as a comparison trains them: a program or a function of optax, at a point of the grid.

Weight decay is decoupled and follows the schedule: in a step, weights lose learning rate x schedule
value x weight decay of themselves. A program that names a constant `weight_decay` has it there; to
others it is added.
"""

import dataclasses
import hashlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from dsl.bytecode import Bytecode, assemble
from dsl.constants import constants_of, replace_constants
from dsl.fingerprint import fingerprint
from dsl.liveness import simplify
from dsl.program import Const, Program, Statement, Var
from search.compare.result import Point
from search.config_file import ConfigError
from search.source import SourceError, find_program
from search.tuning import Tuning, apply_tuning

OPTAX = "optax."
"""What words of optax begin with: `optax.adamw`, `optax.contrib.ademamix`."""
PEAK, DECAY = "peak_learning_rate", "weight_decay"
"""Names of constants that mean what is tuned."""

Constant = float | Literal["num_steps"]
"""The value of a constant; `num_steps` is the length of the training."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class OptaxRule:
    """An optimizer of optax at a point; a pytree, so that one compilation serves all points.

    Attributes:
        learning_rate, weight_decay: the point.
        name: within optax.
        constants: further arguments.
    """

    learning_rate: Any
    weight_decay: Any
    name: str = dataclasses.field(metadata={"static": True})
    constants: tuple[tuple[str, float], ...] = dataclasses.field(metadata={"static": True})

    def as_optimizer(self, schedule: optax.Schedule) -> optax.GradientTransformation:
        """The optimizer, its learning rate following a schedule with peak 1."""

        def rate(step_count):
            return self.learning_rate * schedule(step_count)

        make = _find_in_optax(self.name)
        arguments: dict[str, Any] = dict(self.constants)
        if DECAY in inspect.signature(make).parameters:
            return make(rate, **arguments, weight_decay=self.weight_decay)
        return optax.chain(make(rate, **arguments), _decay(rate, self.weight_decay))


def to_number(value: Constant, num_steps: int) -> float:
    """The value of a constant in a training of so many steps."""
    return value if isinstance(value, float) else float(num_steps)


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
    start: Point
    constants: Mapping[str, Constant]
    constants_by_kind: Mapping[str, Mapping[str, Constant]]

    @property
    def functions(self) -> set[str]:
        """Those that its programs may have."""
        statements = self.program.statements if self.program else ()
        return {statement.op for statement in statements} | {"multiply", "add"}

    def at(self, point: Point, kind: str, num_steps: int) -> Recipe:
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

    def program_at(self, point: Point, kind: str, num_steps: int) -> Program:
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
    start: Point,
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


def _decay(rate: optax.Schedule, weight_decay: Any) -> optax.GradientTransformation:
    """Decoupled weight decay as an optimizer that follows another one."""

    def init(params):
        return jnp.zeros((), jnp.int32)

    def update(updates, state, params=None):
        share = rate(state) * weight_decay
        return jax.tree.map(lambda u, w: u - share * w, updates, params), state + 1

    return optax.GradientTransformation(init, update)


def _find_in_optax(name: str) -> Callable[..., optax.GradientTransformation]:
    """Raises `AttributeError` if there is none."""
    found: Any = optax
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _check_optax(name: str, named: set[str], choices: Sequence[Mapping[str, Constant]]) -> None:
    """Tries an optimizer of optax on a small matrix.

    Args:
        name: within optax.
        named: all constants that are given.
        choices: what they are on one kind of task or another.

    Raises:
        ConfigError: it does not work, or its weight decay is another one than ours.
    """
    try:
        known = inspect.signature(_find_in_optax(name)).parameters
    except (AttributeError, TypeError, ValueError):
        raise ConfigError(f"optimizers: optax has no optimizer '{name}'") from None
    for constant in sorted(named - set(known)):
        raise ConfigError(f"optimizers: {OPTAX}{name} has no argument '{constant}'")
    for tuned in sorted(named & {"learning_rate", DECAY}):
        raise ConfigError(f"optimizers: {tuned} of {OPTAX}{name} is tuned; give where it starts")
    for constants in choices:
        values = tuple((key, to_number(value, 100)) for key, value in constants.items())
        try:
            decay = _decay_of(name, values)
        except Exception as error:  # of code that is not ours, anything
            reason = str(error).strip().splitlines() or [type(error).__name__]
            raise ConfigError(
                f"optimizers: {OPTAX}{name} does not take a learning rate and a gradient alone "
                f"({reason[0]})"
            ) from None
        if not np.allclose(decay, 1, atol=0.01):
            raise ConfigError(
                f"optimizers: the weight decay of {OPTAX}{name} is not decoupled: a step does not "
                "take learning rate x weight decay off the weights; choose another"
            )


def _decay_of(name: str, constants: tuple[tuple[str, float], ...]) -> np.ndarray:
    """What the first step takes off the weights for their decay, over what it should take off."""
    weights = jnp.array([[1.0, -2.0], [-3.0, 4.0]])
    gradient = jnp.array([[0.5, 0.1], [-0.2, -0.3]])
    rate, decay = 2.0**-6, 0.25

    @jax.jit
    def update(weight_decay):
        rule = OptaxRule(jnp.float32(rate), weight_decay, name, constants)
        optimizer = rule.as_optimizer(lambda step_count: 1.0)
        return optimizer.update(gradient, optimizer.init(weights), weights)[0]

    difference = update(jnp.float32(0)) - update(jnp.float32(decay))
    return np.asarray(difference / (rate * decay * weights))
