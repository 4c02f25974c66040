"""Known optimizers as program text, each with its source: initial programs, baselines, test cases.

Each is a file `NAME.py.txt` whose docstring says what it is and where it comes from.
"""

from importlib import resources

from lionhunt.dsl.program import Program
from lionhunt.dsl.text.docstring import ProgramDoc, parse_docstring
from lionhunt.dsl.text.parser import parse, parse_with_docstring

_SUFFIX = ".py.txt"


def names() -> tuple[str, ...]:
    """The names of all programs, sorted."""
    files = (path.name for path in resources.files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in files if name.endswith(_SUFFIX)))


def text(name: str) -> str:
    """The text of a program, with its docstring.

    Raises:
        KeyError: there is none of that name.
    """
    if name not in names():
        raise KeyError(f"no program '{name}' in the library; there are {', '.join(names())}")
    return (resources.files(__name__) / f"{name}{_SUFFIX}").read_text("utf-8")


def load(name: str) -> Program:
    """The program of that name; raises `KeyError` if there is none."""
    return parse(text(name))


def doc(name: str) -> ProgramDoc:
    """What the program is, where it comes from, and the meaning of its constants."""
    return parse_docstring(parse_with_docstring(text(name))[1])
