"""Descriptions of task classes: their docstring, and for each option its type and its meaning."""

import ast
import dataclasses
import inspect
import itertools
import re
import textwrap
import typing
from typing import Any, NamedTuple

from lionhunt.proxy_tasks.task_class import fields_of

_COST = re.compile(r"An evaluation takes ([\d,.]+) s")


class Option(NamedTuple):
    """One option of a task class.

    Attributes:
        name: key in a config.
        type: of its values, in words.
        default: as a config has it; None if the option must be given.
        meaning: its docstring; may be empty.
    """

    name: str
    type: str
    default: str | None
    meaning: str


def describe_options(cls: type) -> list[Option]:
    """Return the options of a task class, but for its kind."""
    meanings = field_meanings(cls)
    hints = typing.get_type_hints(cls)
    return [
        Option(name, _type_name(hints.get(name, Any)), _default(field), meanings.get(name, ""))
        for name, field in fields_of(cls).items()
        if name != "kind"
    ]


def field_meanings(cls: type) -> dict[str, str]:
    """Return the docstrings of the fields of a class; its own replace those of its bases."""
    meanings: dict[str, str] = {}
    for base in reversed(cls.__mro__[:-1]):
        try:
            (tree,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        # Code from a command line has no source.
        except (OSError, TypeError):
            continue
        assert isinstance(tree, ast.ClassDef)
        for field, text in itertools.pairwise(tree.body):
            match field, text:
                case (
                    ast.AnnAssign(target=ast.Name(name)),
                    ast.Expr(ast.Constant(str(meaning))),
                ):
                    meanings[name] = " ".join(meaning.split())
    return meanings


def first_sentence(cls: type) -> str:
    """Return the first line of the docstring of a class; empty if the dataclass made it."""
    text = inspect.cleandoc(cls.__doc__ or "")
    return "" if text.startswith(f"{cls.__name__}(") else text.partition("\n")[0]


def cost_of(cls: type) -> float | None:
    """Return the seconds of an evaluation that the docstring of a class tells, if it does."""
    found = _COST.search(" ".join((cls.__doc__ or "").split()))
    return float(found[1].replace(",", "")) if found else None


def _type_name(hint: Any) -> str:
    if isinstance(hint, type) and not typing.get_args(hint):
        return hint.__name__
    if typing.get_origin(hint) is typing.Literal:
        return " or ".join(repr(value).replace("'", '"') for value in typing.get_args(hint))
    return str(hint).replace("typing.", "")


def _default(field: dataclasses.Field[Any]) -> str | None:
    if field.default is not dataclasses.MISSING:
        return repr(field.default).replace("'", '"')
    if field.default_factory is not dataclasses.MISSING:
        return repr(field.default_factory()).replace("'", '"')
    return None
