"""Children of a real search as samples for benchmarks, failures included."""

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lionhunt.dsl.program import Program
from lionhunt.search.driver.config import RunConfig
from lionhunt.search.driver.scoring import candidate_functions, start_pool
from lionhunt.search.driver.search_loop import Search
from lionhunt.search.driver.setup import load_initial, load_run, summarize_setup
from lionhunt.search.errors import ConfigError
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.stored_program import StoredProgram

NUM_CHILDREN = 200

RAW_CONFIG = {
    "num_programs": 3000,
    "evolution": {"population_size": 200, "tournament_size": 4, "lag": 32},
    "tasks": [{"kind": "digits_mlp", "num_steps": 50, "batch_size": 16, "width": 8}],
}
"""Config of a search that takes seconds, otherwise like the quickstart."""


class Children(NamedTuple):
    """Children of a run.

    Attributes:
        source: name of the run.
        functions: functions that they may have.
        initial: initial program of the run.
        programs: different children, in order of birth.
    """

    source: str
    functions: frozenset[str]
    initial: Program
    programs: tuple[Program, ...]


def breed_children(config: RunConfig, num_children: int) -> Children:
    """Run a search in this process, in a temporary folder; about ten seconds, mostly compiling."""
    initial = load_initial(config.initial)
    with (
        tempfile.TemporaryDirectory() as folder,
        RunStore.create(Path(folder) / "run", summarize_setup(config, initial)) as records,
        start_pool(config, initial, num_workers=0) as (pool, reference),
    ):
        for _ in Search(config, initial, records, pool, reference).run():
            pass
        return read_children(records, num_children)._replace(source="a search of this bench")


def read_children(records: RunStore, num_children: int) -> Children:
    """Return the first new programs from the middle of a run on.

    Raises:
        ConfigError: the run has too few.
    """
    config, initial = load_run(records)
    rows = itertools.islice(_new(records), num_children)
    programs = tuple(row.individual.program for row in rows)
    if len(programs) < num_children:
        raise ConfigError(
            f"{records.path.parent} has {len(programs)} new programs in its second half, and "
            f"{num_children} are needed; name a longer run"
        )
    functions = candidate_functions(config, initial)
    return Children(str(records.path.parent), functions, initial, programs)


def _new(records: RunStore) -> Iterator[StoredProgram]:
    """Yield the individuals of the second half whose fingerprints are new, in order."""
    middle = records.count() // 2
    fingerprints: set[str] = set()
    for row in records.rows():
        if row.fingerprint not in fingerprints and row.individual.index >= middle:
            yield row
        fingerprints.add(row.fingerprint)
