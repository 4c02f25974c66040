"""Exported optimizers for the suites of torch and optax: programs, modules, and marks of tests."""

import functools
import sys
import types
from collections.abc import Callable, Collection, Mapping
from typing import Any

import pytest

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.dsl.export import to_optax, to_torch
from lionhunt.dsl.program import Const, Program, Var
from lionhunt.dsl.text.docstring import ProgramDoc
from tests.support.dsl.exported_files import NO_NOTES, PROGRAMS

EXTRA = {
    # A number of each array, a number of the whole tree, and a state of one number an array.
    "clipped": """
def f(w, g, n, lr):
  size = norm(g)
  n = interp(size, n, 0.75)
  total = global_norm(g)
  total = total + 1.0
  update = g / total
  scale = n + 1.0
  update = update / scale
  update = update * lr
  return update, n
""",
    # No learning rate, and states that change places.
    "unscheduled": """
def f(w, g, m, v, lr):
  n = interp(g, m, 0.5)
  update = n * 0.01
  return update, v, n
""",
    # The update does not read the gradient.
    "shrinking": """
def f(w, g, lr):
  update = w * lr
  return update
""",
}
"""Programs that show what no program of the library does."""

NAMES = (*PROGRAMS, *EXTRA)

REPRESENTATIVES = ("adamw", "lion", "raw_lion", "ademamix", "adafactor", "regularized", "clipped")
"""Programs of all kinds: decay, signs, found, counters, arrays in passes, whole trees."""


def program(name: str) -> Program:
    """Return a program of the library or of this file."""
    return dsl.parse(EXTRA[name]) if name in EXTRA else library.load(name)


def notes(name: str) -> ProgramDoc:
    """Return the docstring of a program."""
    return NO_NOTES if name in EXTRA else library.doc(name)


def constants(name: str) -> dict[str, float]:
    """Return the named constants of the live part of a program."""
    statements = dsl.simplify(program(name)).statements
    live = {arg.value for s in statements for arg in s.args if isinstance(arg, Const)}
    return {each.name: each.value for each in notes(name).constants if each.value in live}


FEW = ("adamw", "clipped")
"""Programs for the tests that take long: counters and decay, arrays in passes."""

ONE = ("adamw",)
"""The program for the tests that take longest."""

WHOLE_TREE = ("clip", "global_norm", "dot", "cosine_sim")
"""Functions that see all arrays together."""

ALL_TOGETHER = {
    name: "its update of an array depends on the other arrays"
    for name in NAMES
    if any(each.op in WHOLE_TREE for each in dsl.simplify(program(name)).statements)
}


def rate(name: str) -> float:
    """Return a learning rate at which a program descends."""
    rates = {"regularized": 0.05, "adagrad_like": 0.05, "adafactor": 0.01}
    return rates.get(name, 1.0 if "peak_learning_rate" in constants(name) else 1e-3)


def reads(name: str, index: int) -> bool:
    """Check that the live part of a program reads an input: 0 the weights, -1 the schedule."""
    simple = dsl.simplify(program(name))
    variable = simple.inputs[index]
    for statement in simple.statements:
        if Var(variable) in statement.args:
            return True
        if statement.target == variable:
            return False
    return Var(variable) in simple.outputs


@functools.cache
def module(name: str, export: Callable[..., str]) -> types.ModuleType:
    """Import the exported file of a program, so that its names can be pickled."""
    title = f"{export.__name__}_{name}"
    made = types.ModuleType(title)
    exec(compile(export(program(name), name, notes(name)), title, "exec"), made.__dict__)
    sys.modules[title] = made
    return made


def optax_text(name: str) -> str:
    """Return the exported optax file of a program."""
    return to_optax(program(name), name, notes(name))


def has_betas(name: str) -> bool:
    """Check that an exported torch optimizer keeps its decays as betas, which schedulers cycle."""
    return "beta1" in constants(name) and '"betas"' in to_torch(program(name), name, notes(name))


def optax_function(name: str) -> Callable[..., Any]:
    """Return the exported function that makes an optax optimizer."""
    return getattr(module(name, to_optax), name)


def torch_class(name: str) -> type:
    """Return the exported torch optimizer."""
    import torch

    (found,) = (
        value
        for value in vars(module(name, to_torch)).values()
        if isinstance(value, type) and issubclass(value, torch.optim.Optimizer)
    )
    return found


def without(applies: Callable[[str], bool], reason: str) -> dict[str, str]:
    """Return the reason for each program to which a test does not apply."""
    return {name: reason for name in NAMES if not applies(name)}


def on_programs(
    unless: Mapping[str, str] | None = None, *, quick: Collection[str] = REPRESENTATIVES
) -> Callable[[Callable], Callable]:
    """Parametrize a test over all programs by their `name`.

    Args:
        unless: for each program to which the test does not apply, the reason.
        quick: programs that always run; the others run with `-m slow` alone.
    """
    left_out = dict(unless or {})

    def mark(test: Callable) -> Callable:
        test.__dict__["not_applicable"] = left_out
        params = [
            pytest.param(
                name,
                marks=[] if name in quick else [pytest.mark.slow],
            )
            for name in NAMES
            if name not in left_out
        ]
        return pytest.mark.parametrize("name", params)(test)

    return mark
