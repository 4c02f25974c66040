"""Two tasks of your own: a recurrent network on sequences, and a physics-informed network.

Check them with `lionhunt check examples/own_tasks.py:Recall`, or `:Oscillator`, and search with
`kind = "examples/own_tasks.py:Oscillator"` in a config.
"""

import equinox as eqx
import jax
import jax.numpy as jnp

import lionhunt


@lionhunt.task
class Recall:
    """The first number of a noisy sequence, recalled at its end by a gated recurrent unit."""

    num_steps: int = 300
    batch_size: int = 32
    width: int = 16
    length: int = 12
    """Numbers in a sequence."""

    def build(self) -> lionhunt.Task:
        static = eqx.filter(self._model(jax.random.key(0)), eqx.is_array, inverse=True)

        def draw(key, size):
            x = jax.random.normal(key, (size, self.length))
            return x, x[:, 0]

        def recall(params, x):
            cell, last = eqx.combine(params, static)

            def step(hidden, number):
                return cell(number[None], hidden), None

            hidden, _ = jax.lax.scan(step, jnp.zeros(self.width), x)
            return last(hidden)

        def loss(params, batch):
            x, y = batch
            return jnp.mean((jax.vmap(recall, (None, 0))(params, x) - y) ** 2)

        return lionhunt.Task.from_functions(
            init=lambda key: eqx.filter(self._model(key), eqx.is_array),
            batch=lambda key: draw(key, self.batch_size),
            loss=loss,
            score=lambda params: loss(params, draw(jax.random.key(1), 512)),
            num_steps=self.num_steps,
            metric="squared error",
        )

    def _model(self, key):
        first, second = jax.random.split(key)
        cell = eqx.nn.GRUCell(1, self.width, key=first)
        return cell, eqx.nn.Linear(self.width, "scalar", key=second)


@lionhunt.task
class Oscillator:
    """The equation u'' = -u with u(0) = 0 and u'(0) = 1, whose solution is the sine."""

    num_steps: int = 400
    batch_size: int = 32
    width: int = 16
    end: float = 4.0
    """Time until which the equation holds."""

    def build(self) -> lionhunt.Task:
        static = eqx.filter(self._model(jax.random.key(0)), eqx.is_array, inverse=True)

        def solution(params, time):
            return eqx.combine(params, static)(time)

        first = jax.grad(solution, argnums=1)
        second = jax.grad(first, argnums=1)

        def loss(params, times):
            residual = jax.vmap(lambda t: second(params, t) + solution(params, t))(times)
            zero = jnp.zeros(())
            start = solution(params, zero) ** 2 + (first(params, zero) - 1) ** 2
            return jnp.mean(residual**2) + 10 * start

        def score(params):
            times = jnp.linspace(0, self.end, 100)
            return jnp.mean((jax.vmap(solution, (None, 0))(params, times) - jnp.sin(times)) ** 2)

        return lionhunt.Task.from_functions(
            init=lambda key: eqx.filter(self._model(key), eqx.is_array),
            batch=lambda key: jax.random.uniform(key, (self.batch_size,), maxval=self.end),
            loss=loss,
            score=score,
            num_steps=self.num_steps,
            metric="squared error of the solution",
        )

    def _model(self, key):
        return eqx.nn.MLP("scalar", "scalar", self.width, 2, jnp.tanh, key=key)
