"""Commands to look at runs and programs: `report`, `serve`, `list` and `diff`."""

__all__ = ["diff", "list", "report", "serve"]
