"""A closer look at the selected programs: lead, steps, and what they can do without.

It may import what `search.selection` may.
"""

__all__ = ["closer_look", "report", "summary"]
