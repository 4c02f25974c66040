"""Tables of a config for tasks that are given in Python."""

import sys
import types
from pathlib import Path
from typing import Any

from lionhunt.proxy_tasks import Task
from lionhunt.proxy_tasks.task_class import fields_of, is_task_class
from lionhunt.proxy_tasks.task_options import TaskOptions
from lionhunt.search.user_code.content_digest import digest_of_object, digest_of_task
from lionhunt.search.user_code.given import give
from lionhunt.search.user_code.loading import path_of_module
from lionhunt.search.user_code.own_options import make_own, values_of


def to_table(value: Any) -> Any:
    """Return the table of a config for a task; any other value as it is.

    A class that another process can import is named by its reference. Other objects this process
    remembers.

    Raises:
        TaskError: nothing identifies the content of an object.
    """
    if isinstance(value, TaskOptions):
        return value.values()
    if isinstance(value, Task):
        return _remembered(value, value.name, digest_of_task(value))
    if not is_task_class(type(value)):
        return value
    reference = find_reference(type(value))
    if reference is not None:
        options = values_of(value)
        # What JSON cannot hold has no place in a file.
        if options.keys() == fields_of(type(value)).keys() and _is_same(value, options):
            return {"kind": reference, **options}
    name = type(value).__name__
    return _remembered(value, name, digest_of_object(value, name))


def _is_same(value: Any, options: dict[str, Any]) -> bool:
    try:
        return bool(make_own(type(value), options) == value)
    # Arrays, for instance, do not compare.
    except Exception:
        return False


def _remembered(value: Any, name: str, digest: str) -> dict[str, Any]:
    give(value, digest)
    return {"kind": f"<{name}>", "digest": digest, "num_steps": value.num_steps}


def find_reference(cls: Any) -> str | None:
    """Return a reference that leads any process to a class or function; None for none."""
    module = sys.modules.get(cls.__module__)
    if module is None or getattr(module, cls.__qualname__, None) is not cls:
        return None
    if path := path_of_module(module):
        return f"{path}:{cls.__qualname__}"
    if module.__name__ == "__main__" or not getattr(module, "__file__", None):
        return None
    if "." in module.__name__ or _is_installed(module):
        return f"{module.__name__}:{cls.__qualname__}"
    # A file beside a script.
    return f"{Path(str(module.__file__)).absolute()}:{cls.__qualname__}"


def _is_installed(module: types.ModuleType) -> bool:
    return "site-packages" in Path(str(module.__file__)).parts
