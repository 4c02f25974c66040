"""Where results are made: versions and machine, and the refusal where another scores otherwise."""

import functools
import hashlib
import importlib.metadata
import platform
from collections.abc import Iterator
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
"""What else is told of a place, in words."""

ROOT = Path(__file__).parents[1]
PACKAGES = ("dsl", "proxy_tasks", "search")


def summarize_environment() -> dict[str, Any]:
    """The versions and source of what results depend on, the machine, and what JAX runs on.

    That starts JAX, which whatever has built its tasks did already.
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
    """Names the text of this program: 16 hexadecimal digits of its packages' files."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        folder = ROOT / package
        for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.txt")]):
            text = path.read_bytes().replace(b"\r\n", b"\n")
            name = path.relative_to(ROOT).as_posix()
            digest.update(f"{name} {len(text)}\n".encode() + text)
    return digest.hexdigest()[:16]


def processor_name() -> str:
    """The model of the processor, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        lines = []
    models = (line.partition(": ")[2] for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


def refuse_difference(
    what: str,
    noun: str,
    found: Difference,
    info: tuple[dict[str, Any], dict[str, Any]],
    instead: str = "start a new one",
) -> RecordError:
    """The refusal to go on where training differs from what was recorded elsewhere.

    Args:
        what: was trained in both places.
        noun: of the records.
        found: there and here.
        info: of the records, there and as they would be made here; the differences are named.
        instead: what else can be done, beside going on there.
    """
    others = ", ".join(environment_differences(*info)) or "nothing else that is recorded differs"
    return RecordError(
        f"here {what} {found.verb} {found.here}, where the {noun} was made {found.there} "
        f"({others}); scores of two places are not mixed: go on with it there, or {instead}"
    )


def environment_differences(there: dict[str, Any], here: dict[str, Any]) -> Iterator[str]:
    """What two descriptions of a place, or of records, tell apart; not what only one tells."""
    for name, version in here["versions"].items():
        if (other := there["versions"].get(name, version)) != version:
            yield f"{name} {other} there and {version} here"
    for key, noun in NOUNS.items():
        if (other := there.get(key, here[key])) != here[key]:
            yield f"{noun} {other} there and {here[key]} here"
    for old, new in zip(there.get("tasks", ()), here.get("tasks", ()), strict=False):
        if old["digest"] != new["digest"]:
            yield f"{new['name']} has other data here"


def differences(there: Any, here: Any, place: str = "") -> Iterator[str]:
    """Where two JSON values differ, and how."""
    if isinstance(there, dict) and isinstance(here, dict) and there.keys() == here.keys():
        for key in there:
            yield from differences(there[key], here[key], f"{place}.{key}" if place else key)
    elif isinstance(there, list) and isinstance(here, list) and len(there) == len(here):
        for number, pair in enumerate(zip(there, here, strict=True)):
            yield from differences(*pair, f"{place}.{number}")
    elif isinstance(there, dict | list) or isinstance(here, dict | list):
        yield f"{place} differs"
    elif there != here:
        yield f"{place} is {there} there and {here} here"
