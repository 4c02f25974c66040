"""Optimizers of Optax at a learning rate and a weight decay, with a check that they can be."""

import dataclasses
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
import optax

from lionhunt.search.errors import ConfigError, did_you_mean, first_line

OPTAX = "optax."
"""Prefix of the name of an optimizer of Optax: `optax.adamw`, `optax.contrib.ademamix`."""
PEAK, DECAY = "peak_learning_rate", "weight_decay"
"""Names of the constants that hold the tuned values."""

Constant = float | Literal["num_steps"]
"""The value of a constant; `num_steps` is the length of the training."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class OptaxRule:
    """An optimizer of Optax at a point; a pytree, so that one compilation serves all points.

    Attributes:
        learning_rate, weight_decay: the point.
        name: its name within Optax.
        constants: further arguments.
    """

    learning_rate: Any
    weight_decay: Any
    name: str = dataclasses.field(metadata={"static": True})
    constants: tuple[tuple[str, float], ...] = dataclasses.field(metadata={"static": True})

    def as_optimizer(self, schedule: optax.Schedule) -> optax.GradientTransformation:
        """Build the optimizer, with a learning rate that follows a schedule of peak 1."""

        def rate(step_count):
            return self.learning_rate * schedule(step_count)

        make = _find_in_optax(self.name)
        arguments: dict[str, Any] = dict(self.constants)
        if DECAY in inspect.signature(make).parameters:
            return make(rate, **arguments, weight_decay=self.weight_decay)
        return optax.chain(make(rate, **arguments), _decay(rate, self.weight_decay))


def to_number(value: Constant, num_steps: int) -> float:
    """Return the value of a constant in a training of `num_steps` steps."""
    return value if isinstance(value, float) else float(num_steps)


def _decay(rate: optax.Schedule, weight_decay: Any) -> optax.GradientTransformation:
    """Build decoupled weight decay as an optimizer that follows another one."""

    def init(params):
        return jnp.zeros((), jnp.int32)

    def update(updates, state, params=None):
        share = rate(state) * weight_decay
        return jax.tree.map(lambda u, w: u - share * w, updates, params), state + 1

    return optax.GradientTransformation(init, update)


def _find_in_optax(name: str) -> Callable[..., optax.GradientTransformation]:
    """Return the optimizer of a dotted name; raise `AttributeError` if there is none."""
    attribute: Any = optax
    for part in name.split("."):
        attribute = getattr(attribute, part)
    return attribute


def check_optax(name: str, named: set[str], choices: Sequence[Mapping[str, Constant]]) -> None:
    """Try an optimizer of Optax on a small matrix.

    Args:
        name: its name within Optax.
        named: all constants that the config sets.
        choices: values of the constants, for each kind of task.

    Raises:
        ConfigError: it does not work, or its weight decay is not decoupled.
    """
    try:
        parameters = inspect.signature(_find_in_optax(name)).parameters
    except (AttributeError, TypeError, ValueError):
        near = did_you_mean(name, [key for key, value in vars(optax).items() if callable(value)])
        raise ConfigError(f"optimizers: optax has no optimizer '{name}'{near}") from None
    for constant in sorted(named - set(parameters)):
        near = did_you_mean(constant, parameters)
        raise ConfigError(f"optimizers: {OPTAX}{name} has no argument '{constant}'{near}")
    for tuned in sorted(named & {"learning_rate", DECAY}):
        raise ConfigError(f"optimizers: {tuned} of {OPTAX}{name} is tuned; give where it starts")
    for constants in choices:
        values = tuple((key, to_number(value, 100)) for key, value in constants.items())
        try:
            decay = _decay_of(name, values)
        # Code of Optax may raise anything.
        except Exception as error:
            raise ConfigError(
                f"optimizers: {OPTAX}{name} does not take a learning rate and a gradient alone "
                f"({first_line(error)}); choose another"
            ) from None
        if not np.allclose(decay, 1, atol=0.01):
            raise ConfigError(
                f"optimizers: the weight decay of {OPTAX}{name} is not decoupled: a step does not "
                "take learning rate x weight decay off the weights; choose another"
            )


def _decay_of(name: str, constants: tuple[tuple[str, float], ...]) -> np.ndarray:
    """Return the decay of the weights in the first step over the decoupled decay; shape=(2, 2)."""
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
