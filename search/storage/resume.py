"""Resuming an experiment: its store is opened again, and another machine is refused."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from lionhunt.search.environment import differences, refuse_difference, summarize_environment
from lionhunt.search.errors import RecordError
from lionhunt.search.evaluation.outcome import Measurement, first_difference
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
        with store.open_to_read(folder) as records:
            recorded = records.info()
        difference = next(differences(identity(recorded), identity(info)), None)
        if difference is not None:
            raise RecordError(
                f"{folder} holds another {store.kind.noun} ({difference}); choose another --out"
            )
        opened = store.open_to_write(folder)
    with opened as records:
        yield records


def check_same_machine(
    records: CheckedTables, recorded: Measurement, measured: Measurement, program: str
) -> None:
    """Raise `RecordError` if this machine trains otherwise than the one that began.

    Args:
        records: store of the experiment.
        recorded: training of the reference, as recorded.
        measured: the same training on this machine.
        program: description of the reference, for the message.
    """
    difference = first_difference(recorded, measured)
    if difference is not None:
        places = (records.info(), summarize_environment())
        raise refuse_difference(program, records.kind.noun, difference, places)
