"""JAX's persistent compilation cache in a folder of the user, so that a second start is quick.

Compiled code is code: who writes the folder decides what runs. So it belongs to one user. It never
lies in the folder of a run, which may come from somebody else.
"""

import hashlib
import os
import platform
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path

import filelock
import jax
from jax.experimental.compilation_cache import compilation_cache

from lionhunt.search.errors import first_line
from lionhunt.search.evaluation.compilation import Compilation
from lionhunt.search.log import log
from lionhunt.search.user_folder import make_own, user_folder

MAX_BYTES = 128 * 2**20
"""The largest size of the folder of one kind; a task takes about half a megabyte."""
MAX_KINDS = 8
"""Kinds of code that are kept: a kind is a processor with versions of JAX."""

_VARIABLE = "JAX_COMPILATION_CACHE_DIR"
_LOCK = ".lockfile"
_LOCK_SECONDS = 10.0
_SHARED_SECONDS = 300.0
"""The time to wait for another process that compiles the same."""
_NUM_LOCKS = 64
_SETTINGS = {
    "jax_compilation_cache_max_size": MAX_BYTES,
    "jax_persistent_cache_min_compile_time_secs": 0.0,
    "jax_persistent_cache_min_entry_size_bytes": -1,
}


def keep_compiled() -> None:
    """Keep compiled code of this process in the folder of the user, and take it from there.

    Without such a folder, nothing is kept, and the log says why. JAX compiles again what it cannot
    read. If you have set JAX's own `JAX_COMPILATION_CACHE_DIR`, nothing changes.
    """
    if _VARIABLE in os.environ:
        return
    try:
        folder = _prepare(user_folder())
    # Without a home, Python raises a RuntimeError.
    except (OSError, RuntimeError) as error:
        log("compiled_code_not_kept", message=first_line(error))
        return
    _configure({"jax_compilation_cache_dir": str(folder)} | _SETTINGS)


@contextmanager
def compiled_code_kept() -> Iterator[None]:
    """Keep compiled code inside the body; see `keep_compiled`."""
    before = {name: getattr(jax.config, name) for name in ("jax_compilation_cache_dir", *_SETTINGS)}
    keep_compiled()
    try:
        yield
    finally:
        _configure(before)


def compile_shared(compilations: Sequence[Compilation]) -> None:
    """Compile, and leave to other processes what they compile at the moment.

    Code of others is then read from the folder in which this process keeps compiled code. Without
    one, this does nothing: code is compiled as it is needed. So it is where a compilation fails.
    """
    folder = getattr(jax.config, "jax_compilation_cache_dir")  # noqa: B009
    if folder is None:
        return
    with suppress(OSError):
        waiting = [each for each in compilations if not _compile(each, folder, seconds=0.0)]
        for each in waiting:
            _compile(each, folder, _SHARED_SECONDS)


def _compile(compilation: Compilation, folder: str, seconds: float) -> bool:
    """Compile unless another process does, for up to `seconds`; return False if one does."""
    number = int(hashlib.sha256(compilation.name.encode()).hexdigest(), 16) % _NUM_LOCKS
    try:
        with filelock.FileLock(Path(folder) / f".compiling-{number}", timeout=seconds):
            # The call that needs the code compiles it again, and raises then.
            with suppress(Exception):
                compilation.compile()
    except filelock.Timeout:
        return False
    return True


def _configure(settings: Mapping[str, object]) -> None:
    for name, value in settings.items():
        jax.config.update(name, value)
    # Without a reset, JAX keeps the first folder of the process.
    compilation_cache.reset_cache()


def _prepare(base: Path) -> Path:
    """Return the folder for code of this kind, which is bounded in size by JAX.

    Raises:
        OSError: it cannot be written, or another user could write it.
    """
    folder = base / _kind()
    for each in (base, folder):
        make_own(each)
    # The time of the folder is that of its last use.
    os.utime(folder)
    _remove_unfinished(folder)
    kinds = [each for each in base.iterdir() if each.is_dir() and not each.is_symlink()]
    for old in sorted(kinds, key=_last_use, reverse=True)[MAX_KINDS:]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def _remove_unfinished(folder: Path) -> None:
    """Remove code without a time of use: a killed process wrote it, maybe half.

    JAX never writes a file again, and refuses to remove one without that time.
    """
    with filelock.FileLock(folder / _LOCK, timeout=_LOCK_SECONDS):
        for file in folder.glob("*-cache"):
            if not file.with_name(file.name.removesuffix("cache") + "atime").exists():
                file.unlink()


def _last_use(folder: Path) -> float:
    # Another process may have removed it.
    with suppress(OSError):
        return folder.stat().st_mtime
    return 0.0


def _kind() -> str:
    """Return a digest of all that compiled code depends on beyond JAX's own key.

    Code for one kind of processor may crash on another. JAX's key does not tell them apart, nor
    numbers of threads.
    """
    features = [metadata.version(package) for package in ("jax", "jaxlib")]
    features += [platform.machine(), platform.processor(), os.environ.get("PJRT_NPROC", "")]
    # Only Linux has the file.
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        named = ("model name", "flags", "Features")
        features += [line for line in lines if line.startswith(named)][:2]
    return hashlib.sha256("\n".join(features).encode()).hexdigest()[:16]
