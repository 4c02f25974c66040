"""Names in exported Python: those of the program, unless they would hide a name still in use."""

import keyword
import re
from collections.abc import Collection, Iterable, Iterator

from lionhunt.dsl.export.dataflow import Value

# The last letters look like digits; ruff refuses them (E741).
RESERVED = frozenset(
    {"jax", "jnp", "optax", "torch", "math", "numbers", "NamedTuple", "Any", "Callable"}
    | {"any", "callable", "float", "max", "super", "tuple", "zip"}
    | {"learning_rate", "params", "updates", "state", "init", "prepare", "step", "outputs", "leaf"}
    | {"like", "old", "new", "mask", "extra_args", "state_dtype", "differentiable", "betas"}
    | {"p", "dtype", "name", "value", "param_group"}
    | {"self", "closure", "loss", "group"}
    | {"l", "I", "O"}
    | set(keyword.kwlist)
)
"""Names that exported code uses itself, and names that Python or ruff refuses."""

Event = tuple[Value | None, tuple[Value, ...]]
"""A step of the exported code: the value that it defines, if any, and the values that it reads."""


def identifier(
    name: str, taken: Collection[str], suffix: str = "_term", max_length: int = 40
) -> str:
    """Return a valid name like `name` that is neither reserved nor in `taken`."""
    stem = re.sub(r"\W+", "_", name, flags=re.ASCII).lstrip("_")[:max_length] or "x"
    stem = f"x{stem}" if stem[0].isdigit() else stem
    if stem in taken or stem in RESERVED:
        stem += suffix
    return next(word for word in _numbered(stem) if word not in taken and word not in RESERVED)


def allot(
    events: Iterable[Event], taken: Collection[str], max_length: int = 40
) -> dict[Value, str]:
    """Name the values of a piece of code; a value may reuse the name of one no longer read.

    Args:
        events: definitions and reads of the code, from the first line to the last.
        taken: names with another meaning in that code.
        max_length: most characters of a name, without a number that makes it unique.
    """
    events = list(events)
    last_read = {value: i for i, (_, reads) in enumerate(events) for value in reads}
    names: dict[Value, str] = {}
    holders: dict[str, Value] = {}
    for i, (value, _) in enumerate(events):
        if value is None:
            continue
        stem = identifier(value.name, taken, max_length=max_length)
        names[value] = next(
            name
            for name in _numbered(stem)
            if name not in taken and (name not in holders or last_read.get(holders[name], -1) <= i)
        )
        holders[names[value]] = value
    return names


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    number = 2
    while True:
        yield f"{stem}_{number}"
        number += 1
