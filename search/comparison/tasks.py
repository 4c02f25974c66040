"""The tasks of a comparison, each under a name that tells it from the others."""

import dataclasses
from collections.abc import Sequence

import jax

from lionhunt.proxy_tasks import Task
from lionhunt.search.comparison.result import ComparedTask
from lionhunt.search.fields import TaskOptions


def summarize_compared_tasks(options: Sequence[TaskOptions]) -> list[ComparedTask]:
    """The tasks of a comparison, each under a name that tells it from the others."""
    built = [(each, each.build()) for each in options]
    names = _names(options)
    return [
        ComparedTask(
            name,
            task.name,
            task.metric,
            task.higher_is_better,
            task.digest,
            task.num_steps,
            each.batch_size,
            _num_parameters(task),
        )
        for name, (each, task) in zip(names, built, strict=True)
    ]


def _num_parameters(task: Task) -> int:
    shapes = jax.eval_shape(task.init, task.data, jax.random.key(0))
    return sum(leaf.size for leaf in jax.tree.leaves(shapes))


def _names(options: Sequence[TaskOptions]) -> list[str]:
    """The kind; where a kind comes several times, with the options that differ."""
    names = []
    for each in options:
        mine = dataclasses.asdict(each)
        same = [dataclasses.asdict(other) for other in options if other.kind == each.kind]
        differing = [
            f"{key} {mine[key]:g}" if isinstance(mine[key], float) else f"{key} {mine[key]}"
            for key in mine
            if len({other[key] for other in same}) > 1
        ]
        names.append(each.kind + (f" ({', '.join(differing)})" if differing else ""))
    return names
