"""Errors of `search` that a user can act on; each message is one line that says what to do."""

from lionhunt.errors import LionhuntError


class ConfigError(LionhuntError, ValueError):
    """A configuration that cannot be used; the message names the key and the problem."""


class MutationError(LionhuntError):
    """A program without any valid mutation in the mutation space."""


class OutputError(LionhuntError):
    """A file that cannot be written."""


class QueryError(LionhuntError):
    """A query that cannot be answered."""


class WorkerError(LionhuntError):
    """Workers that cannot continue."""


class RecordError(LionhuntError):
    """A file of records that cannot be used."""


class ScorerError(Exception):
    """A job that does not fit its scorer: a bug of the caller."""


class SourceError(LionhuntError, ValueError):
    """A reference that names no program or run.

    Attributes:
        excerpt: the offending line of a program with a caret below the place; may be empty.
    """

    def __init__(self, message: str, excerpt: str = ""):
        super().__init__(message)
        self.excerpt = excerpt


def first_line(error: object) -> str:
    """Return the first line of an error's text, or the name of its type if it has no text."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
