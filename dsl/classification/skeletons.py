"""Skeletons: trees of programs up to constants, in which only the signs of numbers remain.

A skeleton is built from the polynomial normal form. The form makes rewritten programs equal in a
millisecond, so no search for rewrites is needed. A skeleton ignores these details:

- the size of numbers, and so the scale of states, of the update and of its parts;
- the names and the signs of states, and copies of equal states;
- the first steps of a state that holds one number after them;
- numbers that are added to guard a division.

It keeps these details:

- a state decays, grows or sums up;
- the update reads a new or an old momentum. Lion reads another average than it keeps; Signum reads
  the one that it keeps.
"""

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction

from lionhunt.dsl.analysis.constant_states import settle_states
from lionhunt.dsl.analysis.equal_states import partition_states
from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.classification.form_division import TOLERANCE, distinctive_atoms, divide
from lionhunt.dsl.classification.tree import (
    GRADIENT,
    GROWS,
    LEFT_OUT,
    NEGATIVE,
    NEXT,
    NUMBER_NODE,
    PRODUCT,
    SCHEDULE,
    SUMS,
    SUMS_UP,
    WEIGHTS,
    Node,
    arrange,
    build,
)
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.program import Program
from lionhunt.dsl.rewriting.polynomials.monomials import (
    SUM,
    Atom,
    Factor,
    Form,
    Monomial,
    as_number,
    make_atom,
)
from lionhunt.dsl.rewriting.polynomials.monomials import multiply as multiply_forms
from lionhunt.dsl.rewriting.polynomials.normal_form import normal_forms
from lionhunt.dsl.rewriting.terms import (
    INPUT,
    NUMBER,
    OUTPUTS,
    Term,
    make,
    number,
    substitute,
    to_term,
    variable,
    walk,
)

GUARD = Fraction(1, 10**6)
"""Largest added number that counts as the guard of a division."""
MAX_NODES = 2_000
"""Limit on the different nodes of a tree; further parts are left out."""
MAX_DEPTH = 100
"""Limit on the depth of a tree; deeper parts are left out."""


def make_skeleton(program: Program) -> Node:
    """Build the skeleton of a valid program: its update, then the new value of each live state."""
    update, news = _trees(*standard_form(program))
    return arrange(update, news)


def make_state_skeletons(program: Program) -> tuple[Node, ...]:
    """Build the tree of each state's new value; the states are s0, s1, ... in program order."""
    states = [f"s{i}" for i in range(len(program.states))]
    _, news = _trees(_positive(_without_guards(_standard(program)), states), states)
    return tuple(news.values())


def standard_form(program: Program) -> tuple[Term, list[str]]:
    """Return the outputs of a valid program as its skeleton sees them, and the names of its states.

    Inputs have standard names. Guards and states that hold numbers are gone, and equal states are
    one. The gradient comes into each state with a positive sign.
    """
    # A tiny number may be all that a state grows from, as in Adadelta, so guards go later.
    term, states = _merged(_without_guards(_settled(_standard(simplify(program)))))
    return _positive(term, states), states


def _positive(term: Term, states: list[str]) -> Term:
    forms = _new_forms(term)
    flipped = [state for state, form in zip(states, forms, strict=True) if _is_negative(form)]
    return _flip(term, states, flipped) if flipped else term


def _new_forms(term: Term) -> tuple[Form, ...]:
    """Return the forms of the new states alone; that of the update may take much longer."""
    news = term.args[1:]
    return normal_forms(make(OUTPUTS, *news)) if news else ()


def _trees(term: Term, states: list[str]) -> tuple[Node, dict[str, Node]]:
    """Build the trees of the update and of each state's new value."""
    forms = normal_forms(term)
    builder = _Builder(dict(zip(states, forms[1:], strict=True)))
    news = {state: builder.new_value(state) for state in states}
    return builder.node(forms[0]), news


