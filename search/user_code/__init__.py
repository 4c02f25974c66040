"""Code of the user: tasks, functions and more that a config names by file or by import path."""

from lionhunt.search.user_code.loading import UserCode, changed_files, load, source_digests
from lionhunt.search.user_code.reference import Reference, is_reference

__all__ = [
    "Reference",
    "UserCode",
    "changed_files",
    "is_reference",
    "load",
    "source_digests",
]
