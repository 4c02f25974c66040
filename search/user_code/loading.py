"""Loading of the user's code, and of what identifies it.

A file is imported once in a process. It may import files beside it. Its folder comes last among
those that modules are imported from, so that it hides no installed package.
"""

import hashlib
import importlib
import importlib.util
import modulefinder
import sys
import traceback
from collections.abc import Collection, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from lionhunt.search.errors import SourceError, did_you_mean, first_line
from lionhunt.search.user_code.reference import Reference

Digests = Mapping[str, str]
"""The digest of each source file, by its path."""


class UserCode(NamedTuple):
    """An object of the user.

    Attributes:
        value: the object.
        digests: of the files that it may come from.
    """

    value: Any
    digests: Digests

    @property
    def digest(self) -> str:
        """Return 16 hexadecimal digits that identify the contents of the files."""
        contents = " ".join(sorted(self.digests.values()))
        return hashlib.sha256(contents.encode()).hexdigest()[:16]


class _File(NamedTuple):
    """A file that was imported."""

    module: ModuleType
    digests: Digests


_files: dict[str, _File] = {}
"""The files that this process imported, by full path."""


def load(text: str) -> UserCode:
    """Load what a reference names; the code of its module is executed.

    Args:
        text: the reference. A path starts from the current folder.

    Raises:
        SourceError: there is no such module or object, or its code raises.
    """
    reference = Reference.parse(text)
    module, digests = load_module(reference.module)
    try:
        return UserCode(getattr(module, reference.name), digests)
    except AttributeError:
        names = [name for name in vars(module) if not name.startswith("_")]
        near = did_you_mean(reference.name, names)
        raise SourceError(f"{reference.module} has no '{reference.name}'{near}") from None


def load_module(name: str) -> UserCode:
    """Load a whole module; its code is executed.

    Args:
        name: path of a file, from the current folder; or dotted name of a module.

    Raises:
        SourceError: there is no such module, or its code raises.
    """
    if name.endswith(".py"):
        return UserCode(*_import_file(Path(name).absolute()))
    return UserCode(*_import_module(name))


def source_digests(text: str) -> Digests:
    """Return the digests of the files that a reference may come from; see `module_digests`."""
    return module_digests(Reference.parse(text).module)


def module_digests(name: str) -> Digests:
    """Return the digests of the files that a module may come from, as they are now.

    Nothing is executed. A file that is gone has no digest.

    Raises:
        SourceError: a file cannot be read, or is not Python.
    """
    if name.endswith(".py"):
        return _digests_beside(Path(name).absolute())
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError) as error:
        raise SourceError(f"cannot import {name}: {first_line(error)}") from None
    if spec is None:
        raise SourceError(f"there is no module {name}; install its package")
    return _digests_of_package(name, spec.origin)


def changed_files(recorded: Digests, current: Digests) -> list[str]:
    """Return the files whose digests differ, or that only one side has, in order of their paths."""
    paths = sorted(recorded.keys() | current.keys())
    return [path for path in paths if recorded.get(path) != current.get(path)]


def imported_files() -> list[ModuleType]:
    """Return the modules of the user's files, and of those beside them, that were imported."""
    paths = {path for file in _files.values() for path in file.digests}
    modules = list(sys.modules.values())
    return [module for module in modules if getattr(module, "__file__", None) in paths]


def module_folders() -> list[str]:
    """Return the folders of the user's files that were imported."""
    return sorted({str(Path(path).parent) for path in _files})


def path_of_module(module: ModuleType) -> str | None:
    """Return the path of a file that was imported as a module; None for any other module."""
    return next((path for path, file in _files.items() if file.module is module), None)


def _import_file(path: Path) -> _File:
    """Import a file, unless that was done and it has not changed since."""
    digests = _digests_beside(path)
    known = _files.get(str(path))
    if known is not None and known.digests == digests:
        return known
    for beside in digests:
        # A notebook may edit a file and load it again.
        _forget(beside)
    folder = str(path.parent)
    if folder not in sys.path:
        sys.path.append(folder)
    name = f"lionhunt_user_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    # SystemExit too.
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, KeyboardInterrupt):
            raise
        raise SourceError(f"cannot import {path}: {_describe(error, [str(path)])}") from None
    _files[str(path)] = _File(module, digests)
    return _files[str(path)]


def _import_module(name: str) -> _File:
    try:
        module = importlib.import_module(name)
    except Exception as error:
        raise SourceError(f"cannot import {name}: {_describe(error)}") from None
    return _File(module, _digests_of_package(name, getattr(module, "__file__", None)))


def _forget(path: str) -> None:
    """Remove the modules of a file, so that they are imported anew."""
    for name, module in list(sys.modules.items()):
        if getattr(module, "__file__", None) == path:
            del sys.modules[name]


def _digests_beside(path: Path) -> Digests:
    """Return the digests of a file and of all that it imports from its folder."""
    # Imports inside functions count too, which a look at the imported modules would miss.
    finder = modulefinder.ModuleFinder(path=[str(path.parent)], excludes=["lionhunt"])
    try:
        finder.run_script(str(path))
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from None
    except SyntaxError as error:
        raise SourceError(f"{path} is not Python: {_describe(error)}") from None
    except ValueError as error:
        raise SourceError(f"{path} is not Python: {first_line(error)}") from None
    files = [getattr(module, "__file__", None) for module in finder.modules.values()]
    paths = [Path(file).absolute() for file in files if file]
    return {str(each): _digest(each) for each in sorted(paths)}


def _digests_of_package(module: str, origin: str | None) -> Digests:
    """Return the digests of all Python files of a module's package, or of a single module."""
    if origin is None or not origin.endswith(".py"):
        raise SourceError(f"the module {module} has no source that could identify it")
    path = Path(origin)
    depth = module.count(".") + (path.name == "__init__.py")
    if depth == 0:
        return {str(path): _digest(path)}
    root = path.parents[depth - 1]
    return {str(each): _digest(each) for each in sorted(root.rglob("*.py"))}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _describe(error: BaseException, paths: Collection[str] = ()) -> str:
    """Return one line about an error of the user's code.

    Args:
        error: the error.
        paths: files of which the last line on the way to the error is named.
    """
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: {error.msg}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename in paths]
    place = f"line {lines[-1]}: " if lines else ""
    return f"{place}{type(error).__name__}: {first_line(error)}"
