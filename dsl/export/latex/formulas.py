"""The LaTeX formula of each function; `dsl.ops` defines the functions."""

from collections.abc import Callable, Collection

from lionhunt.dsl.export.dataflow import Number, Operand, Value
from lionhunt.dsl.export.latex.own_formulas import ATOM, POWER, PRODUCT, SUM, Formula, own_formula
from lionhunt.dsl.export.latex.symbols import number_symbol
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op_table import OPS

_ONE_OVER = r"\frac{1}{"

_CALLS = {
    "cos": r"\cos",
    "sin": r"\sin",
    "tan": r"\tan",
    "arcsin": r"\arcsin",
    "arccos": r"\arccos",
    "arctan": r"\arctan",
    "exp": r"\exp",
    "sinh": r"\sinh",
    "cosh": r"\cosh",
    "tanh": r"\tanh",
    "arcsinh": r"\operatorname{arsinh}",
    "arccosh": r"\operatorname{arcosh}",
    "arctanh": r"\operatorname{artanh}",
    "sign": r"\operatorname{sign}",
    "max": r"\max",
    "min": r"\min",
    "cosine_sim": r"\operatorname{cossim}",
    "clip": r"\operatorname{clip}",
    "row_mean": r"\operatorname{rowmean}",
    "column_mean": r"\operatorname{colmean}",
    "array_mean": r"\operatorname{mean}",
    "row_max": r"\operatorname{rowmax}",
    "column_max": r"\operatorname{colmax}",
    "array_max": r"\operatorname{arraymax}",
    "row_norm": r"\operatorname{rownorm}",
    "column_norm": r"\operatorname{colnorm}",
    "rows": r"\operatorname{rows}",
    "columns": r"\operatorname{columns}",
    "size": r"\operatorname{size}",
    "greater": r"\operatorname{greater}",
    "where": r"\operatorname{where}",
}

DEFINITIONS = {
    "norm": r"\|x\| is the norm of each array",
    "global_norm": r"\|x\|_{\mathrm{all}} is the norm of all arrays together",
    "dot": r"\langle x, y \rangle is a sum over all arrays",
    "cosine_sim": r"\operatorname{cossim}(x, y) is the dot product over all arrays, divided by "
    r"the product of the norms plus 10^{-8}",
    "clip": r"\operatorname{clip}(x, c) is x c / \|x\| if \|x\| > c, else x; the norm is that of "
    "all arrays together",
    "row_mean": r"\operatorname{rowmean} puts the mean of each row in place of its numbers",
    "column_mean": r"\operatorname{colmean} puts the mean of each column in place of its numbers",
    "row_max": r"\operatorname{rowmax} puts the maximum of each row in place of its numbers",
    "column_max": r"\operatorname{colmax} puts the maximum of each column in place of its numbers",
    "array_max": r"\operatorname{arraymax} is the maximum of each array",
    "row_norm": r"\operatorname{rownorm} puts the norm of each row in place of its numbers",
    "column_norm": r"\operatorname{colnorm} puts the norm of each column in place of its numbers",
    "gram": r"x x^\top y is the product of the matrices of each array; a vector is one column",
    "array_mean": r"\operatorname{mean} is the mean of each array",
    "rows": r"\operatorname{rows} counts the rows of each array; a vector is one column",
    "columns": r"\operatorname{columns} counts the columns of each array",
    "size": r"\operatorname{size} counts the numbers of each array",
    "greater": r"\operatorname{greater}(x, y) is 1 where x > y, else 0",
    "where": r"\operatorname{where}(x, y, z) is y where x is not 0, else z",
    "divide": r"\varepsilon = 10^{-8} protects divisions",
}
"""Explanations of functions whose names do not suffice."""


def formula(
    value: Value, read: Callable[[Operand], Formula], signs: Collection[Operand]
) -> Formula:
    """Return the formula of a value and its binding strength.

    Args:
        value: result of a function.
        read: gives the formula of an argument.
        signs: values that cannot be negative.
    """
    args = value.args
    rule = _RULES.get(value.op)
    if rule is not None:
        return rule(*map(read, args))
    if value.op in ("sqrt", "log", "log2", "log10", "log1p"):
        return _of_magnitude(value.op, read(args[0]), args[0] in signs)
    if value.op == "multiply":
        return _product(value, read)
    if value.op == "divide":
        below = read(args[1])[0] + (r" + \varepsilon" if is_protected(value) else "")
        return rf"\frac{{{read(args[0])[0]}}}{{{below}}}", PRODUCT
    if OPS[value.op].own:
        return own_formula(OPS[value.op], dict(zip("xya", map(read, args), strict=False)))
    inner = ", ".join(read(arg)[0] for arg in args)
    return f"{_CALLS[value.op]}{_bracket(inner)}", PRODUCT


