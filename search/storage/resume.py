"""Resuming an experiment: its store is opened again, and another experiment is refused."""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from lionhunt.proxy_tasks import FAMILIES
from lionhunt.search.environment import differences
from lionhunt.search.errors import RecordError
from lionhunt.search.storage import database
from lionhunt.search.storage.checked_tables import CheckedTables

StoreType = TypeVar("StoreType", bound=CheckedTables)


@contextmanager
def create_or_resume(
    store: type[StoreType],
    folder: Path,
    info: dict[str, Any],
    identity: Callable[[dict[str, Any]], Any],
) -> Iterator[StoreType]:
    """Open the store of an experiment to write: a new one, or the one in the folder.

    Args:
        store: the class of the store.
        folder: folder of the experiment.
        info: description of the experiment, written to a new store.
        identity: returns the part of such a description that decides the result.

    Raises:
        RecordError: the folder holds another experiment, or is unusable.
    """
    if not (folder / store.kind.file_name).is_file():
        opened = store.create(folder, info)
    else:
        database.recover(store.kind, folder)
        with store.open_to_read(folder) as records:
            with database.decoding(records.path):
                recorded = identity(with_all_options(records.info()))
        difference = next(differences(recorded, identity(with_all_options(info))), None)
        if difference is not None:
            raise RecordError(
                f"{folder} holds another {store.kind.noun} ({difference}); choose another --out"
            )
        opened = store.open_to_write(folder)
    with opened as records:
        yield records


def with_all_options(recorded: Any) -> Any:
    """Return JSON values in which tasks have all options; records of earlier versions lack some."""
    if isinstance(recorded, list):
        return [with_all_options(value) for value in recorded]
    if not isinstance(recorded, dict):
        return recorded
    values = {key: with_all_options(value) for key, value in recorded.items()}
    kind = values.get("kind")
    if isinstance(kind, str) and kind in FAMILIES:
        for field in dataclasses.fields(FAMILIES[kind]):
            if field.default is not dataclasses.MISSING:
                values.setdefault(field.name, field.default)
    return values
