"""Activities: what a command does at the moment, with a count where there is one."""

from collections.abc import Callable, Generator
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class Activity(NamedTuple):
    """An activity; as text, it is one line.

    Attributes:
        text: in a few words.
        done: units that are done.
        total: all units; 0 if they cannot be counted.
        unit: noun of the units, in the plural.
    """

    text: str
    done: float = 0
    total: int = 0
    unit: str = ""

    @property
    def count_text(self) -> str:
        """Return the count in words; empty if there is none."""
        return f"{int(self.done):,} of {self.total:,} {self.unit}".rstrip() if self.total else ""

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.text, self.count_text)))


OnActivity = Callable[[Activity], None]
"""Receives each activity as it begins, and again when its count has grown."""


def ignore(activity: Activity) -> None:
    """Do nothing with an activity."""


def exhaust(events: Generator[Any, None, T], on_event: Callable[[Any], object] | None) -> T:
    """Consume a generator, pass its events on, and return its result."""
    while True:
        try:
            event = next(events)
        except StopIteration as stop:
            return stop.value
        if on_event is not None:
            on_event(event)
