"""A task from arrays, or from a file of them, in one call."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lionhunt.proxy_tasks.task import Task
from lionhunt.proxy_tasks.task_errors import TaskError

if TYPE_CHECKING:
    import jax
    import numpy as np

    from lionhunt.proxy_tasks.data.prepared_rows import PreparedRows, Problem

Init = Callable[[Any], Any]
Apply = Callable[[Any, Any], Any]


def from_arrays(
    x: np.ndarray | str | Path,
    y: np.ndarray | str | None = None,
    *,
    problem: Problem | None = None,
    model: str | tuple[Init, Apply] | Callable[[Any], Any] = "mlp",
    loss: Callable[[Any, Any], Any] | None = None,
    width: int = 32,
    depth: int = 2,
    metric: Literal["accuracy", "loss"] = "loss",
    validation_share: float = 0.2,
    num_steps: int = 300,
    batch_size: int = 64,
    name: str = "arrays",
) -> Task:
    """Build a task from arrays.

    A fixed permutation chooses the rows to validate on. Inputs, and targets of a regression, get
    mean 0 and deviation 1. So the loss of a regression is 1 for the best constant.

    Args:
        x: inputs with a row for each example; or the path of an npz, csv or parquet file.
        y: targets with as many rows. For a file, the name of its array or column of targets; by
            default `y`, or the last column.
        problem: "classification" or "regression"; by default the first where the targets are text
            or whole numbers.
        model: "linear", "mlp", "conv" or "gru"; or a pair of pure functions `init(key)` and
            `apply(params, x)` of one example; or a function from a key to an Equinox model.
        loss: from the outputs and the targets of a batch to a number; by default the cross
            entropy, or the mean squared error.
        width: of a model by name.
        depth: hidden layers of a model by name.
        metric: "loss", or "accuracy" of a classification.
        validation_share: share of the rows to validate on.
        num_steps: training steps.
        batch_size: examples in a batch.
        name: a word for tables and charts.

    Raises:
        DataError: a file is missing, or the arrays do not fit each other.
        TaskError: the model or the metric does not fit the arrays.

    Example:
        >>> import numpy as np
        >>> x = np.random.default_rng(0).normal(size=(100, 4))
        >>> task = from_arrays(x, x[:, 0] > 0, model="mlp", width=8)
        >>> task.metric, task.num_parameters
        ('loss (nats an example)', 130)
    """
    import jax
    import jax.numpy as jnp

    from lionhunt.proxy_tasks.data.array_files import Rows, load_rows
    from lionhunt.proxy_tasks.data.prepared_rows import prepare_rows

    if isinstance(x, str | Path):
        if y is not None and not isinstance(y, str):
            raise TaskError("y must be the name of an array or column where x is a file")
        rows = load_rows(x, y or "")
    elif y is None or isinstance(y, str):
        raise TaskError("y must be an array with a row for each row of x")
    else:
        rows = Rows(x, y)
    examples = prepare_rows(rows, problem, validation_share)
    if metric == "accuracy" and (examples.problem == "regression" or loss is not None):
        raise TaskError("metric 'accuracy' is of classifications with their own loss; use 'loss'")
    init, apply = _model(name, model, examples, width, depth)
    loss_of, score_of, metric_name, higher_is_better = _losses(examples, loss, metric)

    def batch(key: jax.Array, data: Any) -> Any:
        inputs, targets = data.train
        chosen = jax.random.randint(key, (batch_size,), 0, len(targets))
        return inputs[chosen], targets[chosen]

    def outputs(params: Any, inputs: jax.Array) -> jax.Array:
        return jax.vmap(lambda each: apply(params, each))(inputs)

    def score(params: Any, data: Any) -> jax.Array:
        inputs, targets = data.validation
        return score_of(outputs(params, inputs), targets)

    task = Task.from_functions(
        init=init,
        batch=batch,
        loss=lambda params, batch: loss_of(outputs(params, batch[0]), batch[1]),
        score=score,
        num_steps=num_steps,
        metric=metric_name,
        higher_is_better=higher_is_better,
        data=jax.tree.map(jnp.asarray, examples.split),
        name=name,
        digest=_digest(model, loss, width, depth, metric, batch_size, num_steps),
    )
    _check_outputs(task, apply, examples, is_default=loss is None)
    return task


def _model(
    name: str, model: Any, examples: PreparedRows, width: int, depth: int
) -> tuple[Init, Apply]:
    """Return a model as a pair of pure functions of one example."""
    from lionhunt.proxy_tasks.guarding import call
    from lionhunt.proxy_tasks.models.array_models import MODELS, make_model
    from lionhunt.proxy_tasks.models.splitting import split_model

    if isinstance(model, tuple | list) and len(model) == 2 and all(map(callable, model)):
        return model[0], model[1]
    inputs, targets = examples.split.train
    if isinstance(model, str):
        if model not in MODELS:
            raise TaskError(f"there is no model '{model}'; there are {', '.join(MODELS)}")
        size = examples.num_classes or (targets.shape[1] if targets.ndim == 2 else 1)
        model = make_model(model, inputs.shape[1:], width, depth, size)
    if not callable(model):
        raise TaskError(
            "model must be a name, a pair of functions (init, apply), or a function from a key to "
            f"an Equinox model, not {type(model).__name__}"
        )
    init, to_model = call(name, "model", split_model, model)
    return lambda key: init(None, key), lambda params, x: to_model(params)(x)


def _losses(examples: PreparedRows, loss: Any, metric: str) -> tuple[Any, Any, str, bool]:
    """Return loss, score, name of the metric, and its direction."""
    import jax.numpy as jnp

    from lionhunt.proxy_tasks.metrics import accuracy, mean_loss

    if loss is not None:
        return loss, loss, "loss", False
    if examples.problem == "classification":
        if metric == "accuracy":
            return mean_loss, accuracy, "accuracy", True
        return mean_loss, mean_loss, "loss (nats an example)", False

    def squared_error(outputs: Any, targets: Any) -> Any:
        return jnp.mean((outputs.reshape(targets.shape) - targets) ** 2)

    return squared_error, squared_error, "squared error (of the variance)", False


def _check_outputs(task: Task, apply: Apply, examples: PreparedRows, *, is_default: bool) -> None:
    """Raise `TaskError` if a model does not return what the default loss needs."""
    import jax

    from lionhunt.proxy_tasks.guarding import call

    inputs, targets = examples.split.train
    example = jax.ShapeDtypeStruct(inputs.shape[1:], inputs.dtype)
    params = call(task.name, "model", jax.eval_shape, task.init, task.data, jax.random.key(0))
    output = call(task.name, "model", jax.eval_shape, apply, params, example)
    shape = getattr(output, "shape", None)
    if examples.num_classes:
        fitting: list[Any] = [(examples.num_classes,)]
    else:
        fitting = [targets.shape[1:]] if targets.ndim > 1 else [(), (1,)]
    if is_default and shape not in fitting:
        raise TaskError(
            f"task {task.name}: the model returns {'no array' if shape is None else shape} for an "
            f"example of shape={inputs.shape[1:]}; expected shape={fitting[0]}"
        )


def _digest(model: Any, loss: Any, *options: Any) -> str:
    """Return a digest of the options; empty where functions of the user are among them."""
    if isinstance(model, str) and loss is None:
        return hashlib.sha256(repr((model, options)).encode()).hexdigest()[:16]
    return ""
