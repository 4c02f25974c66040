"""The active op table: the built-in functions, and those that the user adds for a while.

A table is a value that never changes. `with table:` makes it the active one for the body, in this
thread alone, and nothing is left of it afterwards. So functions of one run are unknown to another.

    OPS["tanh"], WORDS["maximum"], GROUPS["paper"]    look into the active table
    with OpTable([softsign]): parse(text)             a program with a function of the user
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from lionhunt.dsl.op import FunctionError, Op
from lionhunt.dsl.ops import BUILT_IN

T = TypeVar("T")
Derived = TypeVar("Derived")

OWN_GROUP = "own"
"""The word for all functions of the user, in a config."""


@dataclasses.dataclass(frozen=True, eq=False)
class OpTable:
    """All functions that the language has at a time.

    Attributes:
        own: functions of the user; they come after the built-in ones.
        sources: for each file or module that declares some, the digests of its files.
        load: loads the rules of functions that are known by their declarations alone; None if
            `own` has its rules.

    Raises:
        FunctionError: two functions have one name.
    """

    own: tuple[Op, ...] = ()
    sources: Mapping[str, Mapping[str, str]] = dataclasses.field(default_factory=dict)
    load: Callable[[], "OpTable"] | None = None
    ops: Mapping[str, Op] = dataclasses.field(init=False, repr=False)
    _derived: dict[Any, Any] = dataclasses.field(default_factory=dict, init=False, repr=False)

    def __post_init__(self):
        ops = dict(BUILT_IN)
        for op in self.own:
            if op.name in ops:
                places = {each.own.source for each in (op, ops[op.name]) if each.own}
                of = f"; both are in {places.pop()}" if len(places) == 1 else ""
                raise FunctionError(f"two functions have the name '{op.name}'{of}; rename one")
            ops[op.name] = op
        object.__setattr__(self, "ops", ops)

    def loaded(self) -> "OpTable":
        """Return this table with all rules; the user's code may be executed."""
        return self if self.load is None else self.load()

    def derive(self, make: Callable[[Mapping[str, Op]], Derived]) -> Derived:
        """Return what a function makes of the rows; it is called once for each table."""
        try:
            return self._derived[make]
        except KeyError:
            self._derived[make] = derived = make(self.ops)
            return derived

    def __enter__(self) -> Self:
        _active.set((*_active.get(), self))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _active.set(_active.get()[:-1])

    def __reduce__(self):
        return OpTable, (self.loaded().own, dict(self.sources))


PLAIN = OpTable()
"""The table of the built-in functions alone."""

_active: ContextVar[tuple[OpTable, ...]] = ContextVar("active op tables", default=(PLAIN,))


def active_table() -> OpTable:
    """Return the table that was made active last."""
    return _active.get()[-1]


def per_table(make: Callable[[Mapping[str, Op]], Derived]) -> Callable[[], Derived]:
    """Return a function that returns what `make` derives from the rows of the active table."""

    def derived() -> Derived:
        return _active.get()[-1].derive(make)

    return derived


class _View(Mapping[str, T], Generic[T]):
    """A mapping that looks into the active table.

    Args:
        look: returns the mapping of the active table.
    """

    def __init__(self, look: Callable[[], Mapping[str, T]]):
        self._look = look

    def __getitem__(self, key: str) -> T:
        return self._look()[key]

    def __contains__(self, key: object) -> bool:
        return key in self._look()

    def __iter__(self) -> Iterator[str]:
        return iter(self._look())

    def __len__(self) -> int:
        return len(self._look())


@per_table
def _words(ops: Mapping[str, Op]) -> dict[str, Op]:
    return {**ops, **{op.alias: op for op in ops.values() if op.alias}}


@per_table
def _groups(ops: Mapping[str, Op]) -> dict[str, tuple[str, ...]]:
    groups: dict[str, tuple[str, ...]] = {}
    for op in ops.values():
        names = {op.group: None, OWN_GROUP if op.own else None: None}
        for group in filter(None, names):
            groups[group] = (*groups.get(group, ()), op.name)
    return groups


OPS: Mapping[str, Op] = _View(lambda: active_table().ops)
"""Every function, by its name."""

WORDS: Mapping[str, Op] = _View(_words)
"""Every word that names a function in program text."""

GROUPS: Mapping[str, tuple[str, ...]] = _View(_groups)
"""The functions of each group, which a config names by one word."""

SYMBOLS: dict[str, Op] = {op.symbol: op for op in BUILT_IN.values() if op.symbol}
"""Every infix sign; functions of the user have none."""
