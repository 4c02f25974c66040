"""Declaration of a function of the user: `@lionhunt.function(...)` makes it a row of the op table.

A rule is written once, over the array module `np`, as the rules in `dsl.ops` are. It acts on NumPy
arrays, on JAX arrays and on single numbers.
"""

import dataclasses
import difflib
import functools
import inspect
import keyword
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from lionhunt.dsl.backends import FlatBackend, ScalarBackend
from lionhunt.dsl.functions.expressions import check_expression
from lionhunt.dsl.kinds import Kind, join
from lionhunt.dsl.op import FunctionError, Op, Own
from lionhunt.dsl.op_table import OWN_GROUP, PLAIN
from lionhunt.dsl.ops import BUILT_IN

Rule = Callable[..., Any]
"""Takes `np` and the arguments; a rule of rows, columns or arrays takes the axis last."""

MAX_NAME = 30
"""Most characters of a name."""
MAX_TEXT = 500
"""Most characters of a meaning, a note, an expression or a formula."""
MAX_ARITY = 3
ARGUMENTS = ("x", "y", "a")
"""Names of the arguments, in meanings and expressions."""
_NAME = re.compile("[A-Za-z][A-Za-z0-9_]*")
_RESERVED = {"clip_factor", "full_like", "input", "number", "outputs", "program", "sum"} | {
    "cast",
    "check",
    "check_real",
    "dtype",
    "masked",
    "zeros",
}
"""Words with another meaning within Lionhunt, or in exported files."""


def _elementwise(rule: Rule, backend: Any, *values: Any) -> Any:
    return backend.map(functools.partial(rule, backend.np), *values)


def _total(rule: Rule, backend: Any, *values: Any) -> Any:
    return backend.total(_elementwise(rule, backend, *values))


def _along(axis: int | None, rule: Rule, backend: Any, value: Any) -> Any:
    """Apply a rule to the rows (-1), the columns (-2) or the whole (None) of each array."""
    np = backend.np

    def of_number(number: Any) -> Any:
        row = np.reshape(number, (*np.shape(number), 1))
        return np.reshape(rule(np, row, -1), np.shape(number))

    if isinstance(backend, ScalarBackend):
        return of_number(value)
    reduced = backend.reduce(functools.partial(rule, np), value, axis)
    if isinstance(backend, FlatBackend):
        return np.where(backend.kind == Kind.TREE, reduced, of_number(value))
    return reduced


def _per_array(kind: Kind) -> Kind:
    return min(kind, Kind.PER_ARRAY)


def _to_scalar(*kinds: Kind) -> Kind:
    return Kind.SCALAR


def _always(args: Any, signs: Any, numbers: Any) -> bool:
    return True


class KindOfRule(NamedTuple):
    """The meaning of a word for the kind of a rule.

    Attributes:
        meaning: of the word, and the form of the rule.
        evaluate: evaluates the rule over a backend.
        infer: kind rule.
        max_arity: the most arguments of such a function.
        takes_axis: whether the rule takes an axis after its arguments.
        extent: words for what a result depends on; empty for one number of each argument.
    """

    meaning: str
    evaluate: Callable[..., Any]
    infer: Callable[..., Kind]
    max_arity: int
    takes_axis: bool
    extent: str

    @property
    def reduces(self) -> bool:
        return self.evaluate is not _elementwise


_LINES = "the last two axes are a matrix, a vector is one column"

KINDS = {
    "elementwise": KindOfRule(
        "number by number: rule(np, x, ...)", _elementwise, join, MAX_ARITY, False, ""
    ),
    "row": KindOfRule(
        "each row, in place of its numbers: rule(np, x, axis)",
        functools.partial(_along, -1),
        join,
        1,
        True,
        f"of each row of each array, in its place; {_LINES}",
    ),
    "column": KindOfRule(
        "each column, in place of its numbers: rule(np, x, axis)",
        functools.partial(_along, -2),
        join,
        1,
        True,
        f"of each column of each array, in its place; {_LINES}",
    ),
    "array": KindOfRule(
        "one number for each array: rule(np, x, axis)",
        functools.partial(_along, None),
        _per_array,
        1,
        True,
        "of each array",
    ),
    "total": KindOfRule(
        "the sum over all arrays of rule(np, x, ...), number by number",
        _total,
        _to_scalar,
        MAX_ARITY,
        False,
        "of all arrays together",
    ),
}
"""The kinds of a rule, by the words that declare them."""


