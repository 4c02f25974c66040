"""Storage: the records of runs as SQLite files with checksums, and programs read from them.

It imports `dsl`, `search.evolution`, `search.evaluation` and `search.errors`; it alone imports
sqlite3.
"""

__all__ = ["atomic_file", "checked_tables", "database", "export", "outcome_tables", "program_ref"]
__all__ += ["query", "resume", "run_info", "run_store", "schema", "stored_program"]
