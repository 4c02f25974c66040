"""Resuming an experiment: its store is opened again, and another experiment is refused."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

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
                recorded = identity(records.info())
        difference = next(differences(recorded, identity(info)), None)
        if difference is not None:
            raise RecordError(
                f"{folder} holds another {store.kind.noun} ({difference}); choose another --out"
            )
        opened = store.open_to_write(folder)
    with opened as records:
        yield records
