"""Commands to look at runs and programs: `report`, `list` and `diff`."""

__all__ = ["diff", "list", "report"]
