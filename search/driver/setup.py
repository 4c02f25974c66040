"""Setup of a run: the description that its store keeps, and the run that a store describes."""

from collections.abc import Sequence
from typing import Any

from lionhunt.dsl.op_table import active_table
from lionhunt.dsl.program import Program
from lionhunt.proxy_tasks import Task
from lionhunt.proxy_tasks.pytorch.task import TorchTask
from lionhunt.search.driver.config import RunConfig, parse_run_config
from lionhunt.search.environment import summarize_environment
from lionhunt.search.errors import ConfigError, SourceError
from lionhunt.search.storage.program_ref import find_program
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.user_code.functions import record_functions
from lionhunt.search.user_code.task_options import digests_of


def load_initial(name: str, key: str = "initial") -> Program:
    """Load the program that a key of a config names; raise `ConfigError` if there is none."""
    try:
        return find_program(name).program
    except SourceError as error:
        raise ConfigError(f"{key}: {error}") from None


def summarize_setup(
    config: RunConfig, initial: Program, reference: Program | None = None
) -> dict[str, Any]:
    """Summarize a run for its store: enough to resume it, and to name its machine.

    Args:
        config: configuration of the run.
        initial: program that evolution begins with.
        reference: program of fitness 0; None to load the one that the config names.
    """
    if reference is None:
        name = config.reference
        reference = initial if name is None else load_initial(name, "reference")
    setup = {
        "config": config.model_dump(mode="json"),
        "initial": str(initial),
        "reference": str(reference),
        "tasks": summarize_tasks([options.build() for options in config.tasks]),
    }
    if config.validation.tasks:
        built = [options.build() for options in config.validation.tasks]
        setup["validation_tasks"] = summarize_tasks(built)
    # Runs on built-in code alone have no such key.
    if sources := dict(digests_of(config.code)):
        setup["sources"] = sources
    return setup | record_functions(active_table()) | summarize_environment()


def summarize_tasks(tasks: Sequence[Task | TorchTask]) -> list[dict[str, Any]]:
    """Summarize tasks for a store, each under a unique name."""
    families = [task.name for task in tasks]
    counts = [families[: i + 1].count(family) for i, family in enumerate(families)]
    names = [f if n == 1 else f"{f}_{n}" for f, n in zip(families, counts, strict=True)]
    return [
        {
            "name": name,
            "metric": task.metric,
            "higher_is_better": task.higher_is_better,
            "digest": task.digest,
        }
        for name, task in zip(names, tasks, strict=True)
    ]


def load_run(records: RunStore) -> tuple[RunConfig, Program]:
    """Return the configuration and the initial program of a recorded run.

    No code of the user that the config names is executed.
    """
    config = parse_run_config(records.info()["config"], str(records.path), loads_code=False)
    return config, records.initial()
