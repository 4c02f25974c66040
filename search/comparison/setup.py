"""Setup of comparisons: optimizers are found, tasks are built, and the store is opened."""

import functools
import itertools
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from lionhunt.dsl.analysis.identities import reachable
from lionhunt.dsl.op_table import active_table
from lionhunt.proxy_tasks import Task
from lionhunt.proxy_tasks.pytorch.task import require_jax
from lionhunt.search.comparison.config import ComparisonConfig, TrainingsConfig
from lionhunt.search.comparison.loop import REFERENCE_OPTIMIZER, ComparisonLoop
from lionhunt.search.comparison.optimizers import ComparedOptimizer
from lionhunt.search.comparison.result import ComparedTask
from lionhunt.search.comparison.store import ComparisonStore
from lionhunt.search.comparison.trainer import Trainer
from lionhunt.search.environment import summarize_environment
from lionhunt.search.errors import ConfigError
from lionhunt.search.fields import TaskOptions
from lionhunt.search.storage.resume import create_or_resume
from lionhunt.search.user_code.functions import digests_by_source, merge
from lionhunt.search.user_code.task_options import UserTask, digests_of
from lionhunt.search.workers.open_pool import open_pool_of
from lionhunt.search.workers.pool import Pool


class PreparedComparison:
    """A comparison with its optimizers found and its tasks built.

    Args:
        name: name of the comparison.
        config: optimizers, tasks and budgets.

    Raises:
        ConfigError: an optimizer does not exist.
        DataError: a task lacks its data.
    """

    def __init__(self, name: str, config: ComparisonConfig):
        self.name = name
        self.config = config
        self.optimizers = tuple(optimizer.find() for optimizer in config.optimizers)
        self.functions = merge([active_table(), *(each.table for each in self.optimizers)])
        """The functions of all programs, which must be known while they are compared."""
        self.tasks = tuple(_summarize_tasks(config.tasks))
        self._shorter = [
            [task.shortened(share) for share in config.horizons] for task in config.tasks
        ]

    def identity(self) -> dict[str, Any]:
        """Return all that decides the result, as JSON values."""
        # Comparisons of earlier versions have no horizons.
        left_out = {"evaluation"} if self.config.horizons else {"evaluation", "horizons"}
        # Comparisons on built-in code alone have no such keys.
        own = {
            "sources": dict(digests_of(self.config.tasks)),
            "functions": digests_by_source(self.functions),
        }
        return {key: digests for key, digests in own.items() if digests} | {
            "config": self.config.model_dump(mode="json", exclude=left_out),
            "optimizers": {o.name: str(o.program or o.word) for o in self.optimizers},
            "tasks": {task.name: task.digest for task in self.tasks},
        }

    def make_loop(
        self, records: ComparisonStore, evaluation: TrainingsConfig, num_workers: int
    ) -> ComparisonLoop:
        """Build the loop, with real workers."""
        open_trainers = functools.partial(
            _open_trainers,
            [*self.config.tasks, *itertools.chain(*self._shorter)],
            self.optimizers,
            num_workers=num_workers,
            candidate_seconds=evaluation.training_seconds,
            ray_address=evaluation.ray_address,
        )
        return ComparisonLoop(
            self.name,
            self.config,
            self.optimizers,
            self.tasks,
            records,
            open_trainers,
            self.shorter_tasks(),
        )

    def shorter_tasks(self) -> list[list[ComparedTask]]:
        """Return the tasks of fewer steps, for each task."""
        return [_summarize_tasks(tasks) for tasks in self._shorter]


def _open_trainers(
    tasks: Sequence[TaskOptions], optimizers: Sequence[ComparedOptimizer], **pool_options: Any
) -> AbstractContextManager[Pool]:
    functions = REFERENCE_OPTIMIZER.functions.union(*(o.functions for o in optimizers))
    make_trainer = functools.partial(_make_trainer, tasks, reachable(functions))
    return open_pool_of(make_trainer, **pool_options)


def _make_trainer(tasks: Sequence[TaskOptions], functions: Collection[str]) -> Trainer:
    return Trainer(_build(tasks), functions)


def _build(tasks: Sequence[TaskOptions]) -> list[Task]:
    return [require_jax(options.build(), "a comparison") for options in tasks]


def open_comparisons(
    folder: Path, prepared: Sequence[PreparedComparison]
) -> AbstractContextManager[ComparisonStore]:
    """Open the store of the comparisons in a folder to write, new or resumed.

    Raises:
        ConfigError: the name of a comparison is a key of the store.
        RecordError: the folder holds other comparisons, or is unusable.
    """
    info = {comparison.name: comparison.identity() for comparison in prepared}
    environment = summarize_environment()
    for name in info.keys() & environment:
        raise ConfigError(f"a comparison cannot have the name '{name}'; rename its file")

    def identity(recorded: dict[str, Any]) -> dict[str, Any]:
        return {name: recorded.get(name, {}) for name in info}

    return create_or_resume(ComparisonStore, folder, info | environment, identity)


def _summarize_tasks(tasks: Sequence[TaskOptions]) -> list[ComparedTask]:
    built = _build(tasks)
    return [
        ComparedTask(
            name,
            task.name,
            task.metric,
            task.higher_is_better,
            task.digest,
            int(task.num_steps),
            _batch_size(options, task),
            task.num_parameters,
        )
        for name, options, task in zip(_unique_names(tasks), tasks, built, strict=True)
    ]


def _batch_size(options: TaskOptions, task: Task) -> int:
    """Return the examples of a batch; of a user's task, the length of the first array."""
    if not isinstance(options, UserTask):
        return options.batch_size
    import jax

    shapes = jax.eval_shape(task.batch, task.data, jax.random.key(0))
    lengths = [leaf.shape[0] for leaf in jax.tree.leaves(shapes) if leaf.shape]
    return lengths[0] if lengths else 1


def _unique_names(tasks: Sequence[TaskOptions]) -> list[str]:
    """Return the kind of each task, with its differing options if the kind comes several times."""
    names = []
    for options in tasks:
        values = options.values()
        same_kind = [other.values() for other in tasks if other.name == options.name]
        differing = [
            f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}"
            for key, value in values.items()
            if len({repr(other.get(key)) for other in same_kind}) > 1
        ]
        names.append(options.name + (f" ({', '.join(differing)})" if differing else ""))
    return names
