"""Storage: the records of runs as SQLite files with checksums, and programs read from them.

It imports `dsl`, `search.evolution`, `search.evaluation` and `search.errors`; it alone imports
sqlite3.
"""

__all__ = ["atomic_file", "checked_tables", "database", "export", "program_ref", "query"]
__all__ += ["resume", "run_store", "schema"]
