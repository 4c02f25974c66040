"""Workers: pools that score jobs in this process, in Ray actors here, or on a Ray cluster.

It imports `dsl`, `proxy_tasks`, `search.evaluation` and the leaves of `search`. It alone imports
Ray.
"""

__all__ = ["compile_cache", "open_pool", "pool", "ray_cluster", "ray_pool", "ray_start"]
__all__ += ["retry", "xla_environment"]
