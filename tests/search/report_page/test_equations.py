"""Equations as MathML: every program of the library has them."""

import xml.etree.ElementTree as ET

import pytest

import lionhunt
from lionhunt.dsl import library
from lionhunt.search.report_page.equations import to_equations, to_mathml


@pytest.mark.parametrize("name", sorted(library.names())[::4])
def test_programs_of_the_library_have_equations(name):
    latex = lionhunt.program(name).to_latex()
    found = to_equations(latex)
    assert len(found.rows) == latex.partition(r"\end{align*}")[0].count("&=")
    for row in (*found.rows, *(symbol for symbol, _ in found.constants)):
        assert ET.fromstring(row).tag == "math" and r"\\" not in row and "&" not in row


def test_links_and_broken_formulas_are_not_on_a_page():
    assert "example" not in str(to_mathml(r"\href{https://example.org}{x}"))
    assert to_mathml("x^2^3") is None
