"""The packages that alternatives need: which are installed, and in which version."""

import importlib.metadata
import importlib.util
from collections.abc import Iterable

EXTRA = "bench"
ALWAYS = ("lionhunt", "jax", "numpy")
OPTIONAL = ("torch", "deap", "pyglove")
"""Packages of the extra; a missing one is not measured."""


def is_installed(package: str) -> bool:
    """Return whether a package can be imported."""
    return importlib.util.find_spec(package) is not None


def missing_packages() -> list[str]:
    """Return the optional packages that are not installed."""
    return [package for package in OPTIONAL if not is_installed(package)]


def versions() -> dict[str, str]:
    """Return the version of each installed package."""
    names = (*ALWAYS, *filter(is_installed, OPTIONAL))
    return {name: importlib.metadata.version(name) for name in names}


def advice(missing: Iterable[str]) -> str:
    """Return in one line how to measure the rest."""
    return f"not measured: {', '.join(missing)}; run 'pip install lionhunt[{EXTRA}]'"
