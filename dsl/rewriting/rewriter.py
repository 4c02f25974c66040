"""Rewriting of a program into the shortest one that the rules reach, one checked step a rule."""

import dataclasses
import itertools
import math
import time
from collections.abc import Collection, Mapping, Sequence

from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.program import Const, Program
from lionhunt.dsl.rewriting.egraph import EGraph
from lionhunt.dsl.rewriting.extraction import extract
from lionhunt.dsl.rewriting.polynomials.normal_form import normal_forms
from lionhunt.dsl.rewriting.proof import derive, shorten
from lionhunt.dsl.rewriting.rule import Group, Justification, Rule
from lionhunt.dsl.rewriting.rules import RULES, RULES_BY_NAME
from lionhunt.dsl.rewriting.saturation import make_evaluator, saturate, select_directions
from lionhunt.dsl.rewriting.step_checker import check_step, find_change, max_relative_difference
from lionhunt.dsl.rewriting.step_text import describe_change, label_terms
from lionhunt.dsl.rewriting.terms import (
    Term,
    arrange_arguments,
    assigned_terms,
    keeps_reduction_sizes,
    make,
    num_statements,
    to_program,
    to_term,
    walk,
)

SHARED = "equal values are computed once"
"""Name of the step that merges statements that compute the same expression."""

UNNEEDED = "what no update needs is dropped"
"""Name of the step that drops states and statements that earlier steps made redundant."""

_PHASES = (Group.LEAN, Group.REGROUP), (Group.LEAN, Group.REGROUP, Group.EXPAND)


@dataclasses.dataclass(frozen=True)
class RewriteStep:
    """One step from a program to the next.

    Attributes:
        rule: name in `dsl.rewriting.rules.RULES_BY_NAME`, or `SHARED` or `UNNEEDED`.
        justification: justification of the rule.
        before, after: the changed part as expressions of the language. Variables are those of the
            rewritten program; name_2 is the second value of name. t1, t2 ... stand for long parts
            that do not change.
        program: the whole program after the step.
        condition: condition of the rule, as text; empty for none.
        difference: largest relative difference of the outputs before and after the step, on random
            float32 inputs; 1 where only one of the two overflows.
        watched: terms over the program's inputs on which the rule's guard or condition depends.
    """

    rule: str
    justification: Justification
    before: str
    after: str
    program: Program
    condition: str = ""
    difference: float = 0.0
    watched: tuple[Term, ...] = ()


@dataclasses.dataclass(frozen=True)
class Rewriting:
    """Result of rewriting a program.

    Attributes:
        program: the shortest program found, or the simplified input if none is shorter.
        steps: steps from the simplified input to `program`.
        stopped: reason for stopping: "saturated", "nodes" or "seconds".
        num_nodes: number of e-nodes in the largest e-graph.
        is_confirmed: True if the polynomial normal forms of input and result are equal. These use
            no rules and ignore the guard of a division; they miss some true equalities.
    """

    program: Program
    steps: tuple[RewriteStep, ...]
    stopped: str
    num_nodes: int
    is_confirmed: bool = True


def rewrite(
    program: Program,
    justifications: Collection[Justification] = tuple(Justification),
    *,
    max_nodes: int = 1500,
    max_seconds: float = 10.0,
) -> Rewriting:
    """Rewrite a valid program into a shorter one, by the rules with certain justifications.

    Redundant statements are dropped first. The result computes the same update and states, in the
    sense of the justifications. Terms cannot hold -0.0, so exact rules alone leave a program with
    that constant unchanged.

    Args:
        program: valid program.
        justifications: justifications that a rule may have.
        max_nodes: limit on the e-nodes of an e-graph.
        max_seconds: approximate limit on the time.

    Raises:
        WrongStep: A step does not follow from its rule; this is a bug.

    Example:
        >>> rewrite(dsl.library.load("raw_lion")).program
    """
    deadline = time.monotonic() + max_seconds
    program = simplify(program)
    if Justification.ALGEBRAIC not in justifications and _has_negative_zero(program):
        return Rewriting(program, (), "saturated", 0)
    search = _Search(justifications, max_nodes, deadline)
    steps: list[RewriteStep] = []
    while True:
        new_steps = search.find_steps(program)
        if not new_steps:
            return Rewriting(
                program, tuple(steps), search.stopped, search.num_nodes, search.is_confirmed
            )
        steps += new_steps
        program = simplify(steps[-1].program)
        if program != steps[-1].program:
            steps.append(_bookkeeping_step(UNNEEDED, steps[-1].program, program))


