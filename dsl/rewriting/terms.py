"""Terms: expressions over the inputs of a program that share their parts.

Equal terms are one object (hash consing), so comparing and hashing are cheap for any size. A
statement becomes a term; a variable that several statements read becomes a shared part. Numbers are
exact fractions: the shortest decimal that rounds to the constant's float32. So 0.9 + 0.1 is 1.
"""

import dataclasses
import itertools
import weakref
import zlib
from collections.abc import Iterator, Mapping
from fractions import Fraction

from lionhunt.dsl.analysis.value_numbering import mix
from lionhunt.dsl.float32 import number_text
from lionhunt.dsl.interpreter import run
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.program import Arg, Const, Program, Statement, Var

INPUT, NUMBER, OUTPUTS = "input", "number", "outputs"
"""Ops of terms that are no function of the language. `OUTPUTS` joins the outputs of a program."""


@dataclasses.dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Term:
    """An expression. Only `make`, `number` and `variable` build terms, each of them once.

    Attributes:
        op: name of a function, or `INPUT`, `NUMBER`, `OUTPUTS`.
        args: arguments of the function.
        kind: kind of the value. A number is a scalar, or wider where it replaces a wider term.
        label: name of an input or value of a number; None for all other terms.
        key: 64-bit digest, the same on every machine. It orders terms; a collision of two keys
            only leaves their order open.
    """

    op: str
    args: tuple["Term", ...]
    kind: Kind
    label: str | Fraction | None = None
    key: int = 0

    def __str__(self) -> str:
        return to_expression(self)


_TERMS: weakref.WeakValueDictionary[tuple, Term] = weakref.WeakValueDictionary()


def _intern(op: str, args: tuple[Term, ...], kind: Kind, label: str | Fraction | None) -> Term:
    content = (op, args, kind, label)
    term = _TERMS.get(content)
    if term is None:
        key = zlib.crc32(f"{op} {kind.value} {label}".encode())
        for arg in args:
            key = mix(key, arg.key)
        term = _TERMS[content] = Term(op, args, kind, label, key)
    return term


def variable(name: str, kind: Kind) -> Term:
    """Return the term of an input."""
    return _intern(INPUT, (), kind, name)


def number(value: Fraction | int, kind: Kind = Kind.SCALAR) -> Term:
    """Return the term of a number."""
    return _intern(NUMBER, (), kind, Fraction(value))


def make(op: str, *args: Term) -> Term:
    """Return a function applied to terms, or the `OUTPUTS` of a program."""
    kind = Kind.TREE if op == OUTPUTS else OPS[op].infer(*(arg.kind for arg in args))
    return _intern(op, args, kind, None)


def make_arranged(op: str, *args: Term) -> Term:
    """Return `make(op, *args)`, with the arguments of a commutative function ordered by key."""
    if op in OPS and OPS[op].commutative and args[0].key > args[1].key:
        args = (args[1], args[0])
    return make(op, *args)


def arrange_arguments(root: Term) -> Term:
    """Return the term with the arguments of all its commutative functions ordered by key."""
    done: dict[Term, Term] = {}
    for term in walk(root):
        args = [done[arg] for arg in term.args]
        done[term] = make_arranged(term.op, *args) if args else term
    return done[root]


def exact(value: float) -> Fraction:
    """Return the shortest decimal that rounds to the float32 of a constant."""
    return Fraction(number_text(value))


def walk(*roots: Term) -> Iterator[Term]:
    """Yield every part of some terms once, arguments before the functions that take them."""
    visited: set[Term] = set()
    stack: list[tuple[Term, bool]] = [(root, False) for root in reversed(roots)]
    while stack:
        term, is_open = stack.pop()
        if is_open:
            yield term
        elif term not in visited:
            visited.add(term)
            stack.append((term, True))
            stack.extend((arg, False) for arg in reversed(term.args) if arg not in visited)


def num_statements(root: Term) -> int:
    """Count the statements that write a term, one for each distinct function."""
    return sum(term.op in OPS for term in walk(root))


def substitute(root: Term, replacements: Mapping[Term, Term]) -> Term:
    """Return the term with some of its parts replaced."""
    return substitute_parts(root, replacements)[root]


def substitute_parts(root: Term, replacements: Mapping[Term, Term]) -> dict[Term, Term]:
    """Return, for a term and each of its parts, the term after the replacements."""
    done = dict(replacements)
    for term in walk(root):
        if term not in done:
            args = tuple(done[arg] for arg in term.args)
            done[term] = term if args == term.args else make(term.op, *args)
    return done


