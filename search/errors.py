"""Errors of `search` that a user can act on; each message is one line that says what to do."""

from lionhunt.errors import LionhuntError


class ConfigError(LionhuntError, ValueError):
    """A configuration that cannot be used: one line that says where and why."""


class MutationError(LionhuntError):
    """A program that the space gives no valid mutation of."""


class OutputError(LionhuntError):
    """A file that cannot be written: one line that says what to do."""


class QueryError(LionhuntError):
    """A query that cannot be answered: one line that says why."""


class WorkerError(LionhuntError):
    """Workers that cannot go on: one line that says why and what to do."""


class RecordError(LionhuntError):
    """A file of records that cannot be used: one line that says why and what to do."""


class ScorerError(Exception):
    """A job that the scorer was not made for: a bug of whoever made it."""


class SourceError(LionhuntError, ValueError):
    """A word that names nothing, or no program: one line that says what to do.

    Attributes:
        excerpt: the offending line of a program with a caret below the place; may be empty.
    """

    def __init__(self, message: str, excerpt: str = ""):
        super().__init__(message)
        self.excerpt = excerpt
