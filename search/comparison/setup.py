"""What comparisons are before they begin, for their records; and their opening."""

import functools
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from lionhunt.dsl.analysis.identities import reachable
from lionhunt.search.comparison.config import ComparisonConfig, TrainingsConfig
from lionhunt.search.comparison.loop import REFERENCE_OPTIMIZER, ComparisonLoop
from lionhunt.search.comparison.optimizers import ComparedOptimizer
from lionhunt.search.comparison.store import ComparisonStore
from lionhunt.search.comparison.tasks import summarize_compared_tasks
from lionhunt.search.comparison.trainer import Trainer
from lionhunt.search.environment import differences, summarize_environment
from lionhunt.search.errors import ConfigError, RecordError
from lionhunt.search.fields import TaskOptions
from lionhunt.search.storage.schema import COMPARISON
from lionhunt.search.workers.open_pool import open_pool_of
from lionhunt.search.workers.pool import Pool

Parts = Mapping[str, ComparisonConfig]
"""Comparisons by name that share their records."""


class Prepared:
    """A comparison whose optimizers were found and whose tasks were built.

    Args:
        name: of the comparison.
        config: what is compared.

    Raises:
        ConfigError: an optimizer is none.
        DataError: a task lacks its data.
    """

    def __init__(self, name: str, config: ComparisonConfig):
        self.name = name
        self.config = config
        self.optimizers = tuple(each.find() for each in config.optimizers)
        self.tasks = tuple(summarize_compared_tasks(config.tasks))

    def identity(self) -> dict[str, Any]:
        """What decides what comes of it, as JSON values."""
        return {
            "config": self.config.model_dump(mode="json", exclude={"evaluation"}),
            "optimizers": {each.name: str(each.program or each.word) for each in self.optimizers},
            "tasks": {task.name: task.digest for task in self.tasks},
        }

    def contest(
        self, records: ComparisonStore, evaluation: TrainingsConfig, num_workers: int
    ) -> ComparisonLoop:
        """The loop that runs it."""
        open_trainers = functools.partial(
            _open_trainers,
            self.config.tasks,
            self.optimizers,
            num_workers=num_workers,
            candidate_seconds=evaluation.training_seconds,
            cache=records.cache,
            ray_address=evaluation.ray_address,
        )
        return ComparisonLoop(
            self.name, self.config, self.optimizers, self.tasks, records, open_trainers
        )


def _open_trainers(
    tasks: Sequence[TaskOptions], optimizers: Sequence[ComparedOptimizer], **how: Any
) -> AbstractContextManager[Pool]:
    functions = REFERENCE_OPTIMIZER.functions.union(*(each.functions for each in optimizers))
    return open_pool_of(functools.partial(_make_trainer, tasks, reachable(functions)), **how)


def _make_trainer(options: Sequence[TaskOptions], functions: Collection[str]) -> Trainer:
    return Trainer([each.build() for each in options], functions)


@contextmanager
def open_records(folder: Path, prepared: Sequence[Prepared]) -> Iterator[ComparisonStore]:
    """The records of comparisons in a folder, new or gone on with.

    Raises:
        ConfigError: a comparison has the name of something else in the records.
        RecordError: the folder holds other comparisons, or cannot be used.
    """
    info = {each.name: each.identity() for each in prepared}
    for name in info.keys() & summarize_environment():
        raise ConfigError(f"a comparison cannot have the name '{name}'; rename its file")
    if not (folder / COMPARISON.file_name).is_file():
        opened = ComparisonStore.create(folder, info | summarize_environment())
    else:
        with ComparisonStore.open_to_read(folder) as records:
            there = records.info()
        for name, identity in info.items():
            difference = next(differences(there.get(name, {}), identity, name), None)
            if difference is not None:
                raise RecordError(
                    f"{folder} holds another comparison ({difference}); choose another --out"
                )
        opened = ComparisonStore.open_to_write(folder)
    with opened as records:
        yield records
