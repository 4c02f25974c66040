"""Equinox models of the tasks, from one example to its outputs.

It may import `proxy_tasks.data` for sizes. Import its modules by name; each one imports JAX.
"""

__all__ = ["contrastive", "convnet", "language_model", "splitting", "transformer"]
__all__ += ["vision_transformer"]
