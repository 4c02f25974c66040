"""The XLA environment of every process that scores, so that scores are the same in each of them."""

import os


def set_xla_environment() -> None:
    """Set the environment variables of XLA, unless you have set them yourself.

    XLA computes with one thread on the CPU: workers do not disturb each other, and sums have one
    order. On a GPU it chooses deterministic kernels, and allocates memory as it needs it, since the
    driver needs hardly any. XLA reads the variables when JAX computes for the first time.
    """
    os.environ.setdefault("PJRT_NPROC", "1")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    flags = os.environ.get("XLA_FLAGS", "")
    if "xla_gpu_deterministic_ops" not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} --xla_gpu_deterministic_ops=true"
