"""Program text in tests: a program of some lines, and the end of one."""

HEAD = "def train(w, g, m, lr):\n"


def body(*lines: str) -> str:
    """A program of those lines."""
    return HEAD + "".join(f"  {line}\n" for line in lines)


RETURN = "return g, m"
