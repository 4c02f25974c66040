"""Digests of Python objects by content: functions by their source and by all that they read."""

import dataclasses
import enum
import functools
import hashlib
import importlib.machinery
import inspect
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

from lionhunt.proxy_tasks import Task, TaskError
from lionhunt.proxy_tasks.installed import INSTALLED

_PLAIN = (type(None), bool, int, float, complex, str, bytes, types.EllipsisType, enum.Enum, range)


def digest_of_data(data: Any) -> str:
    """Return 16 hexadecimal digits that identify a tree of arrays."""
    import jax
    import numpy as np

    from lionhunt.proxy_tasks.data.dataset import digest

    leaves, structure = jax.tree.flatten(data)
    arrays = digest(*map(np.asarray, leaves))
    return hashlib.sha256(f"{structure} {arrays}".encode()).hexdigest()[:16]


def digest_of_task(task: Task) -> str:
    """Return 16 hexadecimal digits that identify a task by its functions and its data.

    Raises:
        TaskError: a function reads something that has no content, such as a lock.
    """
    if task.digest:
        text = f"{task.digest} {digest_of_data(task.data)}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]
    return digest_of_object(task, task.name)


def digest_of_object(value: Any, name: str) -> str:
    """Return 16 hexadecimal digits that identify an object; see `digest_of_task`."""
    found = hashlib.sha256()
    for part in _Content(name).parts(value, "it"):
        found.update(f"{len(part)} ".encode() + part)
    return found.hexdigest()[:16]


class _Content:
    """The content of one object, part by part.

    Args:
        name: of the task, for errors.
    """

    def __init__(self, name: str):
        self._name = name
        self._seen: dict[int, int] = {}
        # An object that is gone would lend its number to another one.
        self._kept: list[Any] = []

    def parts(self, value: Any, place: str) -> Iterator[bytes]:
        if isinstance(value, _PLAIN):
            yield f"{type(value).__name__} {value!r}".encode()
            return
        if id(value) in self._seen:
            yield f"seen {self._seen[id(value)]}".encode()
            return
        self._seen[id(value)] = len(self._seen)
        self._kept.append(value)
        yield type(value).__name__.encode()
        yield from self._inner(value, place)

    def _inner(self, value: Any, place: str) -> Iterator[bytes]:
        if isinstance(value, dict):
            for key, item in value.items():
                yield from self.parts(key, place)
                yield from self.parts(item, f"{place}[{key!r}]")
        elif isinstance(value, tuple | list):
            for index, item in enumerate(value):
                yield from self.parts(item, f"{place}[{index}]")
        elif isinstance(value, set | frozenset):
            yield from self.parts(sorted(value, key=repr), place)
        elif isinstance(value, functools.partial):
            yield from self.parts((value.func, value.args, value.keywords), place)
        elif isinstance(value, types.MethodType):
            yield from self.parts((value.__self__, value.__func__.__name__), place)
        elif isinstance(value, types.ModuleType):
            yield value.__name__.encode()
        elif isinstance(value, types.FunctionType):
            yield from self._function(value, place)
        elif isinstance(value, type):
            yield from self._class(value, place)
        elif inner := getattr(value, "__wrapped__", None):
            # A compiled function.
            yield from self.parts(inner, place)
        elif dataclasses.is_dataclass(value):
            yield from self.parts(type(value), place)
            for field in dataclasses.fields(value):
                part = getattr(value, field.name, None)
                yield from self.parts(part, f"{field.name} of {place}")
        elif hasattr(value, "__array__") and hasattr(value, "dtype"):
            yield digest_of_data(value).encode()
        elif _is_installed(value):
            yield f"{value.__module__}.{getattr(value, '__qualname__', value.__name__)}".encode()
        else:
            raise TaskError(
                f"task {self._name}: nothing identifies {place}: a {type(value).__name__}; put "
                "the task into a file, or give Task.from_functions a digest"
            )

    def _function(self, function: types.FunctionType, place: str) -> Iterator[bytes]:
        yield function.__qualname__.encode()
        read = {
            "its defaults": (function.__defaults__, function.__kwdefaults__),
            **_closure(function),
        }
        if not _is_installed(function):
            yield _source(function)
            read |= {name: function.__globals__[name] for name in _globals_of(function)}
        else:
            yield str(function.__module__).encode()
        for name, value in read.items():
            yield name.encode()
            yield from self.parts(value, f"{name}, which {function.__qualname__} reads")

    def _class(self, cls: type, place: str) -> Iterator[bytes]:
        yield f"{cls.__module__}.{cls.__qualname__}".encode()
        if _is_installed(cls):
            return
        for name, value in sorted(vars(cls).items()):
            function = getattr(value, "__func__", getattr(value, "fget", value))
            if isinstance(function, types.FunctionType):
                # Methods that a dataclass makes follow from its fields.
                if function.__code__.co_filename != "<string>":
                    yield from self.parts(function, f"{name} of {place}")
            elif isinstance(value, _PLAIN) and not name.startswith("__"):
                yield f"{name}={value!r}".encode()
        for base in cls.__bases__:
            yield from self.parts(base, place)


def _closure(function: types.FunctionType) -> dict[str, Any]:
    found = {}
    cells = function.__closure__ or ()
    for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
        try:
            found[name] = cell.cell_contents
        # It has no value yet.
        except ValueError:
            found[name] = None
    return found


def _globals_of(function: types.FunctionType) -> list[str]:
    """Return the names of the globals that a function, or one inside it, reads."""

    def names(code: types.CodeType) -> Iterator[str]:
        yield from code.co_names
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                yield from names(constant)

    return sorted(set(names(function.__code__)) & function.__globals__.keys())


def _source(function: Callable[..., Any]) -> bytes:
    try:
        return inspect.getsource(function).encode()
    # Code from a command line has none.
    except (OSError, TypeError):
        return repr(_code(function.__code__)).encode()


def _code(code: types.CodeType) -> tuple[Any, ...]:

    def content(constant: Any) -> Any:
        if isinstance(constant, types.CodeType):
            return _code(constant)
        # The order of a set differs between processes.
        return sorted(constant, key=repr) if isinstance(constant, frozenset) else constant

    return code.co_code, code.co_names, list(map(content, code.co_consts))


def _is_installed(value: Any) -> bool:
    """Return whether the version of a package identifies an object with a name."""
    module = sys.modules.get(getattr(value, "__module__", None) or "")
    if module is None or not hasattr(value, "__name__") or module.__name__ == "__main__":
        return False
    spec = getattr(module, "__spec__", None)
    file = getattr(module, "__file__", None)
    if file is None:
        return spec is not None and spec.origin in ("built-in", "frozen")
    suffixes = tuple(importlib.machinery.EXTENSION_SUFFIXES)
    return file.startswith(INSTALLED) or file.endswith(suffixes)
