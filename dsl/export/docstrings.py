"""Name and docstring of an exported optimizer."""

import dataclasses
import re
from collections.abc import Sequence

from lionhunt.dsl.export.constant_names import Naming, name_constants
from lionhunt.dsl.export.dataflow import Graph, trace
from lionhunt.dsl.export.identifiers import RESERVED
from lionhunt.dsl.export.sign_optimizer import ADVICE, is_sign_optimizer
from lionhunt.dsl.export.update_rule import rule
from lionhunt.dsl.float32 import to_float32
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.program import Program
from lionhunt.dsl.text.docstring import ProgramDoc

_PLAIN = {"cube", "exp10", "max", "min", "negative", "reciprocal", "square"}
"""Functions whose names explain them."""


@dataclasses.dataclass(frozen=True)
class ExportContext:
    """A program to export, with its names and its documentation.

    Attributes:
        name: name of the function, in lower case.
        title: the same as the name of a class.
        doc: docstring of the program.
        graph: values of the program.
        naming: named constants of the program.
        is_sign: True for a sign optimizer.
    """

    name: str
    title: str
    doc: ProgramDoc
    graph: Graph
    naming: Naming
    is_sign: bool


def prepare(
    program: Program,
    name: str,
    doc: ProgramDoc,
    narrowest: Kind = Kind.TREE,
    constant_length: int = 40,
) -> ExportContext:
    """Trace a program and choose its names.

    Args:
        program: any valid program.
        name: name of the optimizer; any text.
        doc: docstring of the program.
        narrowest: least kind of a state that the file can hold.
        constant_length: most characters of the name of a constant.

    Raises:
        InvalidProgram: the program cannot run.
    """
    graph = trace(program, {to_float32(constant.value) for constant in doc.constants}, narrowest)
    stem = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")[:40].lower() or "program"
    stem = f"program_{stem}" if stem[0].isdigit() else stem
    stem = f"{stem}_optimizer" if stem in {word.lower() for word in RESERVED} else stem
    title = "".join(word[:1].upper() + word[1:] for word in stem.split("_"))
    naming = name_constants(graph, doc, {title, state_class(title)}, constant_length)
    return ExportContext(stem, title, doc, graph, naming, is_sign_optimizer(program))


def printable(text: str) -> str:
    """Replace each character that does not print by a space."""
    return "".join(c if c.isprintable() else " " for c in text)


def state_class(title: str) -> str:
    """Return the name of the class of the optimizer's state."""
    return f"{title}State"


def introduction(context: ExportContext) -> list[Sequence[str]]:
    """Return the paragraphs of a docstring before the arguments: summary, source and rule."""
    doc = context.doc
    summary = " ".join(printable(doc.summary).split()) or f"The optimizer {context.name}."
    paragraphs: list[Sequence[str]] = [[summary]]
    for paragraph in re.split(r"\n\s*\n", doc.source):
        if paragraph.strip():
            paragraphs.append([" ".join(printable(paragraph).split())])
    paragraphs.append(["Each step subtracts `update` from the weights:"])
    paragraphs.append([f"    {line}" for line in rule(context.graph, context.naming)])
    if explained := explanations(context.graph):
        paragraphs.append(["where", *(f"    {line}" for line in explained)])
    if context.is_sign:
        paragraphs.append([ADVICE])
    return paragraphs


def explanations(graph: Graph) -> list[str]:
    """Explain the functions of a rule whose names do not explain them."""
    ops = dict.fromkeys(OPS[value.op] for value in graph.values)
    explained = []
    for op in ops:
        names = ("x", "y", "a")[: op.arity]
        call = f" {op.symbol} ".join(names) if op.symbol else f"{op.name}({', '.join(names)})"
        if op.meaning != call and op.name not in _PLAIN:
            over = f", {op.note}" if op.reduces else ""
            explained.append(f"{call} is {op.meaning}{over}")
    return explained


def schedule_words(context: ExportContext) -> str:
    """Describe the role of the schedule value in the rule."""
    graph = context.graph
    is_read = graph.reads(graph.schedule)
    return f"`{graph.schedule.name}` in the rule" if is_read else "the rule does not use it"


def arguments(context: ExportContext) -> list[str]:
    """Return the lines of `Args:` for the constants."""
    return [f"    {constant.name}: {constant.meaning}." for constant in context.naming.constants]
