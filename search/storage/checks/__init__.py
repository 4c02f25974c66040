"""Checks of records: checksums of rows, problems that no run has, and files checked before.

It imports `search.environment`, `search.errors` and `search.user_folder`.
"""

__all__ = ["checksums", "remembered", "row_problems"]
