"""The check of a task: short trainings by known optimizers, and what to change in it."""

from lionhunt.search.task_check.findings import TaskFinding, find_all
from lionhunt.search.task_check.measure import TaskTrainings, measure_task

__all__ = ["TaskFinding", "TaskTrainings", "find_all", "measure_task"]
