"""Fingerprints: names of what programs compute."""

import hashlib
from collections.abc import Mapping
from itertools import compress
from operator import is_
from typing import NamedTuple

from lionhunt.dsl.analysis.canonical import Canonical, canonicalize, canonicalize_live
from lionhunt.dsl.analysis.liveness import find_live, walk_back
from lionhunt.dsl.op import Op
from lionhunt.dsl.op_table import per_table
from lionhunt.dsl.program import Arg, Program, Statement


class AnalyzedProgram(NamedTuple):
    """A program with the results of its analysis.

    Attributes:
        program: as written.
        needed: its live statements.
        live_outputs: its outputs without the new values of dead states.
        canonical: its canonical form.
        fingerprint: the name of that form.
    """

    program: Program
    needed: tuple[Statement, ...]
    live_outputs: tuple[Arg, ...]
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
    if parent is not None and _has_live_part_of(parent, program):
        return AnalyzedProgram(program, *parent[1:])
    needed, live_states = find_live(program)
    statements = tuple(compress(program.statements, needed))
    update, *new_states = program.outputs
    is_live = [name in live_states for name in program.states]
    live_outputs = (update, *compress(new_states, is_live))
    canonical = canonicalize_live(program, statements, live_states)
    return AnalyzedProgram(program, statements, live_outputs, canonical, _digest(canonical))


def _has_live_part_of(parent: AnalyzedProgram, program: Program) -> bool:
    """Return whether an edited program has the live statements of its parent, and no others.

    One walk with the live states of the parent decides it. If only the same statements are needed
    then, the search for live states goes as in the parent.
    """
    if program.inputs is not parent.program.inputs or program.outputs is not parent.program.outputs:
        return False
    needed, _ = walk_back(program, parent.live_outputs)
    statements = tuple(compress(program.statements, needed))
    return len(statements) == len(parent.needed) and all(map(is_, statements, parent.needed))


@per_table
def _full_names(ops: Mapping[str, Op]) -> dict[str, str]:
    return {op.name: op.full_name for op in ops.values()}


def _digest(canonical: Canonical) -> str:
    names = _full_names()
    instructions = [(names[op], operands) for op, operands, _, _ in canonical.instructions]
    form = (canonical.num_states, canonical.constants, instructions, canonical.outputs)
    return hashlib.blake2b(repr(form).encode(), digest_size=16).hexdigest()
