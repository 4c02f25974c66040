"""What an evaluation costs: laws of the model, and that measuring measures what it says."""

import dataclasses
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lionhunt.dsl import library
from lionhunt.dsl.execution import machine
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.dsl.ops import OPS
from lionhunt.proxy_tasks import DigitsMLP
from lionhunt.search.dry_run.cost_model import (
    CHEAP,
    PRICES,
    PROBE,
    TaskCost,
    measure_task,
    price,
    row_functions,
    with_probe,
)

COST = TaskCost("planted", 1000, 100, 0.5, 1e-3, 2.0, 4.0)
INITIAL = assemble(library.load("adamw_initial"))


def test_seconds_are_the_formula():
    assert COST.seconds(()) == pytest.approx(0.5 + 100 * 1e-3)
    statement = 2.0 * 1000 * CHEAP * 1e-9
    assert COST.seconds(["add", "add"]) == pytest.approx(0.5 + 100 * (1e-3 + 2 * statement))
    assert COST.seconds(["add"], share=0.1) == pytest.approx(0.5 + 10 * (1e-3 + statement))


def test_more_statements_steps_parameters_or_dearer_functions_cost_more():
    functions = row_functions(INITIAL)
    lengths = [COST.seconds(functions * k) for k in (1, 2, 4)]
    assert lengths == sorted(set(lengths))
    for name in ("num_steps", "num_parameters", "start_seconds", "step_seconds", "dearness"):
        more = dataclasses.replace(COST, **{name: 2 * getattr(COST, name)})
        assert more.seconds(functions) > COST.seconds(functions), name
    dearest = sorted(OPS, key=lambda name: price([name]))
    assert all(price([a]) <= price([b]) for a, b in itertools.pairwise(dearest))
    assert price(["tan"]) > price(["sin"]) > price(["exp"]) > price(["add"])


def test_every_price_is_of_a_function():
    assert PRICES.keys() | set(PROBE) <= OPS.keys()


def test_statements_that_cost_are_those_on_trees():
    assert sorted(row_functions(INITIAL)) == sorted(
        ["interp", "interp", "square", "sqrt", "divide", "multiply", "add", "multiply"]
    )


@pytest.mark.parametrize("name", library.names())
def test_probe_adds_statements_and_keeps_the_rest(name):
    bytecode = assemble(library.load(name))
    probe, added = with_probe(bytecode, OPS)
    assert probe.size == bytecode.size
    assert row_functions(probe) == added + row_functions(bytecode)
    assert len(row_functions(probe)) <= bytecode.size.num_instructions


def test_probe_applies_only_what_candidates_may():
    assert with_probe(INITIAL, {"add", "cos"})[1] == ("add", "add")
    assert with_probe(INITIAL, ())[1] == ()


def test_probe_changes_no_result():
    functions = INITIAL.functions | set(PROBE)
    rows = jnp.linspace(-1, 1, 7)
    states = jnp.full((INITIAL.size.num_states, 7), 0.5)

    @jax.jit
    def run(bytecode):
        one = jnp.float32(1.0)
        return machine.run(bytecode, ((3,), (2, 2)), rows, rows + 2, states, one, functions)

    probe, added = with_probe(INITIAL, functions)
    assert added == PROBE
    jax.tree.map(np.testing.assert_array_equal, run(INITIAL), run(probe))


def test_task_is_measured():
    task = DigitsMLP(num_steps=40, batch_size=8, width=4).build()
    cost = measure_task(task, INITIAL, INITIAL.functions | set(PROBE))
    assert cost.num_parameters == (64 * 4 + 4) + (4 * 4 + 4) + (4 * 10 + 10)
    assert (cost.name, cost.num_steps) == ("digits_mlp", 40)
    assert cost.compile_seconds > cost.seconds(()) >= cost.start_seconds > 0
