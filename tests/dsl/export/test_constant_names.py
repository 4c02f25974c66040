"""Names of constants, from the docstring or from their roles."""

import pytest

from lionhunt import dsl
from lionhunt.dsl.export import to_optax, to_torch
from lionhunt.dsl.export.constant_names import name_constants
from lionhunt.dsl.export.dataflow import trace
from lionhunt.dsl.float32 import to_float32
from lionhunt.dsl.text.docstring import ProgramDoc
from tests.support.dsl.exported_files import notes_of


def names(text, doc=None):
    """Return the name and the value of each constant of a program."""
    doc = notes_of(text) if doc is None else doc
    named = {to_float32(constant.value) for constant in doc.constants}
    naming = name_constants(trace(dsl.parse(text), named), doc)
    return {c.name: float(str(round(c.value, 6))) for c in naming.constants}


@pytest.mark.parametrize(
    "expression, expected",
    [
        ("interp(g, w, 0.9)", {"beta": 0.9}),
        ("interp(g, interp(w, g, 0.8), 0.9)", {"beta1": 0.8, "beta2": 0.9}),
        ("interp(g, interp(w, g, 0.9), 0.9)", {"beta": 0.9}),
        ("interp(0.3, g, lr)", {"constant1": 0.3}),
        ("g + w * 0.1", {"weight_decay": 0.1}),
        ("g + 0.1 * (w * lr)", {"weight_decay": 0.1}),
        ("g + lr * 0.1 * w", {"weight_decay": 0.1}),
        ("(g + w * (lr * 0.1)) * (lr * 0.2)", {"weight_decay": 0.1, "peak_learning_rate": 0.2}),
        ("g * (lr * 0.2)", {"peak_learning_rate": 0.2}),
        ("g * lr * 0.2", {"step_size": 0.2}),
        ("(g * 0.3 + lr) * 0.2", {"constant1": 0.3, "step_size": 0.2}),
        ("g / (w + 0.3)", {"epsilon": 0.3}),
        ("g * reciprocal(sqrt(w + 0.3))", {"epsilon": 0.3}),
        ("(g + 0.3) / w", {"constant1": 0.3}),
        ("max(g, 0.3) + min(g, 0.4)", {"constant1": 0.3, "constant2": 0.4}),
        ("g * 2 + 1 - w * -1 + 0", {}),
        ("g * tanh(0.5) + get_pi()", {"constant1": 0.462117}),
        ("g * square(2.0) + exp(1.0)", {}),
    ],
)
def test_names_from_roles(expression, expected):
    assert names(f"def f(w, g, lr): return {expression}") == expected


DOCUMENTED = '''
def f(w, g, m, lr):
  """Something.

  decay = 0.9: how slowly the average forgets.
  unit = 1: a number that would stay a number
  unused = 0.7: not in the program
  """
  m = interp(g, m, 0.8999999761581421)
  return m * 1.0 + w * 0.9 + m * 0.1, m
'''


def test_names_from_the_docstring_stand_for_every_place():
    assert names(DOCUMENTED) == {"decay": 0.9, "unit": 1.0, "constant1": 0.1}
    text = to_optax(dsl.parse(DOCUMENTED), "f", notes_of(DOCUMENTED))
    assert "m = (1 - decay) * g + decay * m" in text and "w * decay" in text
    assert "decay: how slowly the average forgets.\n" in text and "unused" not in text


def test_without_a_name_a_product_with_one_is_its_factor():
    assert names(DOCUMENTED, ProgramDoc()) == {"beta": 0.9, "weight_decay": 0.9, "constant1": 0.1}
    assert "* 1.0" not in to_optax(dsl.parse(DOCUMENTED), "f", ProgramDoc())


def test_arguments_change_what_is_computed():
    for export, argument in ((to_optax, "decay: float = 0.9"), (to_torch, '"decay": decay')):
        assert argument in export(dsl.parse(DOCUMENTED), "f", notes_of(DOCUMENTED))
