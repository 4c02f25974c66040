"""Where results are made: versions and machine, and the refusal where another scores otherwise."""

import importlib.metadata
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from search.run_file import RecordError

VERSIONS_OF = ("lionhunt", "jax", "jaxlib", "numpy", "optax", "equinox", "ray", "scikit-learn")


def describe_environment() -> dict[str, Any]:
    """The versions of what results depend on, the machine and its processor."""
    return {
        "versions": {name: importlib.metadata.version(name) for name in VERSIONS_OF}
        | {"python": platform.python_version()},
        "machine": f"{platform.machine()} {platform.system()}",
        "processor": processor_name(),
    }


def processor_name() -> str:
    """The model of the processor, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        lines = []
    models = (line.partition(": ")[2] for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


def refuse_scores(
    what: str,
    noun: str,
    scores: tuple[Sequence[float], Sequence[float]],
    info: tuple[dict[str, Any], dict[str, Any]],
    instead: str = "start a new one",
) -> RecordError:
    """The refusal to go on where scores differ from those that were recorded elsewhere.

    Args:
        what: was scored in both places.
        noun: of the records.
        scores: there and here.
        info: of the records, there and as they would be made here; the differences are named.
        instead: what else can be done, beside going on there.
    """
    found = ", ".join(_differences(*info)) or "nothing else that is recorded differs"
    there, here = map(list, scores)
    return RecordError(
        f"here {what} scores {here}, where the {noun} was made {there} ({found}); scores of two "
        f"places are not mixed: go on with it there, or {instead}"
    )


def _differences(there: dict[str, Any], here: dict[str, Any]) -> Iterator[str]:
    for name, version in here["versions"].items():
        if (other := there["versions"].get(name)) != version:
            yield f"{name} {other} there and {version} here"
    for key in ("machine", "processor"):
        if (other := there.get(key)) not in (here[key], None):  # None in older records
            yield f"{key} {other} there and {here[key]} here"
    for old, new in zip(there.get("tasks", ()), here.get("tasks", ()), strict=False):
        if old["digest"] != new["digest"]:
            yield f"{new['name']} has other data here"
