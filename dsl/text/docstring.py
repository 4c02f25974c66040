"""The docstring of a program: a summary, a source, and the meaning of each constant.

    Lion (EvoLved Sign Momentum): the sign of an interpolation of momentum and gradient.

    Chen et al., 2023, arXiv:2302.06675, Program 1. `lr` is the learning rate.

    beta1 = 0.9: weight of the momentum in the update
    beta2 = 0.99: decay of the momentum

A line `name = number: meaning` names a constant, in every place where the program has that number.
If two names have one number, the first name counts.
"""

import dataclasses
import re

from lionhunt.dsl.text.tokenizer import NUMBER

_CONSTANT = re.compile(
    rf"(?P<name>[A-Za-z_][A-Za-z0-9_]*)[ ]=[ ](?P<value>-?{NUMBER}):[ ](?P<meaning>\S.*)",
    re.VERBOSE,
)


@dataclasses.dataclass(frozen=True)
class NamedConstant:
    """A constant of a program, as its docstring names it."""

    name: str
    value: float
    meaning: str


@dataclasses.dataclass(frozen=True)
class ProgramDoc:
    """The content of a docstring.

    Attributes:
        summary: its first line.
        source: the paragraphs after it, without the lines on constants.
        constants: in the order of their lines.
    """

    summary: str = ""
    source: str = ""
    constants: tuple[NamedConstant, ...] = ()


def parse_docstring(docstring: str) -> ProgramDoc:
    """Parse a docstring that has no indentation."""
    lines, constants = [], []
    for line in docstring.strip().splitlines():
        match = _CONSTANT.fullmatch(line.strip())
        if match:
            name, value, meaning = match.group("name", "value", "meaning")
            constants.append(NamedConstant(name, float(value), meaning))
        else:
            lines.append(line)
    summary, *rest = lines or [""]
    return ProgramDoc(summary, "\n".join(rest).strip(), tuple(constants))
