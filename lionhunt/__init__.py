"""Discover optimizers by searching over programs.

    run = lionhunt.run("quickstart")
    optimizer = run.best.simplify().program.as_optimizer(learning_rate=1e-3)

Importing this package is cheap: each name loads its module when you first use it.
"""

import importlib
from typing import TYPE_CHECKING, Any

from lionhunt.errors import LionhuntError

if TYPE_CHECKING:
    from lionhunt import dsl, proxy_tasks, search, tasks
    from lionhunt.dsl.functions.declaration import function
    from lionhunt.proxy_tasks.task import Task
    from lionhunt.proxy_tasks.task_class import task
    from lionhunt.search.api.experiments import Report, compare, select
    from lionhunt.search.api.own_functions import functions
    from lionhunt.search.api.programs import OptimizerProgram, Simplification, program
    from lionhunt.search.api.runs import Run, load
    from lionhunt.search.api.searches import resume, run
    from lionhunt.search.driver.config import RunConfig
    from lionhunt.search.evaluation.evaluated import Evaluated
    from lionhunt.search.user_code.torch_tasks import torch_task

    __version__: str

_MODULES = {
    "Evaluated": "lionhunt.search.evaluation.evaluated",
    "OptimizerProgram": "lionhunt.search.api.programs",
    "Report": "lionhunt.search.api.experiments",
    "Run": "lionhunt.search.api.runs",
    "RunConfig": "lionhunt.search.driver.config",
    "Simplification": "lionhunt.search.api.programs",
    "Task": "lionhunt.proxy_tasks.task",
    "compare": "lionhunt.search.api.experiments",
    "function": "lionhunt.dsl.functions.declaration",
    "functions": "lionhunt.search.api.own_functions",
    "load": "lionhunt.search.api.runs",
    "program": "lionhunt.search.api.programs",
    "resume": "lionhunt.search.api.searches",
    "run": "lionhunt.search.api.searches",
    "select": "lionhunt.search.api.experiments",
    "task": "lionhunt.proxy_tasks.task_class",
    "torch_task": "lionhunt.search.user_code.torch_tasks",
}
"""The module of each public name that is loaded at its first use."""

__all__ = [
    "Evaluated",
    "LionhuntError",
    "OptimizerProgram",
    "Report",
    "Run",
    "RunConfig",
    "Simplification",
    "Task",
    "__version__",
    "compare",
    "dsl",
    "function",
    "functions",
    "load",
    "program",
    "proxy_tasks",
    "resume",
    "run",
    "search",
    "select",
    "task",
    "tasks",
    "torch_task",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(importlib.import_module(_MODULES[name]), name)
    if name in ("dsl", "proxy_tasks", "search", "tasks"):
        return importlib.import_module(f"lionhunt.{name}")
    if name == "__version__":
        # This import takes as long as all others here.
        from importlib import metadata

        return metadata.version("lionhunt")
    raise AttributeError(f"module 'lionhunt' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
