"""Exports of programs with functions of the user."""

# pyright: reportArgumentType=false, reportOptionalMemberAccess=false

import importlib.util
import re

import jax
import numpy as np
import optax
import pytest

from lionhunt import dsl
from lionhunt.dsl.execution.compilation import as_optimizer
from lionhunt.dsl.op import FunctionError
from lionhunt.dsl.op_table import OpTable
from lionhunt.dsl.text.docstring import ProgramDoc
from lionhunt.search.user_code.functions import load_functions
from tests.support.own_functions import own_op, write_functions

TEXT = """def f(w, g, m, lr):
  m = interp(g, m, 0.9)
  u = softsign(m) * hypot(0.5, lr) + row_range(g) / l1(g) + spread(g) * hypot(m, 0.25)
  return (u + l1(spread(g)) * w + l1(lr) + softsign(spread(lr))) * lr, m
"""
NOTES = ProgramDoc()
SHAPES = {"matrix": (3, 4), "number": (), "vector": (5,)}
NUM_STEPS = 3


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return load_functions([str(write_functions(tmp_path_factory.mktemp("functions")))])


def load(text: str, folder, name: str):
    """Import an exported file."""
    path = folder / f"{name}.py"
    path.write_text(text, "utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def trees(seed):
    rng = np.random.default_rng(seed)
    return {name: np.float32(rng.standard_normal(shape)) for name, shape in SHAPES.items()}


def train(optimizer):
    params, state = trees(0), optimizer.init(trees(0))
    for step in range(NUM_STEPS):
        updates, state = optimizer.update(trees(step + 1), state, params)
        params = optax.apply_updates(params, updates)
    return params


def assert_equal(one, other):
    for name in SHAPES:
        np.testing.assert_allclose(one[name], other[name], rtol=1e-5, atol=1e-6)


def test_exported_optimizers_equal_the_program(table, tmp_path):
    with table:
        program = dsl.parse(TEXT)
        expected = train(as_optimizer(program, 0.1))
        file = load(dsl.to_optax(program, "found", NOTES), tmp_path, "found_optax")
        exported = load(dsl.to_torch(program, "found", NOTES), tmp_path, "found_torch")
    assert_equal(train(file.found(0.1)), expected)
    torch = pytest.importorskip("torch")
    params = {name: torch.nn.Parameter(torch.tensor(x)) for name, x in trees(0).items()}
    optimizer = exported.Found(list(params.values()), lr=0.1)
    for step in range(NUM_STEPS):
        for name, gradient in trees(step + 1).items():
            params[name].grad = torch.tensor(gradient)
        optimizer.step()
    assert_equal({name: x.detach().numpy() for name, x in params.items()}, expected)


def test_a_compiled_program_keeps_its_functions(table):
    with table:
        optimizer = as_optimizer(dsl.parse("def f(w, g, lr): return softsign(g) * lr"), 2.0)
    update, _ = jax.jit(optimizer.update)(
        {"a": np.float32([1, -3])}, optimizer.init({"a": np.ones(2)})
    )
    np.testing.assert_allclose(update["a"], [-1, 1.5])


@pytest.mark.parametrize("export, word", [(dsl.to_optax, "optax"), (dsl.to_torch, "torch")])
def test_a_missing_expression_is_named_in_one_line(export, word):
    with OpTable((own_op(),)), pytest.raises(FunctionError) as caught:
        export(dsl.parse("def f(w, g, lr): return twice(g) * lr"), "found", NOTES)
    assert re.search(rf"'twice' has no {word} expression; add {word}=", str(caught.value))
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("export, word", [(dsl.to_optax, "optax"), (dsl.to_torch, "torch")])
def test_a_wrong_expression_is_refused(export, word, tmp_path):
    path = tmp_path / "my_functions.py"
    path.write_text(
        "import lionhunt\n"
        f"@lionhunt.function(name='f', arity=1, meaning='x', {word}='x + 1')\n"
        "def f(np, x):\n    return x\n"
    )
    with load_functions([str(path)]), pytest.raises(FunctionError, match="expression differs"):
        export(dsl.parse("def f(w, g, lr): return f(g) * lr"), "found", NOTES)


def test_latex_has_the_formula_or_the_name(table):
    with table:
        text = dsl.to_latex(dsl.parse(TEXT), "found", NOTES)
    # Made of the meaning, as given, and by name.
    assert r"\frac{m_t}{1 + \left| m_t \right|}" in text
    assert r"\sqrt{m_t^2 + c_2^2}" in text
    assert r"\operatorname{row\_range}\left( g_t \right)" in text
    assert r"% \operatorname{l1}(x) is sum(abs(x)), of all arrays together" in text


def test_exports_need_no_functions_of_the_user_without_any():
    lion = dsl.library.load("lion")
    plain = dsl.to_optax(lion, "lion", NOTES)
    with OpTable((own_op(),)):
        assert dsl.to_optax(lion, "lion", NOTES) == plain
