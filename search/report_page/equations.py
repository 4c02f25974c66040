"""The equations of a program as MathML, which a browser shows without any script or font."""

import re
import xml.etree.ElementTree as ET
from typing import NamedTuple

from latex2mathml import exceptions
from latex2mathml.converter import convert
from markupsafe import Markup

_NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"
_ALLOWED = {
    *("math", "mrow", "mi", "mo", "mn", "msub", "msup", "msubsup", "mfrac", "msqrt", "mover"),
    *("mtext", "mspace", "mstyle", "mroot", "munder", "munderover", "mpadded"),
}
_ALLOWED_ATTRIBUTES = {"display", "stretchy", "fence", "mathvariant", "form", "accent", "width"}
_ERRORS: tuple[type[Exception], ...] = tuple(
    each
    for each in vars(exceptions).values()
    if isinstance(each, type) and issubclass(each, Exception)
)


class Equations(NamedTuple):
    """The equations of a LaTeX export.

    Attributes:
        rows: MathML of each equation; empty if one of them cannot be shown.
        constants: MathML and meaning of each constant.
        latex: the source.
    """

    rows: tuple[Markup, ...]
    constants: tuple[tuple[Markup, str], ...]
    latex: str


def to_equations(latex: str) -> Equations:
    """Return the equations of a LaTeX export as MathML."""
    _, _, rest = latex.partition("\\begin{align*}\n")
    inner, _, after = rest.partition("\n\\end{align*}")
    rows = [to_mathml(row.strip().replace("&", "")) for row in inner.split("\\\\\n")]
    pairs = re.findall(r"^% (\S+ = [^:]+): (.*)$", after, re.MULTILINE)
    constants = [(to_mathml(symbol), meaning) for symbol, meaning in pairs]
    return Equations(
        tuple(row for row in rows if row is not None) if None not in rows else (),
        tuple((symbol, meaning) for symbol, meaning in constants if symbol is not None),
        latex,
    )


def to_mathml(latex: str) -> Markup | None:
    """Return a formula as MathML; None if it needs more than the tags that pages allow."""
    try:
        root = ET.fromstring(convert(latex))
    except (*_ERRORS, ET.ParseError, ValueError, IndexError, KeyError):
        return None
    for element in root.iter():
        element.tag = element.tag.removeprefix(_NAMESPACE)
        if element.tag not in _ALLOWED:
            return None
        kept = {name: text for name, text in element.items() if name in _ALLOWED_ATTRIBUTES}
        element.attrib.clear()
        element.attrib.update(kept)
    return Markup(ET.tostring(root, encoding="unicode"))
