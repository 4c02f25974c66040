"""Programs in tests, from their lines or statements."""

from lionhunt import dsl

HEAD = "def train(w, g, m, lr):\n"
RETURN = "return g, m"


def body(*lines: str) -> str:
    """Return the text of a program of those lines, with one state."""
    return HEAD + "".join(f"  {line}\n" for line in lines)


def parse_statements(statements: str) -> dsl.Program:
    """Return a program of statements separated by ";", with the states m and v."""
    lines = "\n  ".join(statements.split("; "))
    return dsl.parse(f"def train(w, g, m, v, lr):\n  {lines}")