class _Search:
    """Search for shorter programs within limits on nodes and time."""

    def __init__(self, justifications: Collection[Justification], max_nodes: int, deadline: float):
        self.justifications = justifications
        self.rules = [r for r in RULES_BY_NAME.values() if r.justification in justifications]
        self.max_nodes = max_nodes
        self.deadline = deadline
        self.stopped = "saturated"
        self.num_nodes = 0
        self.is_confirmed = True

    def find_steps(self, program: Program) -> list[RewriteStep]:
        """Return steps that make a program shorter; none if the search finds none."""
        written = to_term(program)
        steps: list[RewriteStep] = []
        has_repeats = num_statements(written) < len(program.statements)
        if Justification.EXACT in self.justifications and has_repeats:
            shared = to_program(written, program)
            steps.append(_bookkeeping_step(SHARED, program, shared))
        start = current = arrange_arguments(written)
        chain = [start]
        while (shorter := self._shorten(current)) is not None:
            chain += shorter[1:]
            current = chain[-1]
        if len(chain) == 1:
            return steps
        self.is_confirmed &= normal_forms(start) == normal_forms(current)
        chain = shorten(_without_loops(chain), self.rules, self._within(0.5))
        return steps + _build_steps(chain, self.rules, program, written)

    def _shorten(self, start: Term) -> list[Term] | None:
        """Return a chain of terms, each one rule away from the one before, to a shorter term."""
        graph = EGraph(make_evaluator(self.justifications))
        root = graph.add(start)
        graph.kept.update(range(len(graph.terms)))
        graph.rebuild()
        for groups in _PHASES:
            rules = select_directions(RULES, self.justifications, groups)
            self.stopped = saturate(
                graph, rules, max_nodes=self.max_nodes, deadline=self._within(0.25)
            )
            self.num_nodes = max(self.num_nodes, graph.num_nodes)
            goal = extract(graph, root)
            if num_statements(goal) < num_statements(start):
                chain = derive(graph, start, goal, self._within(0.5))
                chain = list(itertools.takewhile(keeps_reduction_sizes, chain))
                best = min(range(len(chain)), key=lambda i: num_statements(chain[i]))
                if best:
                    return chain[: best + 1]
        return None

    def _within(self, share: float) -> float:
        """Return the time at which a share of the remaining time has passed."""
        now = time.monotonic()
        return now + share * max(0.0, self.deadline - now)


def _without_loops(chain: Sequence[Term]) -> list[Term]:
    """Return the chain without the terms between two visits to the same term."""
    result: list[Term] = []
    places: dict[Term, int] = {}
    for term in chain:
        if term in places:
            for dropped in result[places[term] + 1 :]:
                del places[dropped]
            del result[places[term] + 1 :]
        else:
            places[term] = len(result)
            result.append(term)
    return result


def _build_steps(
    chain: Sequence[Term], rules: Sequence[Rule], program: Program, written: Term
) -> list[RewriteStep]:
    """Return the checked steps between the terms of a chain."""
    authored = {arrange_arguments(term): term for term in walk(written)}
    authored |= {arrange_arguments(term): term for _, term in assigned_terms(program)}
    names = label_terms(program)
    steps = []
    for before, after in zip(chain, chain[1:], strict=False):
        candidate = find_change(before, after, rules)
        assert candidate is not None, "no rule makes a step of a proof"
        rule = candidate.rule
        change = check_step(before, after, rule, rule.justification)
        old, new = describe_change(change, names)
        steps.append(
            RewriteStep(
                rule.name,
                rule.justification,
                old,
                new,
                to_program(_restore_order(after, authored), program),
                rule.condition,
                max_relative_difference(before, after),
                rule.watched_terms(change.bound),
            )
        )
    return steps


def _restore_order(root: Term, authored: Mapping[Term, Term]) -> Term:
    """Return the term with arguments in the author's order; in new functions leaves come last."""
    done: dict[Term, Term] = {}
    for term in walk(root):
        args = [done[arg] for arg in term.args]
        if term.op in OPS and OPS[term.op].commutative and not args[0].args:
            args.reverse()
        done[term] = authored.get(term) or (make(term.op, *args) if args else term)
    return done[root]


def _bookkeeping_step(rule: str, before: Program, after: Program) -> RewriteStep:
    """Return a step that changes no value."""
    old, new = (f"{len(program.statements)} statements" for program in (before, after))
    return RewriteStep(rule, Justification.EXACT, old, new, after)


def _has_negative_zero(program: Program) -> bool:
    args = [arg for statement in program.statements for arg in statement.args]
    values = [arg.value for arg in (*args, *program.outputs) if isinstance(arg, Const)]
    return any(value == 0 and math.copysign(1, value) < 0 for value in values)
