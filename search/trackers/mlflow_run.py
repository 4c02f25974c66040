"""Curves of a run for MLflow.

All sessions of a run are one run there. The store is that of your environment: see
`MLFLOW_TRACKING_URI` and `MLFLOW_EXPERIMENT_NAME` of MLflow.
"""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lionhunt.search.config import flat_values
from lionhunt.search.trackers import tracker_names

TOOL = "mlflow"
EXPERIMENT = "lionhunt"
"""Experiment of the runs, unless `MLFLOW_EXPERIMENT_NAME` names another."""
MAX_PARAMS, MAX_VALUE = 100, 500
"""Parameters of a call, and characters of a value, that every store takes."""


class MlflowRun:
    """The record of one session.

    Args:
        folder: of the run.
        config: of the run, as plain values.
    """

    def __init__(self, folder: Path, config: Mapping[str, Any]):
        from mlflow import MlflowClient

        self._client = MlflowClient()
        known = tracker_names.recall(folder, TOOL)
        self._id = known if known and self._has(known) else self._create(folder, config)
        self._client.update_run(self._id, status="RUNNING")
        tracker_names.keep(folder, TOOL, self._id)
        # A session that was killed may have drawn points that it did not record.
        history = self._client.get_metric_history(self._id, "cache_hit_rate")
        self._last = max((metric.step for metric in history), default=-1)

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Add a point to each curve, by its name, unless an earlier session has drawn it."""
        from mlflow.entities import Metric

        if step > self._last:
            now = round(1000 * time.time())
            metrics = [Metric(name, value, now, step) for name, value in values.items()]
            self._client.log_batch(self._id, metrics=metrics)

    def close(self, is_done: bool) -> None:
        """End the session."""
        self._client.set_terminated(self._id, "FINISHED" if is_done else "KILLED")

    def _has(self, name: str) -> bool:
        from mlflow.exceptions import MlflowException

        try:
            return self._client.get_run(name).info.lifecycle_stage == "active"
        except MlflowException:
            return False

    def _create(self, folder: Path, config: Mapping[str, Any]) -> str:
        """Create the run, with the config as its parameters, and return its id."""
        from mlflow.entities import Param

        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", EXPERIMENT)
        experiment = self._client.get_experiment_by_name(name)
        number = experiment.experiment_id if experiment else self._client.create_experiment(name)
        run = self._client.create_run(number, run_name=folder.resolve().name).info.run_id
        params = [Param(key, str(value)[:MAX_VALUE]) for key, value in flat_values(config)]
        for start in range(0, len(params), MAX_PARAMS):
            self._client.log_batch(run, params=params[start : start + MAX_PARAMS])
        return run
