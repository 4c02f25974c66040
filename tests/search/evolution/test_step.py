"""The step of programs: found at their end, and left alone by every mutation."""

import random

import numpy as np
import pytest

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.dsl.analysis.properties import LearningRate, find_properties
from lionhunt.dsl.program import Var
from lionhunt.search.errors import ConfigError
from lionhunt.search.evolution.baselines import draw_individual, vary_constant
from lionhunt.search.evolution.mutation import mutate
from lionhunt.search.evolution.mutation_space import MutationSpace
from lionhunt.search.evolution.step import Step, find_step

LR = frozenset({"lr"})


def program(*lines: str, returns: str = "u, m") -> dsl.Program:
    return dsl.parse("\n  ".join(["def f(w, g, m, lr):", *lines, f"return {returns}"]))


@pytest.mark.parametrize(
    ("lines", "num_statements", "unassigned"),
    [
        (["u = sign(g)", "u = u * lr"], 1, LR),
        (["d = sign(g)", "u = lr * d"], 1, LR),
        (["u = g * lr"], 1, LR),
        (["u = sign(g)", "lr = lr * 0.1", "u = u * lr"], 2, LR),
        (["d = w * 0.1", "u = g + d", "u = u * lr"], 3, LR | {"w"}),
        (["u = sign(g)", "d = w * 0.1", "u = d + u", "lr = 0.1 * lr", "u = u * lr"], 4, LR | {"w"}),
        # The weights are scaled by a state, so this is no decay.
        (["d = w * m", "u = g + d", "u = u * lr"], 1, LR),
        (["w = w * 0.1", "u = g + w", "u = u * lr"], 3, LR | {"w"}),
    ],
)
def test_step_is_found(lines, num_statements, unassigned):
    assert find_step(program(*lines)) == Step(num_statements, LR, unassigned)


@pytest.mark.parametrize(
    ("lines", "returns", "fault"),
    [
        ([], "g, m", "does not end with `update = update \\* lr`"),
        (["u = g * lr", "u = u * 2.0"], "u, m", "does not end with"),
        (["u = g / lr"], "u, m", "does not end with"),
        (["u = g * lr"], "m, m", "does not end with"),
        (["v = m * lr", "u = g * lr"], "u, m", "reads lr before its step"),
        (["lr = get_pi()", "u = g * lr"], "u, m", "assigns lr or w before its step"),
        (["w = abs(g)", "d = w * 0.1", "u = g + d", "u = u * lr"], "u, m", "assigns lr or w"),
        (["u = g * lr"], "u, u", "keeps a part of its step as a state"),
        (["u = g * lr"], "u, lr", "keeps a part of its step as a state"),
    ],
)
def test_program_without_a_step_is_refused(lines, returns, fault):
    with pytest.raises(ConfigError, match=f"initial: the program {fault}"):
        find_step(program(*lines, returns=returns))


def lineage(name: str, length: int, seed: int = 0):
    """Yield the programs of a line of mutations, and the step of the first."""
    parent, rng = library.load(name), random.Random(seed)
    step = find_step(parent)
    for _ in range(length):
        parent = mutate(parent, rng, MutationSpace(step=step)).program
        yield parent, step


@pytest.mark.parametrize("name", ["adamw_initial", "lion", "momentum"])
def test_mutations_leave_the_step_alone(name):
    end = library.load(name).statements
    for child, step in lineage(name, 200):
        body = child.statements[: -step.num_statements]
        assert child.statements[-step.num_statements :] == end[-step.num_statements :]
        assert not any(Var(child.schedule) in statement.args for statement in body)
        assert step.unassigned.isdisjoint(statement.target for statement in body)
        assert find_step(child).unread == step.unread


@pytest.mark.parametrize("name", ["adamw_initial", "lion"])
def test_every_program_answers_to_its_learning_rate(name):
    found = [
        find_properties(child).learning_rate
        for line in range(30)
        for child, _ in lineage(name, 4, seed=line)
    ]
    # An update that is not finite, or always zero, is the exception.
    assert found.count(LearningRate.FOLLOWED) > 0.9 * len(found)


def test_other_methods_leave_the_step_alone_too():
    initial = library.load("adamw_initial")
    space = MutationSpace(step=find_step(initial))
    end = initial.statements[-4:]
    rng = random.Random(0)
    for index in range(50):
        varied = vary_constant(initial, rng, space).program
        assert varied.statements[:-4] != initial.statements[:-4]
        drawn = draw_individual(None, None, index, initial=initial, seed=0, space=space)
        assert varied.statements[-4:] == drawn.program.statements[-4:] == end


def test_update_is_the_direction_times_rate_plus_decay():
    """Check the meaning of the whole: another peak or decay changes the update as it should."""
    text = str(library.load("adamw_initial"))
    weights, gradient = np.array([[0.5, -2.0], [3.0, -0.25]], np.float32)

    def update(program_text):
        program = dsl.parse(program_text)
        states = [np.zeros(2, np.float32)] * 2
        return np.asarray(dsl.evaluate(program, weights, gradient, states, 0.5)[0])

    plain = update(text.replace("w * 0.01", "w * 0.0"))
    decayed = update(text.replace("w * 0.01", "w * 0.1"))
    np.testing.assert_allclose(decayed - plain, 0.5 * 0.001 * 0.1 * weights, rtol=1e-3)
    np.testing.assert_allclose(update(text.replace("0.001", "0.004")), 4 * update(text), rtol=1e-6)
