"""Tasks of the user, guarded: an error of their code is one line, and shapes are checked first."""

import dataclasses
import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import optax

from lionhunt.errors import LionhuntError
from lionhunt.proxy_tasks.installed import INSTALLED
from lionhunt.proxy_tasks.task import Task
from lionhunt.proxy_tasks.task_errors import TaskCodeError, TaskError
from lionhunt.proxy_tasks.training import train

_ROLES = ("init", "batch", "loss", "score")
_NOT_YOURS = ("<frozen ", *INSTALLED)


def guard(task: Task) -> Task:
    """Return a task whose functions raise `TaskCodeError` for whatever they raise.

    What Lionhunt raises itself, and a lack of memory, stay as they are.
    """
    # JAX prints the traceback of a callback before it raises.
    logging.getLogger("jax._src.callback").setLevel(logging.CRITICAL)
    guarded = {role: _Guarded(task.name, role, getattr(task, role)) for role in _ROLES}
    return dataclasses.replace(task, **guarded)


@dataclasses.dataclass(frozen=True)
class _Guarded:
    """A function of a task."""

    name: str
    role: str
    function: Callable[..., Any]

    def __call__(self, *args: Any) -> Any:
        return call(self.name, self.role, self.function, *args)


def call(name: str, role: str, function: Callable[..., Any], *args: Any) -> Any:
    """Call code of a task; raise `TaskCodeError` for whatever it raises.

    Args:
        name: of the task.
        role: of the function, for the message.
        function: to call.
        args: its arguments.
    """
    try:
        return function(*args)
    except (LionhuntError, MemoryError):
        raise
    except jax.errors.JaxRuntimeError as error:
        raise of_callback(name, error) from error
    except Exception as error:
        raise TaskCodeError(f"task {name}: {role} raised {describe(error)}") from error


def of_callback(name: str, error: Exception) -> Exception:
    """Return the error of a callback in a task's compiled code; any other error as it is.

    Args:
        name: of the task.
        error: that JAX raised.
    """
    text = str(error).strip()
    if "callback" not in text:
        return error
    # XLA ends the text with the last line of the traceback.
    last = text.splitlines()[-1]
    if "MemoryError" in last.partition(":")[0]:
        return MemoryError(last)
    return TaskCodeError(f"task {name}: a callback raised {last}")


def describe(error: BaseException) -> str:
    """Return one line on an error: its type, its first line, and the last line of your code."""
    text = (str(error).strip().splitlines() or [""])[0]
    frames = traceback.extract_tb(error.__traceback__)
    yours = [frame for frame in frames if not frame.filename.startswith(_NOT_YOURS)]
    place = f" ({Path(yours[-1].filename).name}, line {yours[-1].lineno})" if yours else ""
    return f"{type(error).__name__}{': ' if text else ''}{text}{place}"


def check_shapes(task: Task) -> None:
    """Check what the functions of a task return, without computing anything.

    Raises:
        TaskCodeError: one of them raises.
        TaskError: parameters are no float32 arrays, or a loss or score is no number.
    """
    key = jax.random.key(0)
    params = jax.eval_shape(task.init, task.data, key)
    leaves = jax.tree_util.tree_leaves_with_path(params)
    if not leaves:
        raise TaskError(f"task {task.name}: init returns no array; what should be trained?")
    for path, leaf in leaves:
        if leaf.dtype != jnp.float32:
            place = jax.tree_util.keystr(path)
            raise TaskError(
                f"task {task.name}: init must return float32 arrays; params{place} is "
                f"{leaf.dtype}, shape={leaf.shape}"
            )

    def train_on(data: Any) -> Any:
        # It names a loss or a score that is no number.
        short = dataclasses.replace(task, data=data, num_steps=1, horizons=None)
        return train(short, optax.sgd(0.0), key)

    jax.eval_shape(train_on, task.data)