def function(
    name: str,
    arity: int,
    meaning: str,
    kind: str = "elementwise",
    *,
    note: str = "",
    group: str = OWN_GROUP,
    commutative: bool = False,
    non_negative: bool = False,
    optax: str = "",
    torch: str = "",
    latex: str = "",
) -> Callable[[Rule], Op]:
    """Declare a function of the language; use it as a decorator of its rule.

    Args:
        name: the word in program text.
        arity: number of arguments, 1 to 3.
        meaning: its formula in NumPy, of arguments x, y, a.
        kind: "elementwise", "row", "column", "array" or "total", the sum over all arrays.
        note: facts that the formula hides, such as where the value is NaN.
        group: another word for it and its kin in a config; "own" stands for all in any case.
        commutative: swapping the first two arguments keeps every bit of the result.
        non_negative: no result is negative.
        optax: its expression in `jnp` for exported files; without it there is no such export.
        torch: its expression in `torch`.
        latex: its formula; by default it is made of the meaning.

    Raises:
        FunctionError: a value does not fit; one line says which.

    Example:
        >>> @function(name="softsign", arity=1, meaning="x / (1 + abs(x))")
        ... def softsign(np, x):
        ...     return x / (1 + np.abs(x))
        >>> softsign.name
        'softsign'
    """
    declared = declare(
        name,
        arity,
        meaning,
        note=note,
        group=group,
        commutative=commutative,
        own=Own(kind, non_negative, optax, torch, latex),
    )

    def with_rule(rule: Rule) -> Op:
        _check_rule(declared, rule)
        return bind(declared, rule)

    return with_rule


def declare(
    name: str, arity: int, meaning: str, *, note: str, group: str, commutative: bool, own: Own
) -> Op:
    """Return the row of a declared function, without its rule; raise `FunctionError`."""
    _check_name(name)
    place = f"function '{name}'"
    if own.kind not in KINDS:
        near = difflib.get_close_matches(str(own.kind), KINDS, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise FunctionError(f"{place}: kind {own.kind!r} is none of {', '.join(KINDS)}{hint}")
    kind = KINDS[own.kind]
    if type(arity) is not int or not 1 <= arity <= kind.max_arity:
        most = f"1 to {kind.max_arity} arguments" if kind.max_arity > 1 else "1 argument"
        raise FunctionError(f"{place}: kind '{own.kind}' takes {most}, not {arity!r}")
    texts = {"meaning": meaning, "note": note, "group": group, "latex": own.latex}
    for key, text in (texts | {"optax": own.optax, "torch": own.torch}).items():
        if not isinstance(text, str) or len(text) > MAX_TEXT or not text.isprintable():
            raise FunctionError(f"{place}: {key} must be one line of at most {MAX_TEXT} characters")
    if not meaning.strip():
        raise FunctionError(f"{place}: give its meaning, a formula in NumPy of x, y and a")
    built_in = {op.group for op in BUILT_IN.values()}
    if not _NAME.fullmatch(group) or group in built_in or group in _taken():
        raise FunctionError(f"{place}: group '{group}' has a meaning already; choose another")
    if not isinstance(commutative, bool) or not isinstance(own.non_negative, bool):
        raise FunctionError(f"{place}: commutative and non_negative must be True or False")
    if commutative and arity < 2:
        raise FunctionError(f"{place}: commutative needs two arguments or more")
    for np, text in (("jnp", own.optax), ("torch", own.torch)):
        if text:
            check_expression(place, text, np, ARGUMENTS[:arity], takes_axis=kind.takes_axis)
    return Op(
        name,
        arity,
        meaning,
        functools.partial(_without_rule, name),
        note or kind.extent,
        kind.infer,
        non_negative=_always if own.non_negative else None,
        commutative=commutative,
        reduces=kind.reduces,
        group=group,
        own=own,
    )


def bind(declared: Op, rule: Rule) -> Op:
    """Return a declared function with its rule."""
    assert declared.own is not None
    evaluate = functools.partial(KINDS[declared.own.kind].evaluate, rule)
    return dataclasses.replace(declared, evaluate=evaluate)


def rule_of(op: Op) -> Rule:
    """Return the rule that a function was declared with."""
    assert isinstance(op.evaluate, functools.partial)
    return op.evaluate.args[-1]


def _without_rule(name: str, *_: Any) -> Any:
    raise FunctionError(f"function '{name}' has no rule here; give it one with lionhunt.function")


def _taken() -> set[str]:
    return {*PLAIN.ops, *(op.alias for op in BUILT_IN.values() if op.alias)}


def _check_name(name: Any) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise FunctionError(f"function {name!r}: its name must be a word of a-z, 0-9 and _")
    if len(name) > MAX_NAME:
        raise FunctionError(f"function '{name}': a name has at most {MAX_NAME} characters")
    groups = {op.group for op in BUILT_IN.values()} | {OWN_GROUP}
    if name in _taken() or name in groups:
        raise FunctionError(
            f"function '{name}': the language has this word already; choose another"
        )
    if name in _RESERVED:
        raise FunctionError(f"function '{name}': Lionhunt uses this word itself; choose another")


def _check_rule(op: Op, rule: Any) -> None:
    """Raise `FunctionError` unless the rule takes `np` and the arguments of its kind."""
    assert op.own is not None
    if not callable(rule):
        raise FunctionError(f"function '{op.name}': its rule must be a function, not {rule!r}")
    names = ["np", *ARGUMENTS[: op.arity]]
    if KINDS[op.own.kind].takes_axis:
        names.append("axis")
    try:
        signature = inspect.signature(rule)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(*names)
    except TypeError:
        raise FunctionError(
            f"function '{op.name}': arity {op.arity} and kind '{op.own.kind}' need a rule of "
            f"({', '.join(names)}), not of {signature}"
        ) from None