def is_protected(division: Value) -> bool:
    """Check that EPS changes the divisor of a division."""
    divisor = division.args[1]
    return not (isinstance(divisor, Number) and divisor.absorbs_eps)


def tight(part: Formula, level: int) -> str:
    """Return the formula, in brackets if it binds less than `level`."""
    text, own = part
    return _bracket(text) if own < level else text


def _bracket(text: str, left: str = "(", right: str = ")") -> str:
    if r"\frac" in text or r"\sqrt" in text or r"\left" in text or "(" in text:
        return rf"\left{left} {text} \right{right}"
    return f"{left}{text}{right}"


def _magnitude(text: str) -> str:
    return rf"\left| {text} \right|"


def _of_magnitude(op: str, part: Formula, is_non_negative: bool) -> Formula:
    if op == "log1p":
        part, op = (f"1 + {tight(part, PRODUCT)}", SUM), "log"
    text = part[0] if is_non_negative else _magnitude(part[0])
    if op == "sqrt":
        return rf"\sqrt{{{text}}}", ATOM
    name = {"log": r"\log", "log2": r"\log_2", "log10": r"\log_{10}"}[op]
    return (f"{name}{_bracket(text)}" if is_non_negative else f"{name} {text}"), PRODUCT


def _product(value: Value, read: Callable[[Operand], Formula]) -> Formula:
    """Write a product: scalars before arrays, a square of one value, or a fraction."""
    x, y = value.args
    if x is y:
        return _power(read(x), "2")
    for other, factor in ((x, y), (y, x)):
        text = read(factor)[0]
        if isinstance(factor, Value) and factor.op == "reciprocal" and text.startswith(_ONE_OVER):
            return rf"\frac{{{read(other)[0]}}}{{{text.removeprefix(_ONE_OVER)}", PRODUCT
    return _times(*(read(arg) for arg in sorted((x, y), key=_width)))


def _width(operand: Operand) -> int:
    return -1 if isinstance(operand, Number) else min(operand.kind, Kind.PER_ARRAY)


def _times(x: Formula, y: Formula) -> Formula:
    left, right = tight(x, PRODUCT), tight(y, PRODUCT)
    # TeX would write a word and its neighbour as one word.
    has_word = r"\mathrm" in left + right
    dot = r" \cdot " if right[0].isdigit() or right[0] == "-" else r" \, " if has_word else " "
    return f"{left}{dot}{right}", PRODUCT


def _power(base: Formula, exponent: str) -> Formula:
    power = exponent if len(exponent) == 1 else f"{{{exponent}}}"
    return f"{tight(base, ATOM)}^{power}", POWER


def _sum(x: Formula, y: Formula, sign: str = "+") -> Formula:
    right = tight(y, SUM if sign == "+" else PRODUCT)
    right = f"({right})" if right[0] == "-" else right
    return f"{x[0]} {sign} {right}", SUM


def _interp(x: Formula, y: Formula, weight: Formula) -> Formula:
    rest = (f"1 - {tight(weight, PRODUCT)}", SUM)
    return _sum(_times(weight, y), rest if x[0] == "1" else _times(rest, x))


def _gram(x: Formula, y: Formula) -> Formula:
    # Brackets around it keep the product of matrices apart from products of numbers.
    left = tight(x, ATOM)
    return rf"{left} {left}^\top {tight(y, POWER)}", SUM


_RULES: dict[str, Callable[..., Formula]] = {
    "abs": lambda x: (_magnitude(x[0]), ATOM),
    "exp2": lambda x: (f"2^{{{x[0]}}}", POWER),
    "exp10": lambda x: (f"10^{{{x[0]}}}", POWER),
    "expm1": lambda x: (f"e^{{{x[0]}}} - 1", SUM),
    "square": lambda x: _power(x, "2"),
    "cube": lambda x: _power(x, "3"),
    "cbrt": lambda x: (rf"\sqrt[3]{{{x[0]}}}", ATOM),
    "reciprocal": lambda x: (f"{_ONE_OVER}{x[0]}}}", PRODUCT),
    "add": _sum,
    "subtract": lambda x, y: _sum(x, y, "-"),
    "power": lambda x, y: _power(x, y[0]),
    "norm": lambda x: (rf"\left\| {x[0]} \right\|", ATOM),
    "global_norm": lambda x: (rf"\left\| {x[0]} \right\|_{{\mathrm{{all}}}}", ATOM),
    "dot": lambda x, y: (rf"\left\langle {x[0]}, {y[0]} \right\rangle", ATOM),
    "gram": _gram,
    "interp": _interp,
    "negative": lambda x: (f"-{tight(x, PRODUCT)}", SUM),
}


def number_formula(number: Number) -> Formula:
    text = number_symbol(number.value)
    level = SUM if text[0] == "-" else PRODUCT if "cdot" in text else POWER if "^" in text else ATOM
    return text, level
