"""Errors of tasks: each message is one line that names the task."""

from lionhunt.errors import LionhuntError


class TaskError(LionhuntError):
    """A task that cannot be trained: its loss or score is no number, or a part is missing."""


class TaskCodeError(LionhuntError):
    """An error that the code of a user's task raised; the message names the function."""
