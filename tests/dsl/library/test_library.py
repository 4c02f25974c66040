"""The programs of the library: their form, their summaries and sources.

`test_known_optimizers` checks that they are the optimizers of their names.
"""

import re

import pytest

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.dsl.program import Const


@pytest.mark.parametrize("name", library.names())
def test_program_is_valid_and_has_a_summary_and_a_source(name):
    dsl.infer(library.load(name))
    doc = library.doc(name)
    assert re.fullmatch(r"[A-Z].{10,90}\.", doc.summary)
    assert re.search(r"\b(19|20)\d\d, (arXiv:\d{4}\.\d{4,5}|\")", doc.source.replace("\n", " "))


STRUCTURAL = {-1.0, 0.0, 1.0, 2.0, 4.0}
"""Constants that are not parameters."""


@pytest.mark.parametrize("name", library.names())
def test_docstring_names_every_constant_and_no_other(name):
    arguments = [arg for s in library.load(name).statements for arg in s.args]
    constants = {arg.value for arg in arguments if isinstance(arg, Const)} - STRUCTURAL
    named = library.doc(name).constants
    assert sorted(constant.value for constant in named) == sorted(constants)
    assert len({constant.name for constant in named}) == len(named)


@pytest.mark.parametrize("name", library.names())
def test_text_is_narrow(name):
    assert max(map(len, library.text(name).splitlines())) <= 96


@pytest.mark.parametrize("name", library.names())
def test_program_is_written_in_the_flat_form(name):
    lines = library.text(name).split('"""')
    assert lines[0].rstrip() + lines[2] == str(library.load(name)) + "\n"


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(KeyError, match="no program 'lyon'.*lion, .*momentum"):
        library.load("lyon")
