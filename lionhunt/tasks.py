"""Tasks of your own: from arrays or files of data, from functions, and as a class of options."""

from lionhunt.proxy_tasks.array_options import Arrays
from lionhunt.proxy_tasks.from_arrays import from_arrays
from lionhunt.proxy_tasks.task import Task
from lionhunt.proxy_tasks.task_class import task

__all__ = ["Arrays", "Task", "from_arrays", "task"]
