"""The interpreter of PyTorch against the exported class of the same program."""

import functools

import pytest
import torch

from lionhunt.dsl import library
from lionhunt.dsl.text.parser import parse
from lionhunt.search.bench.alternatives.statement_interpreter import InterpretedOptimizer
from lionhunt.search.evaluation.torch_trainer import optimizer_class

NAMES = ("adamw", "lion", "raw_lion", "adafactor", "muon", "lamb", "sm3", "adan", "normuon")
SHAPES = ((3, 4), (4,), (2, 2, 3))
NUM_STEPS = 8


def make_params():
    torch.manual_seed(0)
    return [torch.nn.Parameter(torch.randn(shape)) for shape in SHAPES]


def joined(params):
    return torch.cat([p.detach().ravel() for p in params])


def trained(make_optimizer):
    """Return all parameters after a few steps."""
    params = make_params()
    optimizer = make_optimizer(params)
    for step in range(NUM_STEPS):
        optimizer.param_groups[0]["lr"] = 0.01 * (NUM_STEPS - step)
        optimizer.zero_grad()
        losses = [(p * p * (step + 1)).sum() + torch.sin(3 * p).sum() for p in params]
        torch.stack(losses).sum().backward()
        optimizer.step()
    return joined(params)


def check_agreement(program):
    by_export = trained(functools.partial(optimizer_class(program), lr=1.0))
    interpreted = trained(functools.partial(InterpretedOptimizer, program=program))
    torch.testing.assert_close(interpreted, by_export, rtol=1e-5, atol=1e-5)
    assert not torch.equal(interpreted, joined(make_params()))


@pytest.mark.parametrize("name", NAMES)
def test_interpreted_program_trains_like_its_exported_class(name):
    check_agreement(library.load(name))


@pytest.mark.parametrize("function", ["cbrt", "exp10", "log1p", "arcsinh", "expm1", "sign"])
def test_function_that_torch_names_otherwise(function):
    check_agreement(
        parse(f"def train(w, g, m, lr):\n  x = {function}(g)\n  x = x * lr\n  return x, m")
    )


def test_reduction_and_number_of_each_array():
    text = "  a = array_max(g) + size(g)\n  b = row_max(g) + column_mean(w)\n  x = b / a\n"
    check_agreement(parse(f"def train(w, g, m, lr):\n{text}  return x * lr, m"))


def test_states_may_trade_places_and_be_the_weights():
    text = "  x = m + v\n  x = x + 1.0\n  x = x * lr\n  return x, v, w"
    check_agreement(parse(f"def train(w, g, m, v, lr):\n{text}"))


def test_each_parameter_has_a_call_for_each_statement():
    calls = []

    class Counting(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            calls.append(getattr(function, "__name__", ""))
            return function(*args, **(kwargs or {}))

    params = [torch.nn.Parameter(torch.ones(shape)) for shape in SHAPES]
    optimizer = InterpretedOptimizer(params, library.load("signsgd"))
    for p in params:
        p.grad = torch.ones_like(p)
    with Counting():
        optimizer.step()
    assert calls.count("sign") == len(params)
