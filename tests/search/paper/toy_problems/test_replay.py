"""The replay in NumPy agrees with the interpreter."""

import jax.numpy as jnp
import numpy as np
import pytest

from lionhunt.dsl import library, parse
from lionhunt.dsl.interpreter import evaluate
from lionhunt.search.paper.toy_problems.replay import Replay


def test_replay_is_the_interpreter(rng):
    program = library.load("lion")
    replay = Replay(program, (5,))
    states = tuple(jnp.zeros(5) for _ in program.states)
    for scale in (1.0, 0.01, 10.0):
        weights, gradient = rng.standard_normal((2, 5)) * [[1], [scale]]
        expected, states = evaluate(
            program, jnp.float32(weights), jnp.float32(gradient), states, 0.1
        )
        update = replay.step(weights, gradient, 0.1)
        np.testing.assert_allclose(update, expected, rtol=1e-5)
    assert list(replay.states) == list(program.states)


def test_redundant_states_are_left_out():
    program = parse("def p(w, g, m, v, lr): m = m + g; v = m * 2.0; return lr * m, m, v")
    assert list(Replay(program, ()).states) == ["m"]


def test_reductions_are_refused():
    with pytest.raises(ValueError, match="clip is not elementwise"):
        Replay(parse("def p(w, g, lr): return clip(g, 1.0)"), (2,))
