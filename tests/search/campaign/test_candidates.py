"""Candidates of a run for its selection, and the choice among them."""

import pytest

from lionhunt import dsl
from lionhunt.search.campaign.candidates import choose, find_candidates, is_eligible
from lionhunt.search.campaign.config import AimConfig
from tests.support.search.campaigns import RAW, config
from tests.support.search.selections import plant_run

NONE = "def f(w, g, lr):\n  update = g * {0}\n  return update"
ONE = "def f(w, g, m, lr):\n  m = interp(g, m, {0})\n  update = m * lr\n  return update, m"
GRAM = "def f(w, g, m, lr):\n  m = interp(g, m, 0.9)\n  update = gram(m, m)\n  return update, m"
TWO = (
    "def f(w, g, m, v, lr):\n  m = interp(g, m, 0.5)\n  v = interp(m, v, {0})\n"
    "  update = v * lr\n  return update, m, v"
)
DEAD = (
    "def f(w, g, m, lr):\n  update = sign(g)\n  update = update * lr\n  m = interp(g, m, 0.5)\n"
    "  return update, m"
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return a run whose fittest programs have two states."""
    texts = [TWO.format(0.9), TWO.format(0.8), TWO.format(0.7), ONE.format(0.9), GRAM, DEAD]
    texts += [ONE.format(0.8), NONE.format(0.5)]
    programs = [(dsl.parse(text), 0.9 - 0.1 * i) for i, text in enumerate(texts)]
    return plant_run(tmp_path_factory.mktemp("run") / "run", programs)


def found(run, aim=None, num_candidates=4, by_kind=1):
    """Return the fitness of the candidates, in tenths."""
    (stage,) = RAW["select"]["stages"]
    select = RAW["select"] | {"stages": [stage | {"num_candidates": num_candidates}]}
    small = config(select=select, aim={"min_seeds": 1} | (aim or {}), candidates_by_kind=by_kind)
    candidates = find_candidates(run, small)
    assert all(c.name.startswith(f"{run}:") for c in candidates)
    return [round(10 * candidate.fitness) for candidate in candidates]


def test_the_fittest_of_every_number_of_states_come_first(run):
    # A state that no update depends on counts for nothing. Without conditions, all are eligible.
    assert found(run, num_candidates=5) == [9, 4, 6, 8, 7]
    assert found(run, num_candidates=3) == [9, 4, 6]


def test_those_that_the_aim_asks_for_come_first(run):
    assert found(run, {"functions": {"gram": 1}}) == [5, 4, 6, 9]
    assert found(run, {"max_state": 1}) == [6, 4, 9, 8]
    assert found(run, {"max_state": 0}, by_kind=2) == [4, 2, 6, 5]


def test_without_kinds_they_are_the_fittest(run):
    assert found(run, {"max_state": 1}, by_kind=0) == [9, 8, 7, 6]


def test_functions_count_under_both_of_their_names():
    text = "def f(w, g, lr):\n  t = interp(w, g, lr)\n  update = interp(t, g, lr)\n  return update"
    for name in ("interp", "interpolate"):
        assert is_eligible(dsl.parse(text), AimConfig(min_seeds=1, functions={name: 2}))
        assert not is_eligible(dsl.parse(text), AimConfig(min_seeds=1, functions={name: 3}))


def entry(name, text, tuning_fitness, final=0.0):
    tuning = None if tuning_fitness is None else {"fitness": tuning_fitness}
    return {
        "name": name,
        "program": text,
        "is_baseline": name == "adamw",
        "tuning": tuning,
        "final": {"fitness": {"mean": final}},
    }


FIRST = [
    entry("adamw", TWO.format(0.9), 0.9),
    entry("two", TWO.format(0.8), 0.8),
    entry("one", ONE.format(0.9), 0.3, final=0.1),
    entry("lucky", ONE.format(0.8), 0.2, final=0.7),
    entry("failed", NONE.format(0.1), None),
]
LAST = [entry("adamw", TWO.format(0.9), 0.9), entry("two", TWO.format(0.8), 0.1)]


@pytest.mark.parametrize(
    ("stages", "aim", "name"),
    [
        # Scores with the final seeds do not decide.
        ((FIRST,), {"max_state": 1}, "one"),
        ((FIRST,), {}, "two"),
        # The last stage has no program with so few states.
        ((FIRST, LAST), {"max_state": 1}, "one"),
        ((FIRST, LAST), {}, "two"),
        # No candidate has it that trains.
        ((FIRST, LAST), {"max_state": 0}, "two"),
        ((LAST[:1],), {}, None),
    ],
)
def test_the_best_on_the_tuning_seeds_is_chosen(stages, aim, name):
    summary = {"stages": [{"contenders": stage} for stage in stages]}
    chosen = choose(summary, AimConfig(min_seeds=1, **aim))
    assert (chosen and chosen["name"]) == name
