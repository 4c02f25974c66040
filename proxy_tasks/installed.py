"""The places of code that is not the user's: Python, installed packages and Lionhunt itself."""

import sysconfig
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]

INSTALLED = (
    *sorted({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")}),
    *(f"{_ROOT / part}/" for part in ("dsl", "proxy_tasks", "search")),
)
"""Beginnings of the paths of such files; the version of their package identifies them."""
