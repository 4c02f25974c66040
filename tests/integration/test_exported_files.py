"""Exported files: their style, their names, and their text."""

import ast
import re
import unicodedata

import hypothesis
import jax
import jax.numpy as jnp
import pytest
from hypothesis import strategies as st

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.dsl.export import to_latex, to_optax, to_torch
from lionhunt.dsl.export.sign_optimizer import ADVICE
from lionhunt.dsl.text.docstring import NamedConstant, ProgramDoc
from tests.support.dsl.exported_files import (
    NO_NOTES,
    PROGRAMS,
    bred_programs,
    check_style,
    execute,
    notes_of,
)
from tests.support.dsl.optax_steps import assert_same_steps
from tests.support.dsl.programs import CONSTANTS, programs
from tests.support.dsl.values import assert_close


def test_files_of_the_library_are_formatted(tmp_path):
    texts = {name: to_optax(library.load(name), name, library.doc(name)) for name in PROGRAMS}
    check_style(tmp_path, texts)


def test_files_of_random_programs_are_formatted(tmp_path):
    texts = {}

    @hypothesis.settings(max_examples=60)
    @hypothesis.given(programs(constants=CONSTANTS))
    def collect(program):
        texts[f"program_{len(texts)}"] = to_optax(program, f"program_{len(texts)}", NO_NOTES)

    collect()
    assert len(texts) >= 60
    check_style(tmp_path, texts)


def test_files_of_bred_programs_are_formatted(tmp_path):
    check_style(tmp_path, {name: to_optax(p, name, NO_NOTES) for name, p in bred_programs()})


