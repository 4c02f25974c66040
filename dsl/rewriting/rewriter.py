"""Rewriting a program into the shortest one that rules find, with a checked step for each rule."""

import dataclasses
import itertools
import math
import time
from collections.abc import Collection, Mapping, Sequence

from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.ops import OPS
from lionhunt.dsl.program import Const, Program
from lionhunt.dsl.rewriting.egraph import EGraph
from lionhunt.dsl.rewriting.extraction import extract
from lionhunt.dsl.rewriting.normal_form import normal_forms
from lionhunt.dsl.rewriting.proof import derive, shorten
from lionhunt.dsl.rewriting.rule import Group, Justification, Rule
from lionhunt.dsl.rewriting.rules import RULES_BY_NAME, RULES
from lionhunt.dsl.rewriting.saturation import select_directions, make_evaluator, saturate
from lionhunt.dsl.rewriting.step_checker import check_step, max_relative_difference, find_change
from lionhunt.dsl.rewriting.step_text import label_terms, describe_change
from lionhunt.dsl.rewriting.terms import (
    Term,
    arranged,
    computed,
    keeps_reduction_sizes,
    make,
    num_statements,
    to_program,
    to_term,
    walk,
)

SHARED = "equal values are computed once"
"""The step that makes one value of what several statements compute in the same words."""

UNNEEDED = "what no update needs is dropped"
"""The step after which a state or a statement has become useless."""

_PHASES = (Group.LEAN, Group.REGROUP), (Group.LEAN, Group.REGROUP, Group.EXPAND)


@dataclasses.dataclass(frozen=True)
class RewriteStep:
    """One step from a program to the next.

    Attributes:
        rule: name of a rule of `RULES`, of a computation with numbers, or `SHARED` or `UNNEEDED`.
        warrant, condition: those of the rule.
        before, after: what changes, as expressions of the language, in which the variables are
            those of the program that was rewritten (name_2 is what name is assigned the second
            time) and t1, t2 ... are long parts that do not change.
        program: the whole program after the step.
        difference: the largest relative difference of the outputs in float32, before and after the
            step, on random inputs; 0 if they are the same, 1 where one alone overflows.
        watched: values on which the guard or the condition of the rule depends, as terms over the
            inputs of the program.
    """

    rule: str
    justification: Justification
    condition: str
    before: str
    after: str
    program: Program
    difference: float
    watched: tuple[Term, ...] = ()


@dataclasses.dataclass(frozen=True)
class Rewriting:
    """What became of a program.

    Attributes:
        program: the shortest one found; if none is shorter, the needed part of what was given.
        steps: from the needed part of what was given to `program`.
        stopped: why no more was tried: "saturated", "nodes" or "seconds".
        num_nodes: size of the largest e-graph.
        is_confirmed: the polynomial normal forms, which know nothing of rules, are equal too. They
            read a division without its guard; what they cannot see they do not confirm.
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
    """Rewrites a valid program with the rules of some warrants into a shorter one.

    What the program does not need is dropped first. The result computes the same update, and the
    same states, up to what the warrants say. A number -0.0 counts as 0.0, which no exact rule
    allows: with these alone, a program that has one stays as it is.

    Args:
        max_nodes: limit on the size of an e-graph.
        max_seconds: limit on the time, about.
    """
    deadline = time.monotonic() + max_seconds
    program = simplify(program)
    if Justification.ALGEBRAIC not in justifications and _has_negative_zero(program):
        return Rewriting(program, (), "saturated", 0)
    search = _Search(justifications, max_nodes, deadline)
    steps: list[RewriteStep] = []
    while True:
        found = search.steps(program)
        if not found:
            return Rewriting(
                program, tuple(steps), search.stopped, search.num_nodes, search.is_confirmed
            )
        steps += found
        program = simplify(found[-1].program)
        if program != found[-1].program:
            steps.append(_bookkeeping(UNNEEDED, found[-1].program, program))


class _Search:
    """The limits of a rewriting, and how near it came to them."""

    def __init__(self, warrants: Collection[Justification], max_nodes: int, deadline: float):
        self.warrants = warrants
        self.rules = [rule for rule in RULES_BY_NAME.values() if rule.justification in warrants]
        self.max_nodes = max_nodes
        self.deadline = deadline
        self.stopped = "saturated"
        self.num_nodes = 0
        self.is_confirmed = True

    def steps(self, program: Program) -> list[RewriteStep]:
        """The steps that make a program shorter, if any do."""
        written = to_term(program)
        steps: list[RewriteStep] = []
        if Justification.EXACT in self.warrants and num_statements(written) < len(
            program.statements
        ):
            shared = to_program(written, program)
            steps.append(_bookkeeping(SHARED, program, shared))
        start = current = arranged(written)
        chain = [start]
        while (shorter := self._shorter(current)) is not None:
            chain += shorter[1:]
            current = chain[-1]
        if len(chain) == 1:
            return steps
        self.is_confirmed &= normal_forms(start) == normal_forms(current)
        chain = shorten(_without_loops(chain), self.rules, self._within(0.5))
        return steps + _told(chain, self.rules, program, written)

    def _shorter(self, start: Term) -> list[Term] | None:
        """Terms, each by one rule from the one before, the last of which is shorter."""
        graph = EGraph(make_evaluator(self.warrants))
        root = graph.add(start)
        graph.kept.update(range(len(graph.terms)))
        graph.rebuild()
        for groups in _PHASES:
            rules = select_directions(RULES, self.warrants, groups)
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
        """The time at which a share of what is left has passed."""
        now = time.monotonic()
        return now + share * max(0.0, self.deadline - now)


def _without_loops(chain: Sequence[Term]) -> list[Term]:
    """The chain without what lies between two visits to the same term."""
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


def _told(
    chain: Sequence[Term], rules: Sequence[Rule], program: Program, written: Term
) -> list[RewriteStep]:
    """The steps between terms, each checked."""
    authored = {arranged(term): term for term in walk(written)}
    authored |= {arranged(term): term for _, term in computed(program)}
    names = label_terms(program)
    steps = []
    for before, after in zip(chain, chain[1:], strict=False):
        found = find_change(before, after, rules)
        assert found is not None, "a step of a proof is no rule"
        rule = found.rule
        change = check_step(before, after, rule, rule.justification)
        old, new = describe_change(change, names)
        whole = to_program(_as_authored(after, authored), program)
        size = max_relative_difference(before, after)
        watched = rule.watched_terms(change.bound)
        steps.append(
            RewriteStep(rule.name, rule.justification, rule.condition, old, new, whole, size, watched)
        )
    return steps


def _as_authored(root: Term, authored: Mapping[Term, Term]) -> Term:
    """The term with arguments in the author's order, and numbers last where there is none."""
    done: dict[Term, Term] = {}
    for term in walk(root):
        args = [done[arg] for arg in term.args]
        if term.op in OPS and OPS[term.op].commutative and not args[0].args:
            args.reverse()
        done[term] = authored.get(term) or (make(term.op, *args) if args else term)
    return done[root]


def _bookkeeping(rule: str, before: Program, after: Program) -> RewriteStep:
    """A step that changes no value."""
    old, new = (f"{len(each.statements)} statements" for each in (before, after))
    return RewriteStep(rule, Justification.EXACT, "", old, new, after, 0.0)


def _has_negative_zero(program: Program) -> bool:
    args = [arg for statement in program.statements for arg in statement.args]
    values = [arg.value for arg in (*args, *program.outputs) if isinstance(arg, Const)]
    return any(value == 0 and math.copysign(1, value) < 0 for value in values)
