"""The Python expression of each function, in jax.numpy and in torch; `dsl.ops` defines them."""

import math
from collections.abc import Callable, Collection

from lionhunt.dsl.export.dataflow import Number, Operand, Value
from lionhunt.dsl.kinds import Kind

_BOTH = {
    "abs": "{np}.abs({x})",
    "cos": "{np}.cos({x})",
    "sin": "{np}.sin({x})",
    "tan": "{np}.tan({x})",
    "arcsin": "{np}.arcsin({x})",
    "arccos": "{np}.arccos({x})",
    "arctan": "{np}.arctan({x})",
    "exp": "{np}.exp({x})",
    "log": "{np}.log({magnitude})",
    "sinh": "{np}.sinh({x})",
    "cosh": "{np}.cosh({x})",
    "tanh": "{np}.tanh({x})",
    "arcsinh": "{np}.arcsinh({x})",
    "arccosh": "{np}.arccosh({x})",
    "arctanh": "{np}.arctanh({x})",
    "sign": "{np}.sign({x})",
    "exp2": "{np}.exp2({x})",
    "expm1": "{np}.expm1({x})",
    "log10": "{np}.log10({magnitude})",
    "log2": "{np}.log2({magnitude})",
    "log1p": "{np}.log({magnitude_of_successor})",
    "square": "{np}.square({x})",
    "sqrt": "{np}.sqrt({magnitude})",
    "cube": "{x}**3",
    "add": "{x} + {y}",
    "subtract": "{x} - {y}",
    "multiply": "{x} * {y}",
    "divide": "{x} / {divisor}",
    "interp": "(1 - {a}) * {x} + {a} * {y}",
    "negative": "-{x}",
    "full_like": "{np}.full_like({x}, {y})",
    "global_norm": "_global_norm({x})",
    "dot": "_dot({x}, {y})",
    "cosine_sim": "_cosine_sim({x}, {y})",
    "clip_factor": "{np}.where({x} <= {y}, 1.0, {y} / {x})",
    "where": "{np}.where({x} != 0, {y}, {a})",
    "rows": "_rows({x})",
    "columns": "_columns({x})",
    "row_mean": "_row_mean({x})",
    "gram": "_gram({x}, {y})",
    "column_mean": "_column_mean({x})",
    "row_max": "_row_max({x})",
    "column_max": "_column_max({x})",
    "array_max": "_array_max({x})",
    "row_norm": "_row_norm({x})",
    "column_norm": "_column_norm({x})",
}

_JAX = _BOTH | {
    "exp10": "jnp.power(10.0, {x})",
    "cbrt": "jnp.cbrt({x})",
    # Python's 0.0 has a reciprocal too.
    "reciprocal": "jnp.reciprocal({x})",
    "power": "jnp.power({x}, {y})",
    "max": "jnp.maximum({x}, {y})",
    "min": "jnp.minimum({x}, {y})",
    "greater": "jnp.where({x} > {y}, 1.0, 0.0)",
    "norm": "jnp.linalg.norm({x})",
    "size": "jnp.asarray({x}.size, {x}.dtype)",
    "array_mean": "jnp.sum({x}) / max({x}.size, 1)",
}

_TORCH = _BOTH | {
    "exp10": "torch.pow(10.0, {x})",
    "cbrt": "torch.sign({x}) * torch.pow(torch.abs({x}), 1 / 3)",
    "reciprocal": "torch.reciprocal({x})",
    "power": "torch.pow({x}, {y})",
    "max": "torch.maximum({x}, {y})",
    "min": "torch.minimum({x}, {y})",
    "greater": "({x} > {y}).to({dtype})",
    "norm": "torch.linalg.vector_norm({x})",
    "size": "{x}.new_tensor({x}.numel())",
    "array_mean": "torch.sum({x}) / max({x}.numel(), 1)",
}

_TABLES = {"jnp": _JAX, "torch": _TORCH}


def expression(
    value: Value, text: Callable[[Operand], str], signs: Collection[Operand], np: str
) -> str:
    """Write the expression that computes a value.

    Args:
        value: result of a statement in a lowered graph.
        text: writes an argument.
        signs: values that cannot be negative.
        np: array module, "jnp" or "torch".
    """
    words = dict(zip("xya", map(text, value.args), strict=False))
    x, *rest = value.args
    for name, inner in (("magnitude", words["x"]), ("magnitude_of_successor", f"1 + {words['x']}")):
        words[name] = inner if x in signs else f"{np}.abs({inner})"
    if value.op == "divide":
        (y,) = rest
        absorbs = isinstance(y, Number) and y.absorbs_eps and words["y"] == literal(y, np)
        words["divisor"] = words["y"] if absorbs else f"({words['y']} + 1e-8)"
    if value.op == "where" and np == "torch":
        if isinstance(x, Number):
            words["x"] = f"torch.as_tensor({words['x']})"
        # Of two numbers, torch would make a tensor of its default dtype.
        elif all(isinstance(choice, Number) for choice in rest):
            words["y"] = f"torch.full_like({words['x']}, {words['y']})"
    if value.op not in _TABLES[np]:
        return f"_{value.op}({', '.join(map(text, value.args))})"
    pattern = _TABLES[np][value.op]
    if value.op == "reciprocal" and value.kind is not Kind.SCALAR:
        pattern = "1 / {x}"
    if value.op == "interp" and words["x"] == "1.0":
        pattern = "1 - {a} + {a} * {y}"
    if value.op == "greater" and np == "torch":
        widest = max((arg for arg in value.args if isinstance(arg, Value)), key=lambda v: v.kind)
        words["dtype"] = f"{text(widest)}.dtype"
    if np == "torch" and value.op in ("max", "min"):
        array, limit = sorted(value.args, key=lambda arg: isinstance(arg, Number))
        if isinstance(limit, Number):
            side = "min" if value.op == "max" else "max"
            pattern = f"torch.clamp({text(array)}, {side}={text(limit)})"
    return pattern.format(np=np, **words)


def literal(number: Number, np: str) -> str:
    """Write a number."""
    if math.isfinite(number.value):
        return number.text
    return f"{np}.nan" if math.isnan(number.value) else f"{'-' * (number.value < 0)}{np}.inf"
