"""Disassembly: the program of a bytecode computes what the bytecode does."""

import numpy as np
from hypothesis import given

from lionhunt import dsl
from lionhunt.dsl.analysis.canonical import canonicalize
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.dsl.execution.disassembly import disassemble
from tests.support.dsl.library_programs import each_program
from tests.support.dsl.programs import programs


@given(programs())
def test_program_has_the_same_canonical_form(program):
    assert repr(canonicalize(disassemble(assemble(program)))) == repr(canonicalize(program))


@each_program()
def test_library_program_comes_back(name):
    program = dsl.library.load(name)
    found = disassemble(assemble(program))
    assert dsl.fingerprint(found) == dsl.fingerprint(program)
    for one, other in zip(assemble(found), assemble(program), strict=True):
        np.testing.assert_array_equal(one, other)
