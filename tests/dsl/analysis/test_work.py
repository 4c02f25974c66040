"""The work of programs against counts by hand."""

import pytest

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.dsl.analysis.canonical import canonicalize
from lionhunt.dsl.analysis.state_size import measure_state
from lionhunt.dsl.analysis.work import SIDE, Cost, Work, measure_cost, measure_work


@pytest.mark.parametrize(
    "lines, work",
    [
        ("u = g * lr", Work(1, 0)),
        # A number takes no work, whatever is done to it.
        ("lr = lr * 2.0; lr = sqrt(lr); u = g * lr", Work(1, 0)),
        ("s = s + 1.0; c = 1 / s; u = g * c", Work(1, 0)),
        # A norm reads every parameter, and its root is one number for each array.
        ("n = norm(g); n = sqrt(n); u = g * n", Work(2, 0)),
        ("x = gram(g, g); u = x * lr", Work(1, 2)),
        ("x = gram(lr, lr); u = g * x", Work(1, 0)),
        # Redundant statements take none.
        ("x = sin(w); u = g * lr", Work(1, 0)),
    ],
)
def test_work_is_that_counted_by_hand(lines, work):
    assert measure_work(dsl.parse(f"def f(w, g, s, lr): {lines}; return u, s")) == work


def test_products_take_as_many_multiply_adds_as_the_shorter_side():
    work = Work(3, 2)
    assert work.multiply_adds([(10,), ()]) == 3 + 2
    assert work.multiply_adds([(4, 100), (100, 4)]) == 3 + 2 * 4
    # Two stacked matrices of 5 x 10 and one of 10 x 10.
    assert work.multiply_adds([(2, 5, 10), (10, 10)]) == 3 + 2 * (5 + 10) / 2
    assert work.multiply_adds([]) == 0


def test_muon_is_dearer_than_adamw_on_matrices():
    adamw, muon = (measure_work(library.load(name)) for name in ("adamw", "muon"))
    assert (adamw.products, muon.products) == (0, 20)
    shapes = [(1024, 4096), (4096,)]
    ratio = muon.multiply_adds(shapes) / adamw.multiply_adds(shapes)
    assert ratio > 1000
    assert str(adamw) == "12 functions of every parameter"
    assert str(muon) == "33 functions of every parameter, and 20 products of matrices"


@pytest.mark.parametrize("name", library.names())
def test_cost_is_what_the_canonical_form_keeps_and_does(name):
    canonical = canonicalize(library.load(name))
    program = canonical.to_program()
    work = measure_work(program)
    assert measure_cost(canonical) == Cost(
        measure_state(program).per_parameter,
        len(program.statements),
        work.functions + SIDE * work.products,
    )


def test_costs_of_known_optimizers():
    costs = {name: measure_cost(canonicalize(library.load(name))) for name in ("adamw", "lion")}
    # docs/config.md and the docstring of ObjectivesConfig name these figures.
    assert costs == {"adamw": (2, 16, 12), "lion": (1, 6, 6)}
