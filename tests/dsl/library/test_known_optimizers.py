"""Each program of the library against every oracle that it has, step by step.

Oracles take constants by their names in the docstring of the program. A wrong name fails a test.
"""

import functools

import jax
import pytest

from lionhunt.dsl import library
from lionhunt.dsl.edits.constants import replace_constants
from tests.support.dsl.library_programs import QUICK
from tests.support.dsl.oracles.all_oracles import ORACLES
from tests.support.dsl.oracles.runs import (
    as_float32,
    constants_of,
    draw_run,
    in_float64,
    interpret,
)
from tests.support.dsl.values import assert_close

FEW_STEPS = 30

RUN = draw_run()

FOUND = {
    "adabelief_like",
    "adagrad_like",
    "adamw_initial",
    "discovered_lion",
    "raw_lion",
    "regularized",
}
"""Programs of the search of the Lion paper that have no other name."""


WITHIN_REACH = {
    "warmup_steps": 20.0,
    "least_share": 0.75,
    "eta_minus": 0.75,
    "least_step": 0.01,
    "greatest_step": 0.04,
    "epsilon2": 0.2,
    "initial_distance": 1.0,
    # Powers of tiny numbers are above the least float32.
    "exponent": 1.25,
}
"""Values of constants that matter in a short run."""


def another(constant, value):
    """Return another sensible value for a constant."""
    # The warm-up ends within the run, and the limits are reached.
    if constant in WITHIN_REACH:
        return WITHIN_REACH[constant]
    # Larger coefficients make the Newton-Schulz steps diverge.
    if constant in ("a", "b", "c"):
        return value - 0.02 * abs(value)
    # Each place of such an epsilon matters.
    if constant.startswith("epsilon"):
        return value**0.25
    return 2 * value - 1 if 0.5 < value < 1 else 2 * value


def case(name, oracle, *constants):
    """Return parameters of a test; those of a few programs run at every run."""
    marks = [] if name in QUICK else [pytest.mark.slow]
    words = "-".join((name, oracle.name, *constants))
    return pytest.param(name, oracle, *constants, id=words, marks=marks)


def test_every_program_has_an_oracle_except_those_of_the_search():
    assert {name for name, _ in ORACLES} | FOUND == set(library.names())


@pytest.mark.parametrize("name", sorted({name for name, _ in ORACLES}))
def test_oracles_take_every_constant(name):
    taken = {
        constant for other, oracle in ORACLES if other == name for constant in oracle.constants
    }
    assert taken == set(constants_of(name))


@functools.cache
def updates(name):
    """Return the updates of a program."""
    return interpret(library.load(name), RUN)


@functools.cache
def expected_updates(name, oracle):
    """Return the updates with the program's constants, then with one constant changed at a time."""
    constants = {key: constants_of(name)[key] for key in oracle.constants}
    variants = [constants]
    variants += [constants | {key: another(key, value)} for key, value in constants.items()]
    return oracle.updates(in_float64(RUN), list(map(as_float32, variants)))


@pytest.mark.parametrize(("name", "oracle"), [case(*pair) for pair in ORACLES])
def test_program_is_the_known_optimizer(name, oracle):
    actual = oracle.taken(updates(name))
    assert_close(actual, expected_updates(name, oracle)[0], rtol=oracle.rtol)


@functools.cache
def updates_with_another(name, constant):
    """Return the first updates of a program with one constant changed."""
    value = constants_of(name)[constant]
    program = replace_constants(library.load(name), {value: another(constant, value)})
    return interpret(program, RUN, FEW_STEPS)


@pytest.mark.parametrize(
    ("name", "oracle", "constant"),
    [case(name, oracle, constant) for name, oracle in ORACLES for constant in oracle.constants],
)
def test_constant_has_the_meaning_of_its_name(name, oracle, constant):
    all_updates = expected_updates(name, oracle)
    before, expected = (
        jax.tree.map(lambda leaf: leaf[:FEW_STEPS], all_updates[i])
        for i in (0, oracle.constants.index(constant) + 1)
    )
    actual = oracle.taken(updates_with_another(name, constant))
    assert_close(actual, expected, rtol=oracle.rtol)
    # The constant matters: without the change, the updates differ.
    with pytest.raises(AssertionError, match="Mismatched elements"):
        assert_close(before, expected, rtol=100 * oracle.rtol)
