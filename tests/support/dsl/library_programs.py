"""Programs of the library in tests: a few at every run, all with `-m slow`."""

from collections.abc import Callable, Collection

import pytest

from lionhunt.dsl import library

QUICK = (
    *("sgd", "lion", "raw_lion", "adamw", "c_adamw", "prodigy"),
    *("adafactor", "came", "muon", "lion_norm", "schedule_free_adamw"),
)
"""Programs of all kinds: signs, counters, flags, rows, matrices, numbers per array and in all."""

ROUNDING = {"came": 2e-4}
"""Tolerances of exports above 2e-5.

A constant rounds in float32 in the program and not in Python: 1 - 0.999 differs by 1.3e-5. For
1 - 0.9999 it is 1.7e-4. CAME has no bias correction, in which the difference would cancel.
"""


def each_program(
    names: Collection[str] = library.names(), quick: Collection[str] = QUICK
) -> Callable[[Callable], Callable]:
    """Parametrize a test over programs by their `name`.

    Args:
        names: programs to which the test applies.
        quick: programs that always run; the others run with `-m slow` alone.
    """
    params = [
        pytest.param(name, marks=[] if name in quick else [pytest.mark.slow]) for name in names
    ]
    return pytest.mark.parametrize("name", params)
