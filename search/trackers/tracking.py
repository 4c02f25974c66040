"""The trackers that a config asks for."""

import importlib.util
from collections.abc import Generator, Iterator
from pathlib import Path

from lionhunt.search.driver.config import RunConfig
from lionhunt.search.driver.progress import RunProgress
from lionhunt.search.errors import ConfigError
from lionhunt.search.trackers import mlflow_run, tensorboard, wandb_run
from lionhunt.search.trackers.curves import OpenSink, draw_curves

TOOLS = ("tensorboard", "wandb", "mlflow")
"""Keys of the config; each is also the name of a package, and of an extra."""


def require_trackers(config: RunConfig) -> None:
    """Raise `ConfigError` if a tracker that a config asks for cannot start."""
    for tool in _wanted(config):
        if importlib.util.find_spec(tool) is None:
            raise ConfigError(
                f"observability.{tool} needs the package {tool}; "
                f"run 'pip install lionhunt[{tool}]', or set it to false"
            )
    if config.observability.wandb:
        wandb_run.check_account()


def track(
    events: Generator[RunProgress, None, None], config: RunConfig, folder: Path
) -> Generator[RunProgress, None, None]:
    """Pass on the events of a run, and draw its curves with all trackers that it asks for.

    Args:
        events: of the run.
        config: of the run.
        folder: of the run.
    """
    values = config.model_dump(mode="json")
    openers: dict[str, OpenSink] = {
        "tensorboard": lambda num_before: tensorboard.EventFile(
            folder / tensorboard.FOLDER, num_before + 1 if num_before else 0
        ),
        "wandb": lambda _: wandb_run.WandbRun(folder, values),
        "mlflow": lambda _: mlflow_run.MlflowRun(folder, values),
    }
    for tool in _wanted(config):
        events = draw_curves(events, tool, openers[tool])
    return events


def _wanted(config: RunConfig) -> Iterator[str]:
    return (tool for tool in TOOLS if getattr(config.observability, tool))
