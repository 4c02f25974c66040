"""Raw tables of a config, made from what a user gives in Python."""

from typing import Any

from lionhunt.search.user_code.task_options import UserTask
from lionhunt.search.user_code.task_values import to_table


def with_tables(raw: Any) -> Any:
    """Return the raw tables of a config, with a table for each task that is a Python object."""
    if isinstance(raw, dict):
        return {key: with_tables(value) for key, value in raw.items()}
    if isinstance(raw, list | tuple):
        return [with_tables(value) for value in raw]
    return raw.to_json() if isinstance(raw, UserTask) else to_table(raw)
