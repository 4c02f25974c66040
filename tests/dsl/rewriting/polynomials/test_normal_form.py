"""The polynomial normal form: equal for algebraically equal terms, and different for others."""

import math
import random
from fractions import Fraction

import numpy as np
import pytest

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.dsl.interpreter import run
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.rewriting.polynomials.monomials import MAX_MONOMIALS, SUM, Form
from lionhunt.dsl.rewriting.polynomials.normal_form import normal_forms
from lionhunt.dsl.rewriting.terms import (
    INPUT,
    NUMBER,
    Term,
    make,
    number,
    substitute,
    to_expression,
    to_term,
    variable,
    walk,
)

W, G, M = (variable(name, Kind.TREE) for name in ("w", "g", "m"))
LR = variable("lr", Kind.SCALAR)
ONE, TWO = number(1), number(2)


def _form(expression: str) -> Form:
    program = dsl.parse(f"def train(w, g, m, lr): return {expression}, m")
    return normal_forms(to_term(program))[0]


EQUAL = [
    ("interp(g, m, 0.9)", "0.1 * g + 0.9 * m"),
    ("interp(g, m, lr)", "g + lr * (m - g)"),
    ("interp(g, interp(g, m, 0.5), 0.9)", "interp(g, m, 0.45)"),
    ("square(g + m)", "g * g + 2.0 * g * m + square(m)"),
    ("cube(g - m)", "cube(g) - 3.0 * square(g) * m + 3.0 * g * square(m) - cube(m)"),
    ("g / lr - m / lr", "(g - m) * reciprocal(lr)"),
    ("(g + m) / (w * (g + m))", "reciprocal(w)"),
    ("m / sqrt(m * m)", "sign(m)"),
    ("m * reciprocal(sqrt(g) + 1e-8)", "m / sqrt(g)"),
    ("(g + m) / abs(m + g)", "sign(2.0 * g + 2.0 * m)"),
    ("sign(-3.0 * g)", "0.0 - sign(g)"),
    ("sign(tanh(g) * square(m))", "sign(g)"),
    ("sqrt(4.0 * square(g) * m)", "2.0 * abs(g) * sqrt(m)"),
    ("sqrt(2.0 * g) * sqrt(2.0 * g)", "2.0 * abs(g)"),
    ("cube(cbrt(5.0 * g))", "5.0 * g"),
    ("power(g, 3.0)", "cube(g)"),
    ("power(g, -2.0)", "reciprocal(square(g))"),
    ("sinh(m - g)", "0.0 - sinh(g - m)"),
    ("cos(g * -2.0)", "cos(abs(2.0 * g))"),
    ("log(exp(g + m))", "m + g"),
    ("exp(log(g * -1.0))", "abs(g)"),
    ("log1p(g)", "log(0.0 - 1.0 - g)"),
    ("expm1(g) + 1.0", "exp(g)"),
    ("max(g, m)", "max(m, 1.0 * g)"),
    ("min(g + g, 2.0 * g)", "g + g"),
    ("norm(-2.0 * lr * abs(g))", "2.0 * abs(lr) * norm(g)"),
    ("dot(2.0 * g, lr * m)", "dot(m, g) * lr * 2.0"),
    ("cosine_sim(g, -3.0 * m)", "0.0 - cosine_sim(m, g)"),
    ("global_norm(lr)", "abs(lr)"),
    ("clip(m - g, lr)", "0.0 - clip(g - m, lr)"),
    ("get_pi() * g", "g * 3.1415927"),
    ("row_mean(2.0 * g + g * 1.0)", "3.0 * row_mean(g)"),
    ("gram(-2.0 * g, lr * m)", "4.0 * lr * gram(g, m)"),
    ("gram(norm(w) * g, norm(m) * m)", "square(norm(w)) * norm(m) * gram(g, m)"),
    ("gram(g, m - w)", "gram(g, m) - gram(g, w)"),
    ("gram(lr, norm(g))", "square(lr) * norm(g)"),
]


@pytest.mark.parametrize("left, right", EQUAL)
def test_equal_in_real_numbers(left, right):
    assert _form(left) == _form(right)


