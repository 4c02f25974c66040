"""Fingerprints: names of what programs compute."""

import hashlib
from collections.abc import Mapping
from itertools import compress
from operator import is_
from typing import NamedTuple

from lionhunt.dsl.analysis.canonical import Canonical, canonicalize, canonicalize_live
from lionhunt.dsl.analysis.liveness import find_live
from lionhunt.dsl.op import Op
from lionhunt.dsl.op_table import per_table
from lionhunt.dsl.program import Program, Statement


class AnalyzedProgram(NamedTuple):
    """A program with the results of its analysis.

    Attributes:
        program: as written.
        needed: its live statements.
        canonical: its canonical form.
        fingerprint: the name of that form.
    """

    program: Program
    needed: tuple[Statement, ...]
    canonical: Canonical
    fingerprint: str


def fingerprint(program: Program) -> str:
    """Return the fingerprint of a valid program: 32 hexadecimal digits.

    Programs of equal canonical form have equal fingerprints. A fingerprint does not depend on the
    machine, the process or the version of Python. Of the op table it depends on the names alone,
    and on the source of the user's functions.
    """
    return _digest(canonicalize(program))


def analyze(program: Program, parent: AnalyzedProgram | None = None) -> AnalyzedProgram:
    """Return the analysis of a valid program.

    Args:
        program: the program.
        parent: the analysis of the program that this one was edited from, if any. Most edits of a
            long program change redundant statements alone. Such a child takes over the canonical
            form of its parent.
    """
    needed, live_states = find_live(program)
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


@per_table
def _full_names(ops: Mapping[str, Op]) -> dict[str, str]:
    return {op.name: op.full_name for op in ops.values()}


def _digest(canonical: Canonical) -> str:
    names = _full_names()
    instructions = [(names[op], operands) for op, operands, _, _ in canonical.instructions]
    form = (canonical.num_states, canonical.constants, instructions, canonical.outputs)
    return hashlib.blake2b(repr(form).encode(), digest_size=16).hexdigest()
