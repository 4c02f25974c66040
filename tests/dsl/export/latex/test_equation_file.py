"""Exported equations: they are valid LaTeX and match those of a paper."""

import re

import hypothesis
import pytest
from hypothesis import strategies as st
from matplotlib import mathtext

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.dsl.export import to_latex
from tests.support.dsl.exported_files import EVERY_OP, NO_NOTES, PROGRAMS, notes_of, one_op
from tests.support.dsl.programs import CONSTANTS, MODERATE, programs

SYMBOLS = """
def f(w, g, m, lr):
  "Says.\n\n  c1 = 0.25: one\n  beta1 = 0.9: two\n  beta_1 = .8: three\n  beta_fast = 0.6: four"
  m = interp(g, m, 0.9)
  return 0.25 * m + 0.7 * interp(m, g, 0.8) * 0.6, m
"""


def test_constants_have_symbols_of_their_own():
    text = SYMBOLS.replace('"', "'''")
    equations = to_latex(dsl.parse(text), "f", notes_of(text))
    for symbol in (
        r"\beta_{\mathrm{fast}} = 0.6",
        r"$c_1 = 0.25$",
        r"\beta_1 = 0.9",
        r"\mathrm{beta\_1} = 0.8",
        "constant1} = 0.7",
    ):
        assert symbol in equations


@hypothesis.settings(max_examples=60)
@hypothesis.given(programs(constants=st.one_of(CONSTANTS, MODERATE)))
def test_equations_are_valid_latex(program):
    check_latex(to_latex(program, "found", NO_NOTES), program)


@pytest.mark.parametrize("name", PROGRAMS)
def test_equations_of_the_library(name):
    check_latex(to_latex(library.load(name), name, library.doc(name)), library.load(name))


def test_equations_of_every_function():
    for name, words in EVERY_OP:
        program = one_op(name, words)
        check_latex(to_latex(program, name, NO_NOTES), program)


def check_latex(text, program):
    """Check balanced brackets, single superscripts, and an equation for every state.

    Outside math, no character may have a special meaning in TeX.
    """
    text = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    bare = text.replace(r"\|", "")
    assert bare.count("{") == bare.count("}")
    assert bare.count(r"\left") == bare.count(r"\right")
    begin, rest = text.split(r"\begin{align*}")
    equations, where = rest.split(r"\end{align*}")
    outside = begin + re.sub(r"\$[^$]*\$", "", where)
    assert not re.search(r"[_^\\&$%#]", outside)
    rows = [row.split("&=") for row in equations.strip().split(r"\\")]
    assert all(len(row) == 2 and row[0].strip() and row[1].strip() for row in rows)
    lefts = [row[0].strip() for row in rows]
    assert len(set(lefts)) == len(lefts) and lefts[-1] == r"\theta_t" and "u_t" in lefts
    script = r"(?:\w|\{[^{}]*\})"
    assert not re.search(rf"\^{script}(?:_{script})?\^|_{script}(?:\^{script})?_", equations)
    states = dsl.simplify(program).states
    assert len(re.findall(r"(?:_0|,0\}) = 0\$", where)) == len(states)
    assert len(lefts) >= 2 + len(states)


def test_equations_of_lion():
    expected = r"""
\begin{align*}
  u_t &= \eta_t \left( \operatorname{sign}\left( \beta_1 m_{t-1} + (1 - \beta_1) g_t \right)"""
    expected += r""" + \lambda \theta_{t-1} \right) \\
  m_t &= \beta_2 m_{t-1} + (1 - \beta_2) g_t \\
  \theta_t &= \theta_{t-1} - u_t
\end{align*}
"""
    assert expected in to_latex(library.load("lion"), "lion", NO_NOTES)


def test_equations_are_rendered():
    for name in PROGRAMS:
        text = to_latex(library.load(name), name, NO_NOTES)
        rows = text.split(r"\begin{align*}")[1].split(r"\end{align*}")[0].split("\\\\\n")
        for row in rows:
            mathtext.MathTextParser("path").parse(f"${row.strip().replace('&', '')}$")
