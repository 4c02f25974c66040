"""Functions of the user: loaded from the files that a config names, recorded, and read back.

A record holds their declarations and the digests of their files. What only reads or prints needs
no more. The first rule that is needed loads the files, if they are as they were.
"""

import dataclasses
import functools
import importlib.metadata
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pydantic

from lionhunt.dsl.functions.declaration import declare
from lionhunt.dsl.op import FunctionError, Op, Own
from lionhunt.dsl.op_table import OpTable, active_table
from lionhunt.search.errors import ConfigError, SourceError
from lionhunt.search.user_code.loading import (
    Digests,
    UserCode,
    changed_files,
    load_module,
    module_digests,
)

ENTRY_POINTS = "lionhunt.functions"
"""The group by which installed packages offer modules with functions."""
RECORDED = "functions"
"""The key of the functions in the info of a run."""
MAX_FUNCTIONS = 100


def load_functions(names: Iterable[str]) -> OpTable:
    """Load the functions that files and modules declare; the files are executed.

    Args:
        names: paths of files, dotted names of modules, or names of entry points.

    Raises:
        SourceError: a file cannot be loaded, or declares no function.
        FunctionError: two functions have one name, or a rule is wrong.
    """
    own: dict[int, Op] = {}
    sources: dict[str, Digests] = {}
    for name in names:
        code = load_module(_module_of(name))
        found = [value for value in vars(code.value).values() if isinstance(value, Op)]
        if not found:
            raise SourceError(f"{name} declares no function; use @lionhunt.function in it")
        for op in found:
            if id(op) not in own:
                own[id(op)] = _tested(op, name, code)
        sources[name] = code.digests
    return OpTable(tuple(own.values()), sources)


def _tested(op: Op, name: str, code: UserCode) -> Op:
    """Return a function with its source, once its rule is tested."""
    # A rule is tested with JAX, which commands that need no rule do not import.
    from lionhunt.dsl.functions.trial import try_rule

    if op.own is None:
        raise SourceError(f"{name} has the built-in function {op.name}; remove it")
    try:
        try_rule(op)
    except FunctionError as error:
        raise FunctionError(f"{name}: {error}") from None
    return dataclasses.replace(op, own=dataclasses.replace(op.own, source=name, digest=code.digest))


def _module_of(name: str) -> str:
    """Return the file or module that a name stands for; an entry point comes first."""
    if not name.endswith(".py"):
        for point in importlib.metadata.entry_points(group=ENTRY_POINTS, name=name):
            return point.module
    return name


def functions_of(names: Iterable[str]) -> AbstractContextManager[Any]:
    """Return a context in which these functions are known.

    Nothing is loaded if they are known already, as they are while a run is read.
    """
    wanted, known = set(names), active_table().sources.keys()
    if wanted == known or wanted and wanted < known:
        return nullcontext()
    return load_functions(names)


def merge(tables: Iterable[OpTable]) -> OpTable:
    """Return a table with the functions of all tables; raise `ConfigError` if two differ."""
    tables = list({id(table): table for table in tables if table.own}.values())
    by_name: dict[str, Op] = {}
    sources: dict[str, Digests] = {}
    for table in tables:
        for op in table.own:
            known = by_name.setdefault(op.name, op)
            if known.full_name != op.full_name:
                raise ConfigError(
                    f"two versions of the function '{op.name}' meet ({_source(known)} and "
                    f"{_source(op)}), and their programs do not mix; use each by itself"
                )
        sources |= table.sources
    if len(tables) == 1:
        return tables[0]
    is_loaded = all(table.load is None for table in tables)
    load = None if is_loaded else lambda: merge(table.loaded() for table in tables)
    return OpTable(tuple(by_name.values()), sources, load)


def _source(op: Op) -> str:
    return f"{op.own.source}, {op.own.digest}" if op.own else "built-in"


def digests_by_source(table: OpTable) -> dict[str, str]:
    """Return one digest for each file or module that declares functions of a table."""
    return {op.own.source: op.own.digest for op in table.own if op.own}


def record_functions(table: OpTable) -> dict[str, Any]:
    """Return the functions of a table as an entry in the info of records; empty without any."""
    if not table.own:
        return {}
    rows = [
        {
            "name": op.name,
            "arity": op.arity,
            "meaning": op.meaning,
            "note": op.note,
            "group": op.group,
            "commutative": op.commutative,
            "own": dataclasses.asdict(op.own),
        }
        for op in table.own
        if op.own
    ]
    sources = {name: dict(digests) for name, digests in table.sources.items()}
    return {RECORDED: {"sources": sources, "rows": rows}}


class _FunctionRow(pydantic.BaseModel):
    """A recorded function."""

    model_config = pydantic.ConfigDict(strict=True, extra="ignore")

    name: str
    arity: int
    meaning: str
    note: str
    group: str
    commutative: bool
    own: dict[str, str | bool]


class _RecordedFunctions(pydantic.BaseModel):
    """The recorded functions of a run."""

    model_config = pydantic.ConfigDict(strict=True, extra="ignore")

    sources: dict[str, dict[str, str]]
    rows: list[_FunctionRow] = pydantic.Field(min_length=1, max_length=MAX_FUNCTIONS)


def read_functions(recorded: Any, place: str) -> OpTable:
    """Return the table of recorded functions; their rules are loaded once one is needed.

    Args:
        recorded: the entry of `record_functions`.
        place: the folder of the records.

    Raises:
        ValueError: the entry is not as it was written.
    """
    read = _RecordedFunctions.model_validate(recorded)
    for name in read.sources:
        # Records may come from elsewhere, and must not choose a file of this folder.
        if name.endswith(".py") and not Path(name).is_absolute():
            raise ValueError(f"{name} is no full path")
    load = functools.cache(functools.partial(_load_again, read.sources, place))
    own = []
    for row in read.rows:
        declared = declare(
            row.name,
            row.arity,
            row.meaning,
            note=row.note,
            group=row.group,
            commutative=row.commutative,
            own=Own(**row.own),  # pyright: ignore[reportArgumentType]
        )
        evaluate = functools.partial(_evaluate, load, row.name)
        own.append(dataclasses.replace(declared, evaluate=evaluate))
    return OpTable(tuple(own), read.sources, load)


def _load_again(sources: Mapping[str, Digests], place: str) -> OpTable:
    """Load the files of recorded functions, if they are as they were."""
    for name, recorded in sources.items():
        if name.endswith(".py") and Path(name).resolve().is_relative_to(Path(place).resolve()):
            # The folder may come from somebody else, with the file in it.
            raise SourceError(
                f"{name} lies in the folder of the run that names it, so it is not executed; "
                "keep it elsewhere"
            )
        current = module_digests(_module_of(name))
        if sorted(current.values()) == sorted(recorded.values()):
            continue
        files = changed_files(recorded, current)
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        raise SourceError(
            f"{files[0]}{more} changed since {place} was made, and its functions with it; restore "
            "the file, or start a new run"
        )
    return load_functions(sources)


def _evaluate(load: Callable[[], OpTable], name: str, *args: Any) -> Any:
    return load().ops[name].evaluate(*args)
