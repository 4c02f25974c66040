"""The step checker accepts the steps that a rule makes, and no others."""

import numpy as np
import pytest

from lionhunt import dsl
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.rewriting import rewriter
from lionhunt.dsl.rewriting.egraph import EGraph
from lionhunt.dsl.rewriting.extraction import extract
from lionhunt.dsl.rewriting.proof import derive
from lionhunt.dsl.rewriting.rule import Group, Justification, Rule, rule
from lionhunt.dsl.rewriting.rules import RULES, RULES_BY_NAME
from lionhunt.dsl.rewriting.saturation import make_evaluator, saturate, select_directions
from lionhunt.dsl.rewriting.step_checker import TOLERANCES, WrongStep, check_step, find_change
from lionhunt.dsl.rewriting.terms import (
    INPUT,
    NUMBER,
    OUTPUTS,
    Term,
    arrange_arguments,
    make_arranged,
    number,
    substitute,
    to_term,
    walk,
)
from tests.support.dsl.disguises import disguise


def steps_of(program, rules=RULES) -> list[tuple[Term, Term]]:
    """Return the programs before and after each step of a derivation."""
    start = arrange_arguments(to_term(dsl.simplify(program)))
    graph = EGraph(make_evaluator(tuple(Justification)))
    root = graph.add(start)
    forward = select_directions(rules, tuple(Justification), (Group.LEAN, Group.REGROUP))
    saturate(graph, forward, max_nodes=1500, deadline=float("inf"))
    chain = derive(graph, start, extract(graph, root), float("inf"))
    return list(zip(chain, chain[1:], strict=False))


@pytest.fixture(scope="module")
def steps() -> list[tuple[Term, Term, Rule]]:
    """Return real steps with their rules."""
    programs = [dsl.library.load(name) for name in ("raw_lion", "discovered_lion", "adamw")]
    programs += [
        disguise(dsl.library.load("lion"), np.random.default_rng(seed), 5) for seed in range(3)
    ]
    triples = []
    for program in programs:
        for before, after in steps_of(program):
            change = find_change(before, after, RULES_BY_NAME.values())
            assert change is not None
            triples.append((before, after, change.rule))
    return triples


def corrupted(root: Term, rng: np.random.Generator) -> Term:
    """Return the program with one number 1 % larger, one other variable, or one more function."""
    parts = [term for term in walk(root) if term.op != OUTPUTS]
    place = parts[rng.integers(len(parts))]
    if place.op == NUMBER:
        new = number(place.label * 101 / 100, place.kind)  # type: ignore[operator]
    elif place.op == INPUT and place.kind is Kind.TREE:
        others = [x for x in parts if x.op == INPUT and x.kind is Kind.TREE and x is not place]
        new = others[rng.integers(len(others))]
    else:
        new = make_arranged(("tanh", "cube", "cos")[rng.integers(3)], place)
    return arrange_arguments(substitute(root, {place: new}))


def test_real_steps_are_accepted(steps):
    assert len(steps) > 20
    for before, after, rule_ in steps:
        assert check_step(before, after, rule_, rule_.justification).rule is rule_


def test_corrupted_steps_are_rejected(steps):
    rng = np.random.default_rng(0)
    num_tried = 0
    while num_tried < 400:
        before, after, rule_ = steps[rng.integers(len(steps))]
        wrong = corrupted(after, rng)
        if wrong is not after and wrong is not before:
            num_tried += 1
            with pytest.raises(WrongStep):
                check_step(before, wrong, rule_, rule_.justification)


def test_steps_with_the_wrong_rule_or_justification_are_rejected(steps):
    rng = np.random.default_rng(1)
    rules = list(RULES_BY_NAME.values())
    for before, after, rule_ in steps:
        for other in Justification:
            if other is not rule_.justification:
                with pytest.raises(WrongStep, match="is .*, not"):
                    check_step(before, after, rule_, other)
        for i in rng.integers(len(rules), size=10):
            # A few steps follow from two rules, such as a rule and its special case.
            if find_change(before, after, [rules[i]]) is None:
                with pytest.raises(WrongStep, match="does not make"):
                    check_step(before, after, rules[i], rules[i].justification)


def test_nothing_changed_is_no_step(steps):
    before, _, rule_ = steps[0]
    with pytest.raises(WrongStep):
        check_step(before, before, rule_, rule_.justification)


@pytest.mark.parametrize("justification", TOLERANCES)
def test_unsound_rule_is_caught_by_the_numbers(justification):
    wrong = rule("sqrt(square(x))", "x", justification)
    before, after = (
        arrange_arguments(to_term(dsl.parse(f"def f(w, g, lr): return {text}")))
        for text in ("sqrt(square(g))", "g")
    )
    with pytest.raises(WrongStep, match="random numbers"):
        check_step(before, after, wrong, justification)


def test_unsound_rule_in_the_table_stops_the_rewriting(monkeypatch):
    wrong = rule("sqrt(square(x))", "x", Justification.ALGEBRAIC)
    monkeypatch.setattr(rewriter, "RULES", (wrong,))
    monkeypatch.setattr(rewriter, "RULES_BY_NAME", {wrong.name: wrong})
    program = dsl.parse("def f(w, g, lr): return sqrt(square(g))")
    with pytest.raises(WrongStep, match="random numbers"):
        rewriter.rewrite(program)
