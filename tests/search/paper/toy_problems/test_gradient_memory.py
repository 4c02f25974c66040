"""Responses to one gradient against closed forms."""

import math

import numpy as np
import pytest

from lionhunt.dsl import library
from lionhunt.search.paper.toy_problems.gradient_memory import (
    PROGRAMS,
    measure_responses,
    respond,
    respond_by_age,
)

WARMUP = 50
"""Steps before the gradient, few enough that the correction of first moments still counts."""
AGES = np.arange(201)


def mean_of(decay):
    return (1 - decay) * decay**AGES


def corrected(decay):
    """Return a mean divided by 1 - decay^t; the gradient is that of step WARMUP + 1."""
    return mean_of(decay) / (1 - decay ** (WARMUP + 1 + AGES))


def present():
    return (AGES == 0).astype(float)


CLOSED_FORMS = {
    "momentum": 0.9**AGES,
    "adam": corrected(0.9),
    "qhm": 0.7 * mean_of(0.999) + 0.3 * present(),
    "qhadam": 0.7 * corrected(0.995) + 0.3 * present(),
    "aggmo": (present() + 0.9**AGES + 0.99**AGES) / 3,
    "aggmo_4": (present() + 0.9**AGES + 0.99**AGES + 0.999**AGES) / 4,
}


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_response_is_its_closed_form(name):
    by_age = respond_by_age(PROGRAMS[name], AGES[-1], WARMUP, num_backgrounds=2, seed=0)
    # Backgrounds have no effect. The difference of two updates loses small digits.
    expected = np.stack([CLOSED_FORMS[name]] * 2, 1)
    np.testing.assert_allclose(by_age, expected, rtol=1e-7, atol=1e-13)


@pytest.fixture(scope="module")
def ademamix():
    return respond("ademamix", PROGRAMS["ademamix"], max_age=1000)


def test_response_of_ademamix_after_its_warmup(ademamix):
    ages = np.array(ademamix.ages)
    expected = 0.1 * 0.9**ages + 5 * 1e-4 * 0.9999**ages
    np.testing.assert_allclose(ademamix.responses, expected, rtol=1e-6)
    assert (ages[0], ages[1], ages[-1]) == (0, 1, 1000)


def test_totals_and_shares_of_ademamix(ademamix):
    # Most of 5 comes after the last age.
    assert ademamix.total == pytest.approx((6, 6, 6))
    assert ademamix.half_age is None
    at_100, at_1000, beyond = ademamix.shares_after
    assert at_100 == pytest.approx((5 * 0.9999**101 + 0.9**101) / 6)
    assert at_1000 == pytest.approx(5 * 0.9999**1001 / 6)
    assert math.isnan(beyond)


def test_response_of_momentum_comes_soon():
    response = respond("momentum", PROGRAMS["momentum"], max_age=300, num_warmup_steps=10)
    assert response.total.mean == pytest.approx(10)
    # 1 - 0.9^7 is 0.52, and 1 - 0.9^6 is 0.47.
    assert response.half_age == 6
    assert response.shares_after[0] == pytest.approx(0.9**101)


def test_response_of_lion_is_that_of_a_plain_loop():
    num_backgrounds, warmup, max_age = 16, 30, 40
    by_age = respond_by_age(library.load("lion"), max_age, warmup, num_backgrounds, seed=3)
    rng = np.random.default_rng(3)
    signs = [rng.integers(0, 2, num_backgrounds) * 2.0 - 1 for _ in range(warmup + max_age + 1)]
    for lane in range(num_backgrounds):
        updates = []
        for turned in (1.0, -1.0):
            m, updates_of_one = 0.0, []
            for step, sign in enumerate(signs):
                g = turned if step == warmup else sign[lane]
                updates_of_one.append(np.sign(0.9 * m + (1 - 0.9) * g))
                m = 0.99 * m + (1 - 0.99) * g
            updates.append(updates_of_one[warmup:])
        np.testing.assert_array_equal(by_age[:, lane], np.subtract(*updates) / 2)


def test_nonlinear_responses_have_an_interval():
    response = respond(
        "lion", PROGRAMS["lion"], max_age=20, num_warmup_steps=20, num_backgrounds=32
    )
    assert response.total.low < response.total.mean < response.total.high


def test_all_programs_are_measured(monkeypatch):
    measured = []

    def record(name, program, *, num_backgrounds):
        measured.append((name, num_backgrounds > 1))

    monkeypatch.setattr("lionhunt.search.paper.toy_problems.gradient_memory.respond", record)
    measure_responses()
    assert measured == [(name, name == "lion") for name in PROGRAMS]
