"""Curves of a run for Weights & Biases.

All sessions of a run have one id there. Its mode and its account are those of your environment:
with `WANDB_MODE=offline` it writes files, which `wandb sync` sends.
"""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lionhunt.search.errors import ConfigError
from lionhunt.search.trackers import tracker_names

TOOL = "wandb"
PROJECT = "lionhunt"
"""Project of the runs, unless `WANDB_PROJECT` names another."""
STEP = "programs"
"""The curve that all others are drawn over."""


def check_account() -> None:
    """Raise `ConfigError` if wandb would ask for an account in the middle of a run."""
    import wandb

    settings = wandb.setup().settings
    if settings.mode == "online" and not wandb.api.api_key:
        raise ConfigError(
            "observability.wandb has no account; run 'wandb login', or set WANDB_MODE=offline"
        )


class WandbRun:
    """The record of one session.

    Args:
        folder: of the run; wandb writes its files there.
        config: of the run, as plain values.
    """

    def __init__(self, folder: Path, config: Mapping[str, Any]):
        import wandb

        name = tracker_names.recall(folder, TOOL) or secrets.token_hex(8)
        settings = wandb.Settings(
            console="off", disable_git=True, save_code=False, silent=True, x_disable_stats=True
        )
        project = wandb.setup().settings.project or PROJECT
        self._run = wandb.init(
            project=project,
            id=name,
            name=folder.resolve().name,
            resume="allow",
            dir=folder,
            config=dict(config),
            settings=settings,
        )
        tracker_names.keep(folder, TOOL, name)
        self._run.define_metric("*", step_metric=STEP)

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Add a point to each curve, by its name."""
        self._run.log({STEP: step, **values})

    def close(self, is_done: bool) -> None:
        """End the session."""
        self._run.finish(exit_code=0 if is_done else 1)
