"""Programs in tests, from their lines or statements."""

from lionhunt import dsl

HEAD = "def train(w, g, m, lr):\n"
RETURN = "return g, m"

NUMBERS_PER_ARRAY = """
def f(w, g, m, v, a, b, c, d, lr):
  m = interp(g, m, 0.9)
  v = interp(w, v, 0.9)
  x = norm(g)
  a = interp(x, a, 0.9)
  b = max(x, b)
  x = a / b
  c = interp(x, c, 0.5)
  y = global_norm(g)
  d = max(y, d)
  y = y / d
  u = m * c + v * x
  u = u * y * lr
  return u, m, v, a, b, c, d
"""
"""States of every kind: two trees, three numbers per array and one number, all from vectors."""


def body(*lines: str) -> str:
    """Return the text of a program of those lines, with one state."""
    return HEAD + "".join(f"  {line}\n" for line in lines)


def parse_statements(statements: str) -> dsl.Program:
    """Return a program of statements separated by ";", with the states m and v."""
    lines = "\n  ".join(statements.split("; "))
    return dsl.parse(f"def train(w, g, m, v, lr):\n  {lines}")
