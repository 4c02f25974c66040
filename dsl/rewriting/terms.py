"""Terms: what a program computes, as an expression over its inputs that shares its parts.

Equal terms are one object, so that comparing and hashing cost nothing however large a term is, and
a statement of a program is a term that is met. Numbers are exact: the shortest decimal that is the
constant's float32, so that 0.9 and 0.1 make 1.
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
from lionhunt.dsl.ops import OPS
from lionhunt.dsl.program import Arg, Const, Program, Statement, Var

INPUT, NUMBER, OUTPUTS = "input", "number", "outputs"
"""The ops of terms that are no function of the language: an input, a number, and the outputs of a
program together."""


@dataclasses.dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Term:
    """An expression; made by `make`, `number` and `variable` alone, which make each only once.

    Attributes:
        op: name of a function, or `INPUT`, `NUMBER`, `OUTPUTS`.
        args: its arguments.
        kind: what its value looks like. A number is a scalar, or wider where it takes the place of
            something wider.
        label: name of an input, value of a number; None for all others.
        key: 64 bits of what it is; the same on every machine. Two terms with one key would only
            be put in no order.
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
    key = (op, args, kind, label)
    found = _TERMS.get(key)
    if found is None:
        digest = zlib.crc32(f"{op} {kind.value} {label}".encode())
        for arg in args:
            digest = mix(digest, arg.key)
        found = _TERMS[key] = Term(op, args, kind, label, digest)
    return found


def variable(name: str, kind: Kind) -> Term:
    """An input."""
    return _intern(INPUT, (), kind, name)


def number(value: Fraction | int, kind: Kind = Kind.SCALAR) -> Term:
    """A number."""
    return _intern(NUMBER, (), kind, Fraction(value))


def make(op: str, *args: Term) -> Term:
    """A function of terms, or the outputs of a program."""
    kind = Kind.TREE if op == OUTPUTS else OPS[op].infer(*(arg.kind for arg in args))
    return _intern(op, args, kind, None)


def make_arranged(op: str, *args: Term) -> Term:
    """`make`, with the arguments of a commutative function in an order that they alone decide."""
    if op in OPS and OPS[op].commutative and args[0].key > args[1].key:
        args = (args[1], args[0])
    return make(op, *args)


def arranged(root: Term) -> Term:
    """The term, with all that it is made of arranged."""
    done: dict[Term, Term] = {}
    for term in walk(root):
        done[term] = make_arranged(term.op, *(done[arg] for arg in term.args)) if term.args else term
    return done[root]


def exact(value: float) -> Fraction:
    """The number that a constant means: its float32's shortest decimal."""
    return Fraction(number_text(value))


def walk(*roots: Term) -> Iterator[Term]:
    """Every term below, once, arguments before what they are arguments of."""
    seen: set[Term] = set()
    stack: list[tuple[Term, bool]] = [(root, False) for root in reversed(roots)]
    while stack:
        term, is_open = stack.pop()
        if is_open:
            yield term
        elif term not in seen:
            seen.add(term)
            stack.append((term, True))
            stack.extend((arg, False) for arg in reversed(term.args) if arg not in seen)


def num_statements(*roots: Term) -> int:
    """Statements that it takes to write the terms: each function once."""
    return sum(term.op in OPS for term in walk(*roots))


def substitute(root: Term, replacements: dict[Term, Term]) -> Term:
    """The term with others in the place of some of its parts."""
    return substituted(root, replacements)[root]


def substituted(root: Term, replacements: Mapping[Term, Term]) -> dict[Term, Term]:
    """What a term and all its parts become with others in the place of some parts."""
    done = dict(replacements)
    for term in walk(root):
        if term not in done:
            args = tuple(done[arg] for arg in term.args)
            done[term] = term if args == term.args else make(term.op, *args)
    return done


def keeps_reduction_sizes(root: Term) -> bool:
    """Whether every reduction is over as many numbers once the term is written as a program.

    A number in the place of a tree is written as one number.
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
    """What a valid program computes: its `OUTPUTS`. What no output depends on is not there."""
    *trees, schedule = program.inputs
    inputs = [*(variable(name, Kind.TREE) for name in trees), variable(schedule, Kind.SCALAR)]
    return make(OUTPUTS, *run(program, inputs, lambda op, *args: make(op.name, *args), _constant))


def _constant(value: float) -> Term:
    return number(exact(value))


def to_program(root: Term, like: Program, became: Mapping[Term, Term] | None = None) -> Program:
    """Writes the outputs of a program, in the order and with the names of another where it can.

    Args:
        root: an `OUTPUTS` over the inputs of `like`, one for each of its outputs.
        like: what was rewritten; a term that it computes keeps its name and its place, and a new
            output takes those of the old one.
        became: terms that took the name and the place of those of `like`.
    """
    parts = list(walk(root))
    outputs = dict(zip(to_term(like).args, root.args, strict=True))
    for part in parts:
        outputs.pop(part, None)  # an output that is still there keeps what is its own
    order, names = _author(like, outputs | dict(became or {}))
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
            for name in _candidates(names.get(term, "t"))
            if name not in holders or last_read.get(holders[name], -1) <= i
        )
        holders[target], written[term] = term, Var(target)
        result.append(Statement(target, term.op, args))
    return Program(like.inputs, tuple(result), tuple(written[term] for term in root.args))


def _author(
    program: Program, became: Mapping[Term, Term]
) -> tuple[dict[Term, float], dict[Term, str]]:
    """The place and the name of each term that a program's statements compute, or it became."""
    places: dict[Term, float] = {}
    names: dict[Term, str] = {}
    for place, (name, old) in enumerate(computed(program)):
        term = became.get(old, old)
        places.setdefault(term, place)
        names.setdefault(term, name)
    return places, names


def computed(program: Program) -> list[tuple[str, Term]]:
    """The variable that each statement of a valid program assigns, and the term that it is."""
    *trees, schedule = program.inputs
    env = {name: variable(name, Kind.TREE) for name in trees}
    env[schedule] = variable(schedule, Kind.SCALAR)
    found = []
    for statement in program.statements:
        args = [
            env[arg.name] if isinstance(arg, Var) else _constant(arg.value)
            for arg in statement.args
        ]
        env[statement.target] = make(statement.op, *args)
        found.append((statement.target, env[statement.target]))
    return found


def _leaf(term: Term) -> Arg:
    return Var(str(term.label)) if term.op == INPUT else Const(float(term.label or 0))


def _candidates(stem: str) -> Iterator[str]:
    yield stem
    yield from (f"{stem}_{i}" for i in itertools.count(2))


def to_expression(term: Term, names: Mapping[Term, str] | None = None) -> str:
    """A term in the words of the language, nested; parts that have a name by their name.

    A part that has no name is written as often as it is used: for small terms.
    """
    text: dict[Term, str] = dict(names or {})
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
                f"({arg})" if OPS.get(a.op) and OPS[a.op].symbol and a not in (names or {}) else arg
                for arg, a in zip(args, part.args, strict=True)
            )
            text[part] = f"{left} {symbol} {right}"
        else:
            text[part] = f"{part.op}({', '.join(args)})"
    return text[term]
