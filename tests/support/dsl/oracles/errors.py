"""Errors of programs against their oracles: `python -m tests.support.dsl.oracles.errors`.

The command writes `errors.csv`, from which `make docs` writes a page.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np

from lionhunt.dsl import library
from tests.support.dsl.oracles.all_oracles import ORACLES
from tests.support.dsl.oracles.oracle import Oracle
from tests.support.dsl.oracles.runs import (
    as_float32,
    constants_of,
    draw_run,
    in_float64,
    interpret,
)

FILE = Path(__file__).with_suffix(".csv")


def error(actual, expected) -> float:
    """Return the largest difference of two trees, relative to the largest number of the leaf."""
    actual, expected = (map(np.float64, jax.tree.leaves(tree)) for tree in (actual, expected))
    return max(
        float(np.abs(a - b).max() / np.abs(b).max()) for a, b in zip(actual, expected, strict=True)
    )


def measure(name: str, oracle: Oracle) -> float:
    """Return the error of a program."""
    run = draw_run()
    updates = interpret(library.load(name), run)
    constants = {key: constants_of(name)[key] for key in oracle.constants}
    (expected,) = oracle.updates(in_float64(run), [as_float32(constants)])
    return error(oracle.taken(updates), expected)


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield the rows of the file."""
    for name in library.names():
        for other, oracle in ORACLES:
            if name == other:
                yield name, oracle.name, f"{measure(name, oracle):.1e}"


if __name__ == "__main__":
    table = [("program", "oracle", "error"), *rows()]
    with FILE.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(table)