def keeps_reduction_sizes(root: Term) -> bool:
    """Return True if writing the term as a program changes no size that a reduction counts.

    A number that replaces a tree is written as a single number, so a reduction counts one element.
    """
    written: dict[Term, Kind] = {}
    for term in walk(root):
        if term.op not in OPS:
            written[term] = Kind.SCALAR if term.op == NUMBER else term.kind
            continue
        kinds = [written[arg] for arg in term.args]
        written[term] = OPS[term.op].infer(*kinds)
        if OPS[term.op].reduces and max(kinds) < max(arg.kind for arg in term.args):
            return False
    return True


def to_term(program: Program) -> Term:
    """Return the `OUTPUTS` of a valid program. Redundant statements leave no trace in it."""
    outputs = run(program, _inputs(program), lambda op, *args: make(op.name, *args), _constant)
    return make(OUTPUTS, *outputs)


def assigned_terms(program: Program) -> list[tuple[str, Term]]:
    """Return the target and the term of each statement of a valid program, in order."""
    terms: list[Term] = []

    def apply(op, *args: Term) -> Term:
        terms.append(make(op.name, *args))
        return terms[-1]

    run(program, _inputs(program), apply, _constant)
    targets = (statement.target for statement in program.statements)
    return list(zip(targets, terms, strict=True))


def _inputs(program: Program) -> list[Term]:
    trees = [variable(name, Kind.TREE) for name in program.inputs[:-1]]
    return [*trees, variable(program.schedule, Kind.SCALAR)]


def _constant(value: float) -> Term:
    return number(exact(value))


def to_program(root: Term, like: Program, became: Mapping[Term, Term] | None = None) -> Program:
    """Write outputs as a program that keeps the names and the order of `like` where it can.

    A term that `like` computes keeps its name and place. A new output takes those of the old one.

    Args:
        root: an `OUTPUTS` over the inputs of `like`, one for each of its outputs.
        like: the program before rewriting.
        became: old terms of `like`, each with the new term that takes its name and place.
    """
    parts = list(walk(root))
    outputs = dict(zip(to_term(like).args, root.args, strict=True))
    for part in parts:
        # An old output that is still computed keeps its own name and place.
        outputs.pop(part, None)
    order, names = _places_and_names(like, outputs | dict(became or {}))
    for name, term in zip(("update", *like.states), root.args, strict=True):
        names.setdefault(term, name)
    places: dict[Term, float] = {}
    for term in parts:
        after = max((places[arg] for arg in term.args), default=-1.0)
        places[term] = max(order.get(term, 0.0), after + 0.5)
    statements = sorted((term for term in places if term.op in OPS), key=places.__getitem__)
    last_read = {arg: i for i, term in enumerate(statements) for arg in term.args}
    last_read |= dict.fromkeys(root.args, len(statements))
    written: dict[Term, Arg] = {term: _leaf(term) for term in places if term.op not in OPS}
    holders = {term.label: term for term in places if term.op == INPUT}
    result = []
    for i, term in enumerate(statements):
        args = tuple(written[arg] for arg in term.args)
        target = next(
            name
            for name in _numbered(names.get(term, "t"))
            if name not in holders or last_read.get(holders[name], -1) <= i
        )
        holders[target], written[term] = term, Var(target)
        result.append(Statement(target, term.op, args))
    return Program(like.inputs, tuple(result), tuple(written[term] for term in root.args))


def _places_and_names(
    program: Program, became: Mapping[Term, Term]
) -> tuple[dict[Term, float], dict[Term, str]]:
    """Return the place and the name of each term of a program, or of the term it became."""
    places: dict[Term, float] = {}
    names: dict[Term, str] = {}
    for place, (name, old) in enumerate(assigned_terms(program)):
        term = became.get(old, old)
        places.setdefault(term, place)
        names.setdefault(term, name)
    return places, names


def _leaf(term: Term) -> Arg:
    return Var(str(term.label)) if term.op == INPUT else Const(float(term.label or 0))


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    yield from (f"{stem}_{i}" for i in itertools.count(2))


def to_expression(term: Term, names: Mapping[Term, str] | None = None) -> str:
    """Return a term as one nested expression, in which named parts appear by name.

    An unnamed part is written once for each use, so the text of a large term can be very long.
    """
    names = names or {}
    text: dict[Term, str] = dict(names)
    for part in walk(term):
        if part in text:
            continue
        args = [text[arg] for arg in part.args]
        if part.op == INPUT:
            text[part] = str(part.label)
        elif part.op == NUMBER:
            text[part] = f"{float(part.label or 0):.6g}"
        elif part.op == OUTPUTS:
            text[part] = ", ".join(args)
        elif symbol := OPS[part.op].symbol:
            left, right = (
                f"({text[arg]})"
                if OPS.get(arg.op) and OPS[arg.op].symbol and arg not in names
                else text[arg]
                for arg in part.args
            )
            text[part] = f"{left} {symbol} {right}"
        else:
            text[part] = f"{part.op}({', '.join(args)})"
    return text[term]
