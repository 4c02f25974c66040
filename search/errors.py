"""Errors of `search` that a user can act on; each message is one line that says what to do."""

import difflib
import shlex
from collections.abc import Iterable
from pathlib import Path

from lionhunt.errors import LionhuntError

MAX_NEAR = 100
"""Characters of the longest word for which a near one is looked for."""


class ConfigError(LionhuntError, ValueError):
    """A configuration that cannot be used; the message names the key and the problem."""


class MutationError(LionhuntError):
    """A program without any valid mutation in the mutation space."""


class OutputError(LionhuntError):
    """A file that cannot be written."""


class QueryError(LionhuntError):
    """A query that cannot be answered."""


class UserCodeError(LionhuntError):
    """A function of the user that fails, or that returns something it must not."""


class OutOfTimeError(UserCodeError):
    """A function of the user that takes too long."""


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


def command_line(*words: object, settings: Iterable[str] | None = None) -> str:
    """Return a command of Lionhunt as you may give it to a shell.

    Args:
        words: its words; one that is a `Path` is never taken for an option, nor for a program of
            the library.
        settings: the values of its options `--set`.
    """
    texts = [
        f"./{word}" if isinstance(word, Path) and word.parts == (word.name,) else str(word)
        for word in words
    ]
    replaced = [word for setting in settings or () for word in ("--set", setting)]
    return shlex.join(["lionhunt", *texts, *replaced])


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """Return a question for the nearest of the names; empty if none is near."""
    if not word or len(word) > MAX_NEAR:
        return ""
    names = list(names)
    near = difflib.get_close_matches(word, names, n=1)
    near = near or [name for name in names if name.startswith(word)]
    return f"; did you mean '{near[0]}'?" if near else ""
