"""Deterministic edits of programs. May import `dsl.analysis` and `dsl.rewriting`."""

__all__ = [
    "ablations",
    "constant_states",
    "constants",
    "named_constants",
    "rounding",
    "state_merging",
    "statements",
]
