"""Experiments: searches over programs, and what comes after them.

Importing this package makes XLA calculate with one thread on the CPU: workers do not disturb each
other, and sums have one order, so that scores are the same in every process of a machine. To the
same end it makes XLA choose deterministic kernels on a GPU. Memory of a GPU is taken as it is
needed, since the process that drives a run needs hardly any.
"""

import os

os.environ.setdefault("PJRT_NPROC", "1")
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
if "xla_gpu_deterministic_ops" not in os.environ.get("XLA_FLAGS", ""):
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_gpu_deterministic_ops=true"
