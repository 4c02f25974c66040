"""Parsing of docstrings: summary, source, and named constants."""

import pytest

from lionhunt.dsl.text.docstring import NamedConstant, ProgramDoc, parse_docstring


def test_docstring_is_summary_source_and_constants():
    doc = parse_docstring(
        "Says what.\n\nSomebody, 1999. More of\nthe source.\n\n"
        "beta1 = 0.9: weight of the momentum\nprose = 0.5 of something\nwd = 1E-3: decay: of all"
    )
    assert doc == ProgramDoc(
        "Says what.",
        "Somebody, 1999. More of\nthe source.\n\nprose = 0.5 of something",
        (
            NamedConstant("beta1", 0.9, "weight of the momentum"),
            NamedConstant("wd", 0.001, "decay: of all"),
        ),
    )


@pytest.mark.parametrize(
    ("number", "value"),
    [("2", 2), (".5", 0.5), ("1.", 1), ("-0.25", -0.25), ("1e+2", 100), ("1E-3", 0.001)]
    + [("1_000", 1000)],
)
def test_number_is_one_of_the_language(number, value):
    (constant,) = parse_docstring(f"Says.\n\n  a = {number}: b").constants
    assert constant == NamedConstant("a", value, "b")


@pytest.mark.parametrize(
    "line",
    ["a = 1.2.3: b", "a = 1e: b", "a = x: b", "a = 1 : b", "a = 1:", "1 = 2: b", "a = --1: b"],
)
def test_a_line_without_a_constant_is_prose(line):
    assert parse_docstring(f"Says.\n\n{line}") == ProgramDoc("Says.", line)


def test_an_empty_docstring_has_no_content():
    assert parse_docstring("") == ProgramDoc()
