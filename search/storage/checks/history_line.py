"""The lines of a history that its digest is made of."""

import json
from json.encoder import encode_basestring_ascii
from math import isfinite


def json_line(
    index: int, parent: int | None, mutation: str, program: str, fitness: float | None
) -> str:
    """Return `json.dumps` of the list of the arguments, and an end of line, in less time."""
    # Infinity has another name in JSON than in Python.
    number = repr(fitness) if fitness is not None and isfinite(fitness) else json.dumps(fitness)
    return (
        f"[{index}, {'null' if parent is None else parent}, {encode_basestring_ascii(mutation)}, "
        f"{encode_basestring_ascii(program)}, {number}]\n"
    )