@pytest.mark.parametrize("to", [to_optax, to_torch, to_latex])
@pytest.mark.parametrize("step", ["x = x * x", "x = sin(x)", "x = x * y; y = x + y"])
def test_long_programs_are_exported(to, step):
    """Check that a long program exports in linear time, without a deep stack."""
    lines = "\n  ".join(["x = g", "y = w", *[step] * (1900 // (1 + step.count(";")))])
    assert "\n" in to(dsl.parse(f"def f(w, g, lr):\n  {lines}\n  return x + y"), "f", NO_NOTES)


CLASHES = """
def f(w, g, m, {0}, {1}):
  {2} = g * 2.5
  {3} = global_norm(g) * global_norm({2}) * {1}
  c = g * {3}
  c = global_norm(c) * c
  {2} = {2} * global_norm(c) + c
  return {2} + m, {2}, interp(g, {0}, 0.75)
"""


@pytest.mark.parametrize(
    "names",
    ["prepare prepare_2 step outputs", "FoundState Found found_2 new_state"]
    + ["callable NamedTuple jax optax", "torch params p zip", "x v_list a_list state"],
)
def test_names_do_not_hide_what_the_file_uses(names):
    words = names.split()
    for first in range(len(words)):
        program = dsl.parse(CLASHES.format(*words[first:], *words[:first]))
        assert_same_steps(program, rtol=1e-9, num_steps=2)


@pytest.mark.parametrize("name", ["none", "True", "FALSE", "class", "1st", "", "\N{BUG}"])
def test_any_name_makes_a_valid_file(name):
    for to in (to_optax, to_torch):
        compile(to(library.load("lion"), name, NO_NOTES), "generated", "exec")


LONG = "a_name_that_is_much_longer_than_anyone_would_ever_write_in_an_optimizer"


def test_awkward_names_and_words_are_tamed(tmp_path):
    text = f'''
def f(jnp, params, lambda_, l, {LONG}, update, state):
  """A "quoted\\\\" summary \\'\\'\\' with {"very long words and " * 8}no end.

  {"x" * 150}

  lambda = 0.25: a keyword
  update = 0.5: the name of a function
  state = 0.75: the name of an argument
  lr = 0.125: the name of another
  """
  l = interp(l, params, 0.25)
  {LONG} = interp({LONG}, params, 0.75)
  {LONG}_x = power({LONG}, l)
  update = {LONG}_x / ({LONG} + 0.5)
  update = update + update * jnp * 0.125
  t = interp({LONG}, {LONG}_x, state)
  return t + update * state, lambda_, l, {LONG}, update
'''
    program, doc = dsl.parse(text), notes_of(text)
    generated = to_optax(program, "class", doc)
    assert re.search(r"lambda_constant: float = 0.25,\n +update_constant: float = 0.5", generated)
    check_style(tmp_path, {"long": generated})
    params = {"a": jnp.full(3, 0.5), "b": jnp.ones(())}
    gradient = jax.tree.map(lambda x: x / 2, params)
    optimizers = execute(generated)["class_optimizer"](0.5), dsl.as_optimizer(program, 0.5)
    updates = [opt.update(gradient, opt.init(params), params)[0] for opt in optimizers]
    assert_close(*updates, rtol=1e-6)


SIGN_OPTIMIZERS = {
    *(
        "ablation",
        "c_lion",
        "discovered_lion",
        "lion",
        "lion_sparse",
        "raw_lion",
        "signsgd",
        "signum",
    )
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_advice_is_given_for_sign_optimizers(name):
    text = to_optax(library.load(name), "anything", NO_NOTES)
    is_advised = " ".join(ADVICE.split()) in " ".join(text.split())
    assert is_advised == (name in SIGN_OPTIMIZERS)


@pytest.mark.parametrize("factor", ["sign(g) * sign(m)", "exp(sign(g) * sign(m))"])
def test_sign_optimizer_is_told_by_what_it_does(factor):
    program = dsl.parse(f"def f(w, g, m, lr): return {factor} * g, interp(g, m, 0.9)")
    assert ADVICE[:15] not in to_optax(program, "sign_of_something", NO_NOTES)


def test_root_of_what_cannot_be_negative_has_no_abs():
    assert "jnp.sqrt(v)" in to_optax(library.load("adamw_initial"), "adamw", NO_NOTES)
    # Its second moment is replaced by its sine, which can be negative.
    assert "jnp.sqrt(jnp.abs(v))" in to_optax(library.load("regularized"), "x", NO_NOTES)


def fits(line):
    return len(line) + sum(unicodedata.east_asian_width(c) in "WF" for c in line) <= 100


def test_long_names_of_constants_are_shortened():
    doc = ProgramDoc(
        "", "", (NamedConstant("a" * 80, 0.99, "one"), NamedConstant("b" * 80, 0.9, "two"))
    )
    for to in (to_optax, to_torch):
        text = to(library.load("lion"), "lion", doc)
        assert all(map(fits, text.splitlines())) and "aaaaaaaaaa: float = 0.99" in text


AWKWARD = st.text(
    st.one_of(
        st.sampled_from(["\\", '"', "'", "\x1b", "\u202e", "\u200b", "\t", "{", "%", "文", " "]),
        st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"),
    ),
    max_size=250,
)


@hypothesis.settings(max_examples=150)
@hypothesis.given(summary=AWKWARD, source=AWKWARD, meaning=AWKWARD)
@hypothesis.example(summary="\x00\x1b", source="\\" * 150, meaning='"""')
@hypothesis.example(summary="", source="\x00" * 150 + "x", meaning="文" * 150)
@hypothesis.example(summary='"""; import os; """', source="文" * 150, meaning="\\N{x}\\")
def test_any_docstring_makes_files_that_parse_and_fit(summary, source, meaning):
    doc = ProgramDoc(summary, source, (NamedConstant("beta2", 0.99, meaning),))
    for to in (to_optax, to_torch):
        text = to(library.load("lion"), "lion", doc)
        tree = ast.parse(text)
        assert all(map(fits, text.splitlines()))
        # The statements are those of a file without the docstring.
        names = [type(node) for node in ast.walk(tree) if not isinstance(node, ast.Constant)]
        plain = ast.parse(to(library.load("lion"), "lion", PLAIN))
        assert names == [type(n) for n in ast.walk(plain) if not isinstance(n, ast.Constant)]
    for line in to_latex(library.load("lion"), "lion", doc).splitlines():
        assert line.isprintable()


PLAIN = ProgramDoc("Lion.", "", (NamedConstant("beta2", 0.99, "decay"),))
