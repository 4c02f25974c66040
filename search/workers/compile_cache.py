"""Compiled code kept on disk, so that a second start of a run is quick: JAX's persistent cache."""

import hashlib
import os
import platform
from pathlib import Path

import jax
from jax.experimental.compilation_cache import compilation_cache

_VARIABLE = "JAX_COMPILATION_CACHE_DIR"


def keep_compiled(folder: Path) -> None:
    """Has this process keep what it compiles in a folder, and take from it what is there.

    What is there but cannot be read is compiled anew. Code for one kind of processor may crash on
    another, and JAX's key does not tell them apart: each has a folder of its own. Whoever has set
    JAX's own `JAX_COMPILATION_CACHE_DIR` has chosen another folder, and all stays as it is.
    """
    if _VARIABLE in os.environ:
        return
    jax.config.update("jax_compilation_cache_dir", str(folder / _processor()))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    compilation_cache.reset_cache()  # or else the first folder of a process stays


def keep_no_longer() -> None:
    """Ends what `keep_compiled` began."""
    if _VARIABLE in os.environ:
        return
    jax.config.update("jax_compilation_cache_dir", None)
    compilation_cache.reset_cache()


def user_folder() -> Path:
    """A folder of this user, which all runs may share, and which can be deleted at any time.

    On a cluster it is on every machine; where home is a network file system, machines of one kind
    share what is in it.
    """
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "lionhunt"


def _processor() -> str:
    """Names what compiled code may ask of a processor: 16 hexadecimal digits."""
    told = [platform.machine(), platform.processor()]
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        told += [line for line in lines if line.startswith(("model name", "flags", "Features"))][:2]
    except OSError:  # not Linux
        pass
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]
