"""Workers: pools that score jobs in this process, in others here, or on a Ray cluster.

It imports `dsl`, `proxy_tasks`, `search.evaluation` and the leaves of `search`. It alone imports
Ray.
"""

__all__ = ["compile_cache", "open_pool", "pool", "process_host", "ray_cluster", "retry"]
__all__ += ["worker_pool", "xla_environment"]
