"""Known optimizers as program text: initial programs, baselines, test cases. May import `dsl.text`.

Each is a file `NAME.py.txt` whose docstring describes it and names its source.
"""

from importlib import resources

from lionhunt.dsl.program import Program
from lionhunt.dsl.text import ProgramDoc, parse, parse_docstring, parse_with_docstring

__all__ = ["doc", "load", "names", "text"]

_SUFFIX = ".py.txt"


def names() -> tuple[str, ...]:
    """Return the names of all programs, sorted."""
    files = (path.name for path in resources.files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in files if name.endswith(_SUFFIX)))


def text(name: str) -> str:
    """Return the text of a program, with its docstring.

    Raises:
        KeyError: the library has no program of that name.
    """
    if name not in names():
        raise KeyError(f"no program '{name}' in the library; there are {', '.join(names())}")
    return (resources.files(__name__) / f"{name}{_SUFFIX}").read_text("utf-8")


def load(name: str) -> Program:
    """Return the program of that name; raise `KeyError` if there is none."""
    return parse(text(name))


def doc(name: str) -> ProgramDoc:
    """Return the description and the source of a program, and the meaning of its constants."""
    return parse_docstring(parse_with_docstring(text(name))[1])
