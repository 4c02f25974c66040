"""The environment of results: versions, machine and source, and how two environments differ."""

import functools
import hashlib
import importlib.metadata
import platform
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import jax

from lionhunt.search.errors import RecordError
from lionhunt.search.evaluation.outcome import Difference

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


def refuse_difference(
    subject: str,
    noun: str,
    difference: Difference,
    infos: tuple[dict[str, Any], dict[str, Any]],
    alternative: str = "start a new one",
) -> RecordError:
    """Return the refusal to continue records from an environment that trains differently.

    Args:
        subject: the thing that was trained in both environments.
        noun: of the records.
        difference: between the two trainings.
        infos: of the records, as recorded and as they would be here; the message names where
            they differ.
        alternative: the choice beside continuing in the old environment.
    """
    causes = ", ".join(environment_differences(*infos)) or "nothing else that is recorded differs"
    return RecordError(
        f"here {subject} {difference.verb} {difference.current}, where the {noun} was made "
        f"{difference.recorded} ({causes}); scores of two places are not mixed: continue there, or "
        f"{alternative}"
    )


def environment_differences(recorded: dict[str, Any], current: dict[str, Any]) -> Iterator[str]:
    """Yield in words where two environments, or two records, differ.

    A key that only one of them has is not compared.
    """
    for name, version in current["versions"].items():
        if (old := recorded["versions"].get(name, version)) != version:
            yield f"{name} {old} there and {version} here"
    for key, noun in NOUNS.items():
        if (old := recorded.get(key, current[key])) != current[key]:
            yield f"{noun} {old} there and {current[key]} here"
    for old, new in zip(recorded.get("tasks", ()), current.get("tasks", ()), strict=False):
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
