"""Workers: pools that score jobs in this process, in others here, or on a Ray cluster.

It imports `dsl`, `proxy_tasks`, `search.evaluation` and the leaves of `search`. Its `cluster` alone
imports Ray.
"""

__all__ = ["cluster", "compile_cache", "open_pool", "pool", "process_host", "retry"]
__all__ += ["worker_pool", "xla_environment"]
