"""Exported files in tests: executed, held to ruff, and every function of the table once."""

import itertools
import random
import subprocess
import sys
from pathlib import Path

import pytest

from lionhunt.dsl import library
from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.ops import OPS
from lionhunt.dsl.program import Arg, Const, Program, Statement, Var
from lionhunt.dsl.text.docstring import ProgramDoc, parse_docstring
from lionhunt.dsl.text.parser import parse_with_docstring
from lionhunt.search.evolution.mutation import MutationSpace, mutate

PROGRAMS = library.names()

NO_NOTES = ProgramDoc()

EVERY_OP = [
    (op.name, words)
    for op in OPS.values()
    for words in itertools.product(("w", "p", "s", "2.5"), repeat=op.arity)
    if op.scalar_argument is None or words[op.scalar_argument] in ("s", "2.5")
]
"""Each function with each kind of argument: tree, number per array, scalar, constant."""


def one_op(name: str, words: tuple[str, ...]) -> Program:
    """A program whose update is one function of inputs of the given kinds."""
    args: list[Arg] = [Const(float(word)) if word == "2.5" else Var(word) for word in words]
    statements = (
        Statement("p", "norm", (Var("g"),)),
        Statement("s", "multiply", (Var("lr"), Const(0.75))),
        Statement("update", name, tuple(args)),
    )
    return Program(("w", "g", "lr"), statements, (Var("update"),))


def notes_of(text: str) -> ProgramDoc:
    """What the docstring of a program's text says."""
    return parse_docstring(parse_with_docstring(text)[1])


def changed_constants(name: str) -> dict[str, float]:
    """Other values for all named constants that matter in a program of the library."""
    statements = simplify(library.load(name)).statements
    args = {arg.value for s in statements for arg in s.args if isinstance(arg, Const)}
    named = library.doc(name).constants
    return {each.name: 0.9 * each.value for each in named if each.value in args}


def with_changed_constants(name: str) -> Program:
    """The program of the library with these values in place of its own."""
    changed = changed_constants(name)
    named = library.doc(name).constants
    new = {each.value: changed[each.name] for each in named if each.name in changed}

    def renewed(arg: Arg) -> Arg:
        return Const(new.get(arg.value, arg.value)) if isinstance(arg, Const) else arg

    program = library.load(name)
    statements = tuple(
        Statement(s.target, s.op, tuple(map(renewed, s.args))) for s in program.statements
    )
    return Program(program.inputs, statements, program.outputs)


def bred_programs() -> list[tuple[str, Program]]:
    """Programs of 20 to 60 statements, bred by mutation so that some of it matters, with names."""
    bred = []
    for seed in range(60):
        rng = random.Random(seed)
        program = library.load(rng.choice(["adamw_initial", "raw_lion"]))
        length = rng.randrange(20, 60)
        while len(program.statements) < length:
            _, mutant, _ = mutate(program, rng, MutationSpace())
            if len(simplify(mutant).statements) >= 9:
                program = mutant
        bred.append((f"bred_{seed}", program))
    return bred


def execute(text: str) -> dict:
    """What a generated file defines."""
    namespace: dict = {"__name__": "generated"}
    exec(compile(text, "generated", "exec"), namespace)
    return namespace


def check_style(folder: Path, texts: dict[str, str]) -> None:
    """Asserts that ruff has nothing to say of files, as check and as format."""
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    ruff = Path(sys.executable).with_name("ruff")
    style = ("--isolated", "--no-cache", "--line-length=100")
    for words in (("check", "--select=E,F,I,UP,B"), ("format", "--diff")):
        done = subprocess.run(
            [ruff, *words, *style, folder], capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.fail(done.stdout + done.stderr)
