"""What an export says of a program: its name, and the paragraphs of its docstring."""

import dataclasses
import re
from collections.abc import Sequence

from lionhunt.dsl.export import sign_optimizer as behaviour
from lionhunt.dsl.export.constant_names import Naming, name_constants
from lionhunt.dsl.export.dataflow import Graph, trace
from lionhunt.dsl.export.identifiers import RESERVED
from lionhunt.dsl.export.update_rule import rule
from lionhunt.dsl.float32 import to_float32
from lionhunt.dsl.ops import OPS
from lionhunt.dsl.program import Program
from lionhunt.dsl.text.docstring import ProgramDoc

_PLAIN = {"cube", "exp10", "max", "min", "negative", "reciprocal", "square"}
"""Functions whose names tell what they mean."""


@dataclasses.dataclass(frozen=True)
class ExportContext:
    """A program that is exported, and what is said of it.

    Attributes:
        name: of the function, in lower case.
        title: the same as the name of a class.
        notes: what the docstring of the program says.
        graph: its values.
        naming: its named constants.
        is_sign: whether it is a sign optimizer.
    """

    name: str
    title: str
    notes: ProgramDoc
    graph: Graph
    naming: Naming
    is_sign: bool


def prepare(program: Program, name: str, notes: ProgramDoc) -> ExportContext:
    """Learns what an export says of a program.

    Raises:
        InvalidProgram: the program cannot run.
    """
    graph = trace(program, {to_float32(constant.value) for constant in notes.constants})
    stem = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")[:40].lower() or "program"
    stem = f"program_{stem}" if stem[0].isdigit() else stem
    stem = f"{stem}_optimizer" if stem in {word.lower() for word in RESERVED} else stem
    title = "".join(word[:1].upper() + word[1:] for word in stem.split("_"))
    return ExportContext(
        stem,
        title,
        notes,
        graph,
        name_constants(graph, notes, taken={title, state_class(title)}),
        behaviour.is_sign_optimizer(program),
    )


def state_class(title: str) -> str:
    """The name of the class of what the optimizer keeps."""
    return f"{title}State"


def introduction(subject: ExportContext) -> list[Sequence[str]]:
    """The paragraphs of a docstring up to the arguments: what it is, its source, its rule."""
    notes = subject.notes
    summary = notes.summary or f"The optimizer {subject.name}."
    paragraphs: list[Sequence[str]] = [[summary]]
    for paragraph in re.split(r"\n\s*\n", notes.source):
        if paragraph.strip():
            paragraphs.append([" ".join(paragraph.split())])
    paragraphs.append(["Each step subtracts `update` from the weights:"])
    paragraphs.append([f"    {line}" for line in rule(subject.graph, subject.naming)])
    if explained := explanations(subject.graph):
        paragraphs.append(["where", *(f"    {line}" for line in explained)])
    if subject.is_sign:
        paragraphs.append([behaviour.ADVICE])
    return paragraphs


def explanations(graph: Graph) -> list[str]:
    """What the functions of a rule mean, where their names do not tell."""
    ops = dict.fromkeys(OPS[value.op] for value in graph.values)
    explained = []
    for op in ops:
        names = ("x", "y", "a")[: op.arity]
        call = f" {op.symbol} ".join(names) if op.symbol else f"{op.name}({', '.join(names)})"
        if op.meaning != call and op.name not in _PLAIN:
            over = f", {op.note}" if op.reduces else ""
            explained.append(f"{call} is {op.meaning}{over}")
    return explained


def schedule_words(subject: ExportContext) -> str:
    """Where the schedule value is in the rule."""
    graph = subject.graph
    is_read = graph.reads(graph.schedule)
    return f"`{graph.schedule.name}` in the rule" if is_read else "the rule does not use it"


def arguments(subject: ExportContext) -> list[str]:
    """The lines on constants, for `Args:`."""
    return [f"    {each.name}: {each.meaning}." for each in subject.naming.constants]
