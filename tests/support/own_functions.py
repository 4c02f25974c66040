"""Functions of a user, as a file that nobody prepared."""

from pathlib import Path

from lionhunt.dsl.functions.declaration import bind, declare
from lionhunt.dsl.op import Op, Own

TEXT = """
import lionhunt


@lionhunt.function(
    name="softsign",
    arity=1,
    meaning="x / (1 + abs(x))",
    optax="x / (1 + jnp.abs(x))",
    torch="x / (1 + torch.abs(x))",
)
def softsign(np, x):
    return x / (1 + np.abs(x))


@lionhunt.function(
    name="hypot",
    arity=2,
    meaning="sqrt(x * x + y * y)",
    non_negative=True,
    group="lengths",
    optax="jnp.sqrt(x * x + y * y)",
    torch="torch.sqrt(x * x + y * y)",
    latex=r"\\sqrt{x^2 + y^2}",
)
def hypot(np, x, y):
    return np.sqrt(x * x + y * y)


@lionhunt.function(
    name="row_range",
    arity=1,
    kind="row",
    meaning="max(x, -1) - min(x, -1)",
    optax="jnp.max(x, axis, keepdims=True) - jnp.min(x, axis, keepdims=True)",
    torch="torch.amax(x, axis, keepdim=True) - torch.amin(x, axis, keepdim=True)",
)
def row_range(np, x, axis):
    return np.max(x, axis, keepdims=True) - np.min(x, axis, keepdims=True)


@lionhunt.function(
    name="spread",
    arity=1,
    kind="array",
    meaning="std(x)",
    optax="jnp.std(x, axis)",
    torch="torch.std(x, axis, correction=0)",
)
def spread(np, x, axis):
    rest = x - np.mean(x, axis, keepdims=True)
    return np.sqrt(np.mean(rest * rest, axis, keepdims=True))


@lionhunt.function(
    name="l1",
    arity=1,
    kind="total",
    meaning="sum(abs(x))",
    optax="jnp.abs(x)",
    torch="torch.abs(x)",
    non_negative=True,
)
def l1(np, x):
    return np.abs(x)
"""
NAMES = ("softsign", "hypot", "row_range", "spread", "l1")


def write_functions(folder: Path, text: str = TEXT) -> Path:
    """Write a file with functions into a folder, and return its path."""
    path = folder / "my_functions.py"
    path.write_text(text, "utf-8")
    return path


def own_op(name: str = "twice", digest: str = "", **changes) -> Op:
    """Return a function of the user, with the rule of twice its argument."""
    arity = changes.pop("arity", 1)
    values = {"note": "", "group": "own", "commutative": False} | changes
    own = values.pop("own", Own("elementwise", digest=digest))
    declared = declare(name, arity, "x + x", own=own, **values)
    return bind(declared, lambda np, x, *_: x + x)
