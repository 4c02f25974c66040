"""Tasks in PyTorch from Python: `lionhunt.torch_task`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lionhunt.proxy_tasks.pytorch.task import torch_task_class
from lionhunt.search.errors import ConfigError
from lionhunt.search.user_code.own_options import OptionError, make_own
from lionhunt.search.user_code.reference import with_full_paths
from lionhunt.search.user_code.task_options import UserTask
from lionhunt.search.user_code.task_values import find_reference


def torch_task(evaluate: str | Callable[..., Any], **options: Any) -> Any:
    """Return a task for `tasks=` that trains in PyTorch, by a function of yours.

    The function is `evaluate(make_optimizer, seed, ...)`. `make_optimizer(params, lr=1.0)` returns
    a `torch.optim.Optimizer`, which `torch.optim.lr_scheduler` may schedule. The function returns
    its score. One that yields the training loss of each step can be stopped early. One that returns
    all losses as a list has the last one as its score. Further arguments are options of the task.
    A run is repeatable if all random numbers come from the global generators of torch, NumPy and
    Python. These are seeded before each training.

    Args:
        evaluate: the function, or a reference to it as `./train.py:evaluate`.
        options: arguments of the function, and `num_steps`, `metric` (name of the score, with its
            unit) and `higher_is_better`.

    Raises:
        ConfigError: an option is wrong.
        SourceError: the reference names no function.

    Example:
        >>> task = lionhunt.torch_task("./train.py:evaluate", num_steps=200, metric="loss")
        >>> run = lionhunt.run("quickstart", out="runs/torch", tasks=[task])
    """
    reference = evaluate if isinstance(evaluate, str) else find_reference(evaluate)
    try:
        if reference is None:
            return make_own(torch_task_class(evaluate), options)  # type: ignore[arg-type]
        return UserTask.parse(with_full_paths(reference, Path.cwd()), options)
    except OptionError as error:
        raise ConfigError(f"torch_task: {error}") from None
