"""The name of what a program computes."""

import hashlib
from itertools import compress
from operator import is_
from typing import NamedTuple

from lionhunt.dsl.analysis.canonical import Canonical, canonicalize, canonicalize_live
from lionhunt.dsl.analysis.liveness import live
from lionhunt.dsl.program import Program, Statement


class AnalyzedProgram(NamedTuple):
    """What a program computes.

    Attributes:
        program: as written.
        needed: its statements that matter.
        canonical: its canonical form.
        fingerprint: the name of that form.
    """

    program: Program
    needed: tuple[Statement, ...]
    canonical: Canonical
    fingerprint: str


def fingerprint(program: Program) -> str:
    """Returns 32 hexadecimal digits; equal for valid programs of equal canonical form.

    It depends on no machine, process or Python version, and on the op table through names alone.
    """
    return _digest(canonicalize(program))


def analyze(program: Program, parent: AnalyzedProgram | None = None) -> AnalyzedProgram:
    """Returns the identity of a valid program.

    Args:
        program: of which one wants to know it.
        parent: the identity of the program that this one was edited from, if any. Most edits of a
            long program touch only what does not matter: such a child computes what its parent
            computes.
    """
    needed, live_states = live(program)
    statements = tuple(compress(program.statements, needed))
    if (
        parent is not None
        and program.inputs is parent.program.inputs
        and program.outputs is parent.program.outputs
        and len(statements) == len(parent.needed)
        and all(map(is_, statements, parent.needed))
    ):
        return AnalyzedProgram(program, statements, parent.canonical, parent.fingerprint)
    canonical = canonicalize_live(program, statements, live_states)
    return AnalyzedProgram(program, statements, canonical, _digest(canonical))


def _digest(canonical: Canonical) -> str:
    instructions = [(op, operands) for op, operands, _, _ in canonical.instructions]
    form = (canonical.num_states, canonical.constants, instructions, canonical.outputs)
    return hashlib.blake2b(repr(form).encode(), digest_size=16).hexdigest()
