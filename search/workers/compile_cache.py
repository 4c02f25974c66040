"""JAX's persistent compilation cache in a folder, so that a second start of a run is quick."""

import hashlib
import os
import platform
from contextlib import suppress
from pathlib import Path

import jax
from jax.experimental.compilation_cache import compilation_cache

_VARIABLE = "JAX_COMPILATION_CACHE_DIR"


def keep_compiled(folder: Path) -> None:
    """Keep compiled code of this process in a folder, and take compiled code from it.

    JAX compiles again what it cannot read. Code for one kind of processor may crash on another.
    JAX's key does not tell them apart, so each kind has a folder of its own. If you have set JAX's
    own `JAX_COMPILATION_CACHE_DIR`, nothing changes.
    """
    if _VARIABLE in os.environ:
        return
    jax.config.update("jax_compilation_cache_dir", str(folder / _processor()))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    # Without a reset, JAX keeps the first folder of the process.
    compilation_cache.reset_cache()


def keep_no_longer() -> None:
    """Stop using the folder of `keep_compiled`."""
    if _VARIABLE in os.environ:
        return
    jax.config.update("jax_compilation_cache_dir", None)
    compilation_cache.reset_cache()


def user_folder() -> Path:
    """Return the cache folder of this user, which all runs may share.

    You can delete it at any time. Each machine of a cluster has one; on a network file system,
    machines of one kind share it.
    """
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "lionhunt"


def _processor() -> str:
    """Return a digest of the processor's features, in 16 hexadecimal digits."""
    features = [platform.machine(), platform.processor()]
    # Only Linux has the file.
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        named = ("model name", "flags", "Features")
        features += [line for line in lines if line.startswith(named)][:2]
    return hashlib.sha256("\n".join(features).encode()).hexdigest()[:16]