DIFFERENT = [
    ("interp(g, m, 0.9)", "interp(g, m, 0.90001)"),
    ("interp(g, m, 0.9)", "interp(m, g, 0.9)"),
    ("interp(g, m, 0.9)", "interp(g, w, 0.9)"),
    ("g - m", "m - g"),
    ("g / (m + 1e-7)", "g / m"),
    ("m + 1e-8", "m"),
    ("sign(g)", "g"),
    ("abs(g)", "g"),
    ("sign(sin(g))", "sign(g)"),
    ("sign(g + m)", "sign(g) + sign(m)"),
    ("sqrt(g)", "sqrt(2.0 * g)"),
    ("sqrt(square(g))", "g"),
    ("exp(g)", "exp2(g)"),
    ("clip(2.0 * g, lr)", "2.0 * clip(g, lr)"),
    ("norm(g)", "global_norm(g)"),
    ("norm(g + m)", "norm(g) + norm(m)"),
    ("dot(g, m)", "dot(g, g)"),
    ("row_mean(g)", "column_mean(g)"),
    ("gram(g, m)", "gram(m, g)"),
    ("gram(g + w, m)", "gram(g, m) + gram(w, m)"),
    ("gram(g, g)", "cube(g)"),
    ("gram(g * w, m)", "square(w) * gram(g, m)"),
    ("max(g, m)", "min(g, m)"),
    ("cosh(g)", "cosh(m)"),
]


@pytest.mark.parametrize("left, right", DIFFERENT)
def test_different_in_real_numbers(left, right):
    assert _form(left) != _form(right)


@pytest.mark.parametrize("reduction", ["norm(x)", "global_norm(x)", "dot(x, lr)"])
def test_a_number_for_a_tree_is_no_scalar_where_a_reduction_counts_it(reduction):
    ones = reduction.replace("x", "(1.0 + w - w)")
    assert _form(ones) != _form(reduction.replace("x", "1.0"))
    assert _form(ones) == _form(reduction.replace("x", "(g / g)"))


RAW_AS_LION = """def train(w, g, v, lr):
  g = clip(g, lr)
  g = arcsin(g)
  update = interp(g, v, 0.9)
  update = sign(update)
  v = interp(g, v, 0.9982197)
  wd = w * 0.46019784
  update = update + wd
  lr = lr * 0.00021717617
  update = update * lr
  return update, v"""


def test_the_raw_program_is_lion_with_clip_and_arcsin():
    raw = dsl.simplify(library.load("raw_lion"))
    assert normal_forms(to_term(raw)) == normal_forms(to_term(dsl.parse(RAW_AS_LION)))


def test_the_rounded_decay_of_lion_is_not_that_of_the_raw_program():
    rounded = dsl.parse(RAW_AS_LION.replace("0.9982197", "0.99"))
    raw = dsl.simplify(library.load("raw_lion"))
    update, state = normal_forms(to_term(rounded))
    assert (update, state) != normal_forms(to_term(raw))
    assert update == normal_forms(to_term(raw))[0]


SWAPPED = {"add", "multiply", "max", "min"}


def _disguised(term: Term, rng: random.Random) -> Term:
    """Return another term of the same value, by one law of algebra backwards at the root."""
    choices = [
        make("negative", make("negative", term)),
        make("multiply", make("multiply", term, number(Fraction(1, 4))), number(4)),
        make("divide", make("multiply", term, LR), LR),
        make("interp", term, term, number(Fraction(3, 10))),
    ]
    # The normal form does not recognise squares that are multiplied out.
    if term.op not in ("square", "multiply"):
        choices.append(make("add", make("subtract", term, G), G))
    # No divisor may be 0.
    if normal_forms(term)[0]:
        choices.append(make("reciprocal", make("reciprocal", term)))
    if term.op in SWAPPED:
        choices.append(make(term.op, *term.args[::-1]))
    if term.op == "interp":
        a, b, t = term.args
        choices.append(make("interp", b, a, make("subtract", ONE, t)))
        choices.append(make("add", a, make("multiply", make("subtract", b, a), t)))
    if term.op == "sign":
        (a,) = term.args
        choices.append(make("divide", a, make("sqrt", make("multiply", a, a))))
        choices.append(make("sign", make("multiply", TWO, make("tanh", a))))
    if term.op == "multiply" and term.args[0].op in ("add", "subtract"):
        (a, b), c = term.args[0].args, term.args[1]
        choices.append(make(term.args[0].op, make("multiply", a, c), make("multiply", b, c)))
    if term.op == "square":
        choices.append(make("multiply", *term.args, *term.args))
        choices.append(make("square", make("abs", *term.args)))
    if term.op == "sqrt":
        choices.append(make("sqrt", make("negative", *term.args)))
    return rng.choice(choices)


