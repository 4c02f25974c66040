"""The name of what a program computes."""

import hashlib

from dsl.canonical import Canonical, canonicalize
from dsl.program import Program


def fingerprint(program: Program) -> str:
    """Returns 32 hexadecimal digits; equal for valid programs of equal canonical form.

    It depends on no machine, process or Python version, and on the op table through names alone.
    """
    return fingerprint_canonical(canonicalize(program))


def fingerprint_canonical(canonical: Canonical) -> str:
    """Returns the fingerprint of a canonical form."""
    instructions = [(op, operands) for op, operands, _, _ in canonical.instructions]
    form = (canonical.num_states, canonical.constants, instructions, canonical.outputs)
    return hashlib.blake2b(repr(form).encode(), digest_size=16).hexdigest()
