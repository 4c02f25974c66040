"""The command line: one module a command; each parses, calls the Python API, and prints.

It may import everything; nothing imports it. typer is imported here alone.
"""

__all__ = ["main"]
