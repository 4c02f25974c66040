"""Programs from Python: every kind of reference, and what one can do with a program."""

import jax.numpy as jnp
import optax
import pytest

import lionhunt
from lionhunt import dsl
from lionhunt.search.errors import SourceError

LION = str(dsl.library.load("lion"))


def test_references_of_every_kind_name_the_same_program(tmp_path):
    (tmp_path / "mine.txt").write_text(LION)
    by_name = lionhunt.program("lion")
    for ref in (LION, tmp_path / "mine.txt", str(tmp_path / "mine.txt"), by_name.program, by_name):
        assert lionhunt.program(ref).program == by_name.program


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        ("loin", "did you mean 'lion'"),
        ("def train(w, g, lr):\n  update = squre(g)\n  return update\n", "line 2, column 12"),
        ("no/such/file.txt", "no program"),
    ],
)
def test_references_that_name_no_program(ref, message):
    with pytest.raises(SourceError, match=message):
        lionhunt.program(ref)


def test_text_keeps_its_docstring():
    text = 'def train(w, g, lr):\n  "A step down."\n  update = g * lr\n  return update\n'
    assert lionhunt.program(text).summary()["summary"] == "A step down."


def test_exact_simplification_keeps_the_updates():
    found = lionhunt.program("raw_lion").simplify(exact_only=True)
    assert found.program.num_needed == len(found.program.program.statements) == 10
    assert found.steps[-1]["statements"] == 10
    assert "| 10 |" in found.to_markdown() and found._repr_markdown_() == found.to_markdown()


def test_exports_are_those_of_the_command(invoke_cli):
    program = lionhunt.program("adamw")
    for target in ("optax", "torch", "latex"):
        status, out, _ = invoke_cli("export", "adamw", "--to", target)
        assert status == 0 and out == getattr(program, f"to_{target}")()


def test_classify_names_the_known_optimizer():
    assert "lion" in lionhunt.program(LION).classify().optimizers


def test_as_optimizer_is_an_optax_optimizer():
    params = {"w": jnp.array([1.0, -2.0]), "b": jnp.array(0.5)}
    gradient = {"w": jnp.array([0.3, -0.1]), "b": jnp.array(-0.2)}
    ours, theirs = lionhunt.program("lion").as_optimizer(0.1), optax.lion(0.1, weight_decay=0.1)
    updates = [opt.update(gradient, opt.init(params), params)[0] for opt in (ours, theirs)]
    assert all(
        jnp.allclose(a, b, atol=1e-6)
        for a, b in zip(*(jax_leaves(update) for update in updates), strict=True)
    )


def jax_leaves(tree):
    import jax

    return jax.tree.leaves(tree)


def test_str_and_repr_show_the_program():
    program = lionhunt.program("lion")
    assert str(program) == LION and LION in repr(program) and "lion" in repr(program)
