"""The environment of results: versions, machine and source, and how two environments differ."""

import functools
import hashlib
import importlib.metadata
import platform
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from lionhunt.search.errors import RecordError
from lionhunt.search.evaluation.outcome import Measurement, first_difference

VERSIONS_OF = ("lionhunt", "jax", "jaxlib", "numpy", "optax", "equinox", "ray", "scikit-learn")

NOUNS = {
    "machine": "machine",
    "processor": "processor",
    "jax_device": "JAX device",
    "source_digest": "source of lionhunt",
}
"""The words for the other keys of an environment."""

ROOT = Path(__file__).parents[1]
PACKAGES = ("dsl", "proxy_tasks", "search")


def summarize_environment() -> dict[str, Any]:
    """Return the versions and the source that results depend on, the machine and the JAX device.

    The call starts the JAX backend.
    """
    # JAX takes half a second to import; commands that only read need no environment.
    import jax

    return {
        "versions": {name: importlib.metadata.version(name) for name in VERSIONS_OF}
        | {"python": platform.python_version()},
        "machine": f"{platform.machine()} {platform.system()}",
        "processor": processor_name(),
        "jax_device": jax.devices()[0].device_kind,
        "source_digest": source_digest(),
    }


@functools.cache
def source_digest() -> str:
    """Return a digest of all source files of this program, in 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        folder = ROOT / package
        for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.txt")]):
            text = path.read_bytes().replace(b"\r\n", b"\n")
            name = path.relative_to(ROOT).as_posix()
            digest.update(f"{name} {len(text)}\n".encode() + text)
    return digest.hexdigest()[:16]


def processor_name() -> str:
    """Return the model of the processor, or the machine type where the system hides the model."""
    # Only Linux has the file.
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(": ")[2]
    return platform.machine()


def check_same_machine(
    recorded: Measurement | None,
    measured: Measurement,
    *,
    subject: str,
    noun: str,
    recorded_setup: dict[str, Any],
    current_setup: Callable[[], dict[str, Any]],
    instead: str = "start a new one",
) -> None:
    """Raise `RecordError` if a training differs from the recorded one, in any bit.

    Args:
        recorded: measurement in the store; None where there is nothing to compare with.
        measured: measurement of the same training on this machine.
        subject: trained program, in words.
        noun: kind of the store, in words.
        recorded_setup: setup or environment in the store; the error names what differs.
        current_setup: builds the same for this machine; called only for the error.
        instead: advice, beside continuing on the other machine.
    """
    if recorded is None or (difference := first_difference(recorded, measured)) is None:
        return
    found = list(environment_differences(recorded_setup, current_setup()))
    causes = ", ".join(found) or "nothing else that is recorded differs"
    raise RecordError(
        f"here {subject} {difference.verb} {difference.current}, where the {noun} was made "
        f"{difference.recorded} ({causes}); scores of two places are not mixed: continue there, or "
        f"{instead}"
    )


def environment_differences(recorded: dict[str, Any], current: dict[str, Any]) -> Iterator[str]:
    """Yield in words where two environments, or two records, differ.

    A key that only one of them has is not compared.
    """
    for name, version in current["versions"].items():
        if (old := recorded.get("versions", {}).get(name, version)) != version:
            yield f"{name} {old} there and {version} here"
    for key, noun in NOUNS.items():
        if (old := recorded.get(key, current[key])) != current[key]:
            yield f"{noun} {old} there and {current[key]} here"
    for key in ("tasks", "validation_tasks"):
        for old, new in zip(recorded.get(key, ()), current.get(key, ()), strict=False):
            if old["digest"] != new["digest"]:
                yield f"{new['name']} has other data here"


def differences(recorded: Any, current: Any, path: str = "") -> Iterator[str]:
    """Yield in words where two JSON values differ; `path` leads to them."""
    if (
        isinstance(recorded, dict)
        and isinstance(current, dict)
        and recorded.keys() == current.keys()
    ):
        for key in recorded:
            yield from differences(recorded[key], current[key], f"{path}.{key}" if path else key)
    elif isinstance(recorded, list) and isinstance(current, list) and len(recorded) == len(current):
        for number, pair in enumerate(zip(recorded, current, strict=True)):
            yield from differences(*pair, f"{path}.{number}")
    elif isinstance(recorded, dict | list) or isinstance(current, dict | list):
        yield f"{path} differs"
    elif recorded != current:
        yield f"{path} is {recorded} there and {current} here"