@pytest.mark.parametrize("name", ["lion", "adamw_initial", "nesterov", "adabelief_like", "sdprop"])
def test_a_hundred_disguises_have_the_form_of_the_program(name):
    rng = random.Random(name)
    root = to_term(library.load(name))
    forms = normal_forms(root)
    disguises = set()
    for _ in range(100):
        term = root
        for _ in range(rng.randint(1, 5)):
            parts = [part for part in walk(term) if part.op in OPS]
            part = rng.choice(parts)
            term = substitute(term, {part: _disguised(part, rng)})
        disguises.add(term)
        assert normal_forms(term) == forms, to_expression(term)
    assert len(disguises) > 60


@pytest.mark.parametrize("name", ["lion", "adamw_initial", "radam"])
def test_each_constant_changes_the_form(name):
    root = to_term(library.load(name))
    forms = normal_forms(root)
    for part in walk(root):
        if part.op == NUMBER and part.label:
            changed = number(Fraction(part.label or 0) * Fraction(1001, 1000), part.kind)
            assert normal_forms(substitute(root, {part: changed})) != forms


def _value(form: Form, values: dict[str, np.float64]) -> np.float64:
    """Evaluate a form on numbers."""
    total = np.float64(0)
    for monomial, coefficient in form:
        product = np.float64(coefficient)
        for atom, exponent, is_signed in monomial:
            args = [_value(arg, values) for arg in atom.args]
            if atom.op == INPUT:
                base = values[str(atom.label)]
            elif atom.op == NUMBER:
                base = np.float64(Fraction(atom.label or 0))
            else:
                base = args[0] if atom.op == SUM else _FUNCTIONS[atom.op](*args)
            product = product * np.abs(base) ** float(exponent)
            product = product * np.sign(base) if is_signed else product
        total = total + product
    return total


_FUNCTIONS = {
    "add": np.add,
    "subtract": np.subtract,
    "negative": np.negative,
    "multiply": np.multiply,
    "divide": np.divide,
    "reciprocal": lambda x: 1 / x,
    "square": lambda x: x * x,
    "cube": lambda x: x * x * x,
    "abs": np.abs,
    "sign": np.sign,
    "sqrt": lambda x: np.sqrt(np.abs(x)),
    "cbrt": np.cbrt,
    "interp": lambda x, y, a: (1 - a) * x + a * y,
    "max": np.maximum,
    "min": np.minimum,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": lambda x: np.log(np.abs(x)),
    "log1p": lambda x: np.log(np.abs(1 + x)),
    "tanh": np.tanh,
    "sin": np.sin,
    "cos": np.cos,
    "arctan": np.arctan,
}
"""Functions of numbers in float64, without the guard of a division."""


def _random_expression(rng: random.Random, depth: int) -> str:
    if depth == 0:
        return rng.choice(["g", "m", "w", "lr", "2.0", "0.5", "-3.0", "0.25"])
    op = rng.choice(list(_FUNCTIONS))
    args = [_random_expression(rng, rng.randrange(depth)) for _ in range(OPS[op].arity)]
    if op == "interp":
        args[2] = rng.choice(["lr", "0.9", "1.5"])
    return f"{op}({', '.join(args)})"


def test_a_form_has_the_value_of_its_term():
    rng = random.Random(3)
    names, numbers = ["w", "g", "m", "lr"], map(np.float64, (0.7, -1.3, 2.1, 0.4))
    values = dict(zip(names, numbers, strict=True))
    num_compared = 0
    for _ in range(1_500):
        expression = _random_expression(rng, 4)
        program = dsl.parse(f"def train(w, g, m, lr): return {expression}, m")
        with np.errstate(all="ignore"):
            expected = run(
                program, list(values.values()), lambda op, *xs: _FUNCTIONS[op.name](*xs), np.float64
            )[0]
            value = _value(normal_forms(to_term(program))[0], values)
        if 1e-3 < abs(expected) < 1e6 and math.isfinite(float(value)):
            num_compared += 1
            assert value == pytest.approx(expected, rel=1e-4), expression
    assert num_compared > 1_000


def test_a_long_product_of_sums_stays_closed():
    factors = [make("add", variable(f"x{i}", Kind.TREE), ONE) for i in range(8)]
    product = factors[0]
    for factor in factors[1:]:
        product = make("multiply", product, factor)
    assert len(normal_forms(product)[0]) <= MAX_MONOMIALS


def test_work_is_bounded():
    term = make("interp", G, M, number(Fraction(9, 10)))
    for _ in range(60):
        term = make("square", make("add", term, make("multiply", term, W)))
    assert len(normal_forms(term)[0]) <= MAX_MONOMIALS
