"""Code of the user: tasks, functions and more that a config names by file or by import path."""

from lionhunt.search.user_code.loading import UserCode, changed_files, load, source_digests
from lionhunt.search.user_code.recorded import check_sources, record_sources
from lionhunt.search.user_code.reference import Reference, is_reference

__all__ = [
    "Reference",
    "UserCode",
    "changed_files",
    "check_sources",
    "is_reference",
    "load",
    "record_sources",
    "source_digests",
]