def list_coefficients(term: Term) -> tuple[tuple[Node, ...], list[float]]:
    """Return the tree of each output, and the logarithms of the absolute numbers in it.

    Outputs of one structure have equal trees and numbers in the same order. The numbers of a
    sum that is a factor are relative to its first one. That one counts as a number of the product.
    """
    builder = _Builder({})
    forms = normal_forms(term)
    numbers: list[float] = []
    for form in forms:
        own, below = builder.coefficients(form)
        numbers += own + below
    return tuple(map(builder.node, forms)), numbers


def _standard(program: Program) -> Term:
    """Return the outputs of a program over inputs with standard names."""
    names = (WEIGHTS, GRADIENT, *(f"s{i}" for i in range(len(program.states))))
    inputs = {
        variable(old, Kind.TREE): variable(new, Kind.TREE)
        for old, new in zip(program.inputs[:-1], names, strict=True)
    }
    inputs[variable(program.schedule, Kind.SCALAR)] = variable(SCHEDULE, Kind.SCALAR)
    return substitute(to_term(program), inputs)


def _settled(root: Term) -> Term:
    """Return the outputs with numbers in place of states that hold a number after some steps."""
    news = {variable(f"s{i}", Kind.TREE): new for i, new in enumerate(root.args[1:])}

    def next_numbers(numbers: Mapping[Term, Fraction]) -> dict[Term, Fraction | None]:
        held = {state: number(value, Kind.TREE) for state, value in numbers.items()}
        return {
            state: as_number(normal_forms(substitute(news[state], held))[0]) for state in numbers
        }

    settled = settle_states(news, next_numbers, Fraction(0))
    return substitute(
        root, {state: number(value, Kind.TREE) for state, (value, _) in settled.items()}
    )


def _merged(root: Term) -> tuple[Term, list[str]]:
    """Return the outputs with one state for each class of equal states, and the states' names.

    All states start as zeros. States whose new values differ are split into classes.
    """
    states = [variable(f"s{i}", Kind.TREE) for i in range(len(root.args) - 1)]

    def merged(classes: dict[Term, int]) -> Term:
        return substitute(root, {state: states[rank] for state, rank in classes.items()})

    classes = partition_states(
        states, lambda classes: dict(zip(states, _new_forms(merged(classes)), strict=True))
    )
    term = merged(classes)
    kept = {
        str(states[rank].label): new
        for rank, new in zip(classes.values(), term.args[1:], strict=True)
    }
    return make(term.op, term.args[0], *kept.values()), list(kept)


def _without_guards(root: Term) -> Term:
    """Return the term with tiny addends replaced by 0."""
    guards = {}
    for term in walk(root):
        if term.op == "add":
            for x, y in (term.args, term.args[::-1]):
                if y.op == NUMBER and abs(Fraction(y.label or 0)) <= GUARD:
                    guards[term] = make("add", x, number(0, y.kind))
    return substitute(root, guards)


def _is_negative(form: Form) -> bool:
    """Return True if the first monomial of a new state that reads no state is negative."""
    inputs = {WEIGHTS, GRADIENT, SCHEDULE}
    own = [c for monomial, c in form if all(f.atom.reads <= inputs for f in monomial)]
    return bool(own) and own[0] < 0


def _flip(term: Term, states: list[str], flipped: list[str]) -> Term:
    """Return the same outputs of a program that keeps some states with opposite sign."""
    variables = {state: variable(state, Kind.TREE) for state in states}
    opposite = {variables[state]: make("negative", variables[state]) for state in flipped}
    update, *news = (substitute(arg, opposite) for arg in term.args)
    news = [
        make("negative", new) if state in flipped else new
        for state, new in zip(states, news, strict=True)
    ]
    return make(term.op, update, *news)


