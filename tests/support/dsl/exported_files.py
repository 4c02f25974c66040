"""Exported files in tests: their programs, their execution, and the check of their style."""

import itertools
import random
import subprocess
import sys
from pathlib import Path

import pytest

from lionhunt.dsl import library
from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.edits.constants import replace_constants
from lionhunt.dsl.ops import OPS
from lionhunt.dsl.program import Arg, Const, Program, Statement, Var
from lionhunt.dsl.text.docstring import ProgramDoc, parse_docstring
from lionhunt.dsl.text.parser import parse_with_docstring
from lionhunt.search.evolution.mutation import mutate
from lionhunt.search.evolution.mutation_space import MutationSpace

PROGRAMS = library.names()

NO_NOTES = ProgramDoc()

EVERY_OP = [
    (op.name, words)
    for op in OPS.values()
    for words in itertools.product(("w", "p", "s", "2.5"), repeat=op.arity)
    if op.scalar_argument is None or words[op.scalar_argument] in ("s", "2.5")
    # Three arguments of any kind: not all combinations.
    if op.arity < 3 or op.scalar_argument is not None or words[1] == words[2] or words[0] == "w"
]
"""Each function with each kind of argument: tree, number per array, scalar, constant."""


def one_op(name: str, words: tuple[str, ...]) -> Program:
    """Return a program whose update is one function of inputs of the given kinds."""
    args: list[Arg] = [Const(float(word)) if word == "2.5" else Var(word) for word in words]
    statements = (
        Statement("p", "norm", (Var("g"),)),
        Statement("s", "multiply", (Var("lr"), Const(0.75))),
        Statement("update", name, tuple(args)),
    )
    return Program(("w", "g", "lr"), statements, (Var("update"),))


def notes_of(text: str) -> ProgramDoc:
    """Return the parsed docstring of a program's text."""
    return parse_docstring(parse_with_docstring(text)[1])


def changed_constants(name: str) -> dict[str, float]:
    """Return new values for the named constants of the live part of a library program."""
    statements = simplify(library.load(name)).statements
    args = {arg.value for s in statements for arg in s.args if isinstance(arg, Const)}
    named = library.doc(name).constants
    return {each.name: 0.9 * each.value for each in named if each.value in args}


def with_changed_constants(name: str) -> Program:
    """Return a library program with the new values."""
    changed = changed_constants(name)
    named = library.doc(name).constants
    new = {each.value: changed[each.name] for each in named if each.name in changed}
    return replace_constants(library.load(name), new)


def bred_programs() -> list[tuple[str, Program]]:
    """Return programs of 20 to 60 statements with names, bred by mutation; 9 or more are live."""
    bred = []
    for seed in range(60):
        rng = random.Random(seed)
        program = library.load(rng.choice(["adamw_initial", "raw_lion"]))
        length = rng.randrange(20, 60)
        while len(program.statements) < length:
            mutant = mutate(program, rng, MutationSpace()).program
            if len(simplify(mutant).statements) >= 9:
                program = mutant
        bred.append((f"bred_{seed}", program))
    return bred


def execute(text: str) -> dict:
    """Execute a generated file and return its names."""
    namespace: dict = {"__name__": "generated"}
    exec(compile(text, "generated", "exec"), namespace)
    return namespace


def check_style(folder: Path, texts: dict[str, str]) -> None:
    """Assert that ruff check and ruff format accept the files."""
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
