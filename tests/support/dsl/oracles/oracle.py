"""Known optimizers written by others, as oracles for programs of the library.

Oracles take constants by their names in the docstring of the program. They compute in float64.
"""

import abc
import dataclasses
import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

RTOL = 3e-6
"""Tolerance for nearly all programs, whose differences are below 5e-7."""


class Run(NamedTuple):
    """The inputs of a run: the weights and gradients of all steps, stacked, and learning rates.

    The weights of a step do not follow from updates, so that rounding cannot add up.
    """

    weights: Any
    gradients: Any
    rates: np.ndarray


@dataclasses.dataclass(frozen=True)
class Oracle(abc.ABC):
    """A known optimizer.

    Attributes:
        name: the package and the name that it has there, or the way it is computed.
        make: makes the optimizer from one positional argument and constants by name.
        rtol: tolerance, relative to the largest update of an array in the run.
        without: names of arrays that it does not take, or not as the program does.
    """

    name: str
    make: Callable[..., Any]
    rtol: float = RTOL
    without: tuple[str, ...] = ()

    def taken(self, tree: Any) -> Any:
        """Return a tree with the arrays alone that the oracle takes."""
        if not isinstance(tree, dict):
            return tree
        return {key: self.taken(leaf) for key, leaf in tree.items() if key not in self.without}

    @property
    def constants(self) -> tuple[str, ...]:
        """Return the names of the constants that the oracle takes."""
        return tuple(inspect.signature(self.make).parameters)[1:]

    @abc.abstractmethod
    def updates(self, run: Run, variants: Sequence[dict[str, float]]) -> list[Any]:
        """Return the updates of a run, stacked, for each choice of constants."""


@dataclasses.dataclass(frozen=True)
class OptaxOracle(Oracle):
    """A function from a learning rate and constants to an optimizer of optax."""

    def updates(self, run: Run, variants: Sequence[dict[str, float]]) -> list[Any]:
        """Return the updates for all choices, from one compilation."""

        def schedule(step_count):
            return jnp.asarray(run.rates)[step_count]

        def updates_of(constants):
            weights, gradients = self.taken(run.weights), self.taken(run.gradients)
            return train(self.make(schedule, **constants), weights, gradients)

        # Some functions of optax mix types.
        with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
            stacked = {name: np.array([each[name] for each in variants]) for name in variants[0]}
            updates = jax.jit(jax.vmap(updates_of, axis_size=len(variants)))(stacked)
        return [jax.tree.map(lambda leaf, i=i: leaf[i], updates) for i in range(len(variants))]


def train(optimizer, weights, gradients):
    """Return the updates of a run."""

    def step(state, inputs):
        params, gradient = inputs
        updates, state = optimizer.update(gradient, state, params)
        return state, updates

    first = jax.tree.map(lambda leaf: leaf[0], weights)
    return jax.lax.scan(step, optimizer.init(first), (weights, gradients))[1]


@dataclasses.dataclass(frozen=True)
class TorchOracle(Oracle):
    """A function from a list of parameters and constants to an optimizer of torch.

    The optimizer reads its learning rate from its groups.
    """

    def updates(self, run: Run, variants: Sequence[dict[str, float]]) -> list[Any]:
        """Return the updates for each choice, in turn."""
        return [self._updates(run, constants) for constants in variants]

    def _updates(self, run: Run, constants: dict[str, float]) -> Any:
        import torch

        leaves, structure = jax.tree.flatten(self.taken(run.weights))
        weights = [torch.tensor(leaf) for leaf in leaves]
        gradients = [torch.tensor(leaf) for leaf in jax.tree.leaves(self.taken(run.gradients))]
        params = [torch.nn.Parameter(leaf[0].clone()) for leaf in weights]
        groups = [{"params": params, "lr": float(run.rates[0])}]
        optimizer = self.make(groups, **{name: float(v) for name, v in constants.items()})
        updates = [np.empty(leaf.shape) for leaf in gradients]
        for step, rate in enumerate(run.rates):
            for group in optimizer.param_groups:
                group["lr"] = float(rate)
            for param, weight, gradient in zip(params, weights, gradients, strict=True):
                param.data.copy_(weight[step])
                # Some optimizers change the gradient in place.
                param.grad = gradient[step].clone()
            optimizer.step()
            for update, param, weight in zip(updates, params, weights, strict=True):
                update[step] = param.detach() - weight[step]
        return structure.unflatten(updates)


class Step(NamedTuple):
    """The inputs of one step of an array: its weights, its gradient, the learning rate."""

    weights: np.ndarray
    gradient: np.ndarray
    rate: np.float64


@dataclasses.dataclass(frozen=True)
class NumpyOracle(Oracle):
    """A generator of directions from steps and constants; an update is -rate * direction.

    Attributes:
        together: hands over all arrays as one vector, for rules that see the whole tree.
    """

    together: bool = False

    def updates(self, run: Run, variants: Sequence[dict[str, float]]) -> list[Any]:
        """Return the updates for each choice, in turn."""
        return [self._updates(run, constants) for constants in variants]

    def _updates(self, run: Run, constants: dict[str, float]) -> Any:
        weights, structure = jax.tree.flatten(run.weights)
        gradients = jax.tree.leaves(run.gradients)
        if self.together:
            whole = self.directions(as_rows(weights), as_rows(gradients), run.rates, constants)
            splits = np.cumsum([leaf[0].size for leaf in weights])[:-1]
            directions = [
                part.reshape(leaf.shape)
                for part, leaf in zip(np.split(whole, splits, axis=1), weights, strict=True)
            ]
        else:
            directions = [
                self.directions(w, g, run.rates, constants)
                for w, g in zip(weights, gradients, strict=True)
            ]
        return structure.unflatten([-(run.rates * d.T).T for d in directions])

    def directions(self, weights, gradients, rates, constants) -> np.ndarray:
        """Return the directions of one array, stacked."""
        steps = map(Step, weights, gradients, rates)
        return np.stack(list(self.make(steps, **constants)))


def as_rows(arrays) -> np.ndarray:
    """Return the numbers of each step in one row."""
    return np.concatenate([leaf.reshape(len(leaf), -1) for leaf in arrays], axis=1)