class _Builder:
    """Builder of the trees of one program's forms.

    Args:
        news: form of each state's new value.
    """

    def __init__(self, news: dict[str, Form]):
        self.news = news
        self.num_nodes = 0
        self.depth = 0
        self.atoms: dict[Atom, Node] = {}

    def new_value(self, state: str) -> Node:
        """Build the new value of a state, where `SUMS_UP` or `GROWS` may mark its old value."""
        kept = Node(state)
        parts = []
        for monomial, coefficient in self.fold_next(self.news[state], except_for=state):
            node = self.product(monomial, coefficient)
            if node in (kept, Node(NEGATIVE, (kept,))) and coefficient >= 1 - TOLERANCE:
                node = Node(SUMS_UP if coefficient <= 1 + TOLERANCE else GROWS, (kept,))
            parts.append(node)
        return build(SUMS, parts)

    def node(self, form: Form) -> Node:
        self.num_nodes += 1
        if self.num_nodes > MAX_NODES or self.depth > MAX_DEPTH:
            # Left-out parts are equal only if their constants are equal, too.
            return Node(f"{LEFT_OUT} {make_atom(SUM, (form,), Kind.TREE).key.hex()}")
        if (value := as_number(form)) is not None:
            positive = Node(NUMBER_NODE) if value else Node("0")
            return build(NEGATIVE, [positive]) if value < 0 else positive
        return build(SUMS, [self.product(*pair) for pair in self.fold_next(form)])

    def product(self, monomial: Iterable[Factor], coefficient: Fraction) -> Node:
        factors = [self.factor(f) for f in monomial if f.atom.op != NUMBER]
        node = build(PRODUCT, factors) if factors else Node(NUMBER_NODE)
        return build(NEGATIVE, [node]) if coefficient < 0 else node

    def factor(self, factor: Factor) -> Node:
        atom, exponent, is_signed = factor
        base = self.atom(atom)
        if exponent == 0:
            return build("sign", [base])
        is_plain = atom.is_non_negative or exponent.denominator > 1 and not is_signed
        if not is_plain and is_signed != (exponent.numerator % 2 == 1):
            base = build("abs", [base])
        return base if exponent == 1 else build(f"^{exponent}", [base])

    def atom(self, atom: Atom) -> Node:
        """Build the tree of an atom, each only once: a part may have very many places."""
        if atom not in self.atoms:
            self.atoms[atom] = self._new_atom(atom)
        return self.atoms[atom]

    def _new_atom(self, atom: Atom) -> Node:
        if atom.op == INPUT:
            self.num_nodes += 1
            return Node(str(atom.label))
        self.depth += 1
        args = [self.node(arg) for arg in atom.args]
        self.depth -= 1
        return args[0] if atom.op == SUM else build(atom.op, args)

    def coefficients(self, form: Form) -> tuple[list[float], list[float]]:
        """Return the numbers of a form in the order of its tree, and those below its factors."""
        # Equal trees with different numbers are in the order of the numbers.
        rows = sorted(
            (self.product(monomial, coefficient), *self._of_product(monomial, coefficient))
            for monomial, coefficient in form
        )
        return [own for _, own, _ in rows], [x for *_, below in rows for x in below]

    def _of_product(self, monomial: Monomial, coefficient: Fraction) -> tuple[float, list[float]]:
        """Return the number of a product, and those below its factors."""
        own = math.log(abs(coefficient))
        parts = []
        for factor in monomial:
            atom, exponent, _ = factor
            below: list[float] = []
            if atom.op == NUMBER:
                own += float(exponent) * math.log(abs(Fraction(atom.label or 0)))
                continue
            for arg in atom.args:
                numbers, deeper = self.coefficients(arg)
                if atom.op == SUM:
                    own += float(exponent) * numbers[0]
                    numbers = [x - numbers[0] for x in numbers[1:]]
                below += numbers + deeper
            parts.append((self.factor(factor), below))
        return own, [x for _, below in sorted(parts) for x in below]

    def fold_next(self, form: Form, except_for: str = "") -> Form:
        """Replace each multiple of a state's new value in a form by a multiple of one leaf."""
        for state, new in sorted(self.news.items(), key=lambda item: -len(item[1])):
            if state == except_for or not 1 < len(new) <= len(form):
                continue
            if not distinctive_atoms(new) <= {f.atom for monomial, _ in form for f in monomial}:
                continue
            leaf = _leaf(NEXT + state)
            while (division := divide(form, new)) is not None:
                factor, rest = division
                form = (*rest, *multiply_forms(factor, leaf))
        return form


def _leaf(name: str) -> Form:
    (form,) = normal_forms(variable(name, Kind.TREE))
    return form
