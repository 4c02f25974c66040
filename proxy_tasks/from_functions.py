"""A task from plain functions: `lionhunt.Task.from_functions`."""

import inspect
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from lionhunt.proxy_tasks.task_errors import TaskError

MAX_STEPS = 2**31 - 1


def adapt(
    functions: dict[str, Callable[..., Any]], data: Any, num_steps: int, name: str
) -> dict[str, Any]:
    """Return the data and the functions of a task as `Task` has them.

    Args:
        functions: the user's, by their roles; see `Task.from_functions`.
        data: their data; None without.
        num_steps: training steps.
        name: of the task.

    Raises:
        TaskError: one of them does not fit.
    """
    if isinstance(num_steps, bool) or not isinstance(num_steps, int):
        raise TaskError(f"task {name}: num_steps ({num_steps!r}) must be a whole number")
    if not 0 < num_steps <= MAX_STEPS:
        raise TaskError(f"task {name}: num_steps ({num_steps}) must be from 1 to {MAX_STEPS:,}")
    if not name.isidentifier():
        raise TaskError(f"the name of a task must be a word of letters and digits, not {name!r}")
    has_data = data is not None
    wanted = {"init": "key", "loss": "params, batch", "batch": "key", "score": "params"}
    for role, words in wanted.items():
        if has_data and role in ("batch", "score"):
            words += ", data"
        _check_arguments(name, role, functions[role], words)
    init, loss, batch, score = (functions[role] for role in ("init", "loss", "batch", "score"))
    return {
        "data": jax.tree.map(jnp.asarray, data) if has_data else (),
        "init": lambda _, key: init(key),
        "batch": (lambda data, key: batch(key, data)) if has_data else lambda _, key: batch(key),
        "loss": loss,
        "score": score if has_data else lambda params, _: score(params),
    }


def _check_arguments(name: str, role: str, function: Callable[..., Any], words: str) -> None:
    """Raise `TaskError` if a function does not take the arguments of its role."""
    if not callable(function):
        raise TaskError(f"task {name}: {role} must be a function {role}({words})")
    try:
        signature = inspect.signature(function)
    # Some compiled functions do not tell.
    except (TypeError, ValueError):
        return
    try:
        signature.bind(*words.split(", "))
    except TypeError:
        raise TaskError(f"task {name}: {role} must take ({words}), and takes {signature}") from None
