"""Tasks that were given as Python objects: this process knows them by the digest of their content.

A file holds no code of them. To resume a run in another process, you give the objects again.
"""

from typing import Any

from lionhunt.search.errors import SourceError

_given: dict[str, Any] = {}
"""Tasks and instances of task classes, by digest."""


def give(value: Any, digest: str) -> None:
    """Remember an object by its digest."""
    _given[digest] = value


def given(name: str, digest: Any) -> Any:
    """Return the object of a digest; raise `SourceError` if this process was not given it."""
    try:
        return _given[digest]
    except (KeyError, TypeError):
        others = f" (it was given {', '.join(_given)})" if _given else ""
        raise SourceError(
            f"task {name} was given as a Python object with the digest {digest}, which this "
            f"process does not have{others}; give it again, as in lionhunt.resume(RUN, "
            "tasks=[...]), or put it into a file"
        ) from None
