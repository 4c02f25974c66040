"""Fixtures of the command line and of a finished run, as in tests/search."""

from tests.search.conftest import lionhunt, run

__all__ = ["lionhunt", "run"]
