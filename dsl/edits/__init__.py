"""Deterministic edits of programs. May import `dsl.analysis` and `dsl.rewriting`."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lionhunt.dsl.edits import ablations, constants, rounding, state_merging, statements

__all__ = ["ablations", "constants", "rounding", "state_merging", "statements"]
