"""Tasks in PyTorch; torch is an extra of the package, and imported where a task trains."""

from lionhunt.proxy_tasks.pytorch.task import TorchTask, require_jax, torch_task_class

__all__ = ["TorchTask", "require_jax", "torch_task_class"]
