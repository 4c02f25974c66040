"""Exported torch optimizers in the tests that PyTorch has for its own.

The cases are those of PyTorch's `TestOptimRenewed`, `TestDifferentiableOptimizer`, `TestSWAUtils`
and `TestLRScheduler`, and what the documentation of `torch.optim` promises.
`NOT_RUN` lists PyTorch's tests without a counterpart here. `on_programs` names the programs to
which a test does not apply.
"""

# Test code reads attributes that types do not tell, and variables of loops after them.
# pyright: reportAttributeAccessIssue=false, reportPossiblyUnboundVariable=false, reportArgumentType=false
# pyright: reportOptionalMemberAccess=false, reportCallIssue=false, reportOperatorIssue=false
# pyright: reportInvalidTypeForm=false

import io
from typing import Any

import pytest

from tests.support.dsl import suites
from tests.support.dsl.suites import (
    rate,
    torch_class,
)

torch = pytest.importorskip("torch")
common = pytest.importorskip("torch.testing._internal.common_optimizers")

from torch.nn import Parameter  # noqa: E402
from torch.optim import lr_scheduler  # noqa: E402

NOT_RUN = {
    "test_foreach_matches_forloop": "exports have one implementation: no foreach, no fused",
    "test_fused_matches_forloop": "exports have one implementation: no foreach, no fused",
    "test_defaults_changed_to_foreach": "exports have one implementation: no foreach, no fused",
    "test_peak_memory_foreach": "exports have one implementation: no foreach, no fused",
    "test_fused_does_not_step_if_foundinf": "a GradScaler skips the step of an export itself",
    "test_cpu_load_state_dict": "exports have no argument capturable",
    "test_rosenbrock_sparse": "sparse gradients are refused; a test checks the message",
    "test_complex": "complex parameters are refused; a test checks the message",
    "test_complex_2d": "complex parameters are refused; a test checks the message",
    "test_state_dict_with_cuda_params": "needs an accelerator",
    "test_forloop_goes_right_direction_multigpu": "needs an accelerator",
    "test_load_nontensor_step": "no version of an export kept numbers that are no tensors",
    "test_second_order_optims_return_consistent_types": "no export needs a closure",
}
"""Tests of PyTorch that exports cannot take, with the reasons."""

LOW = (torch.float16, torch.bfloat16)
FLOATS = (*LOW, torch.float32, torch.float64)


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def make(name: str, params, lr=None, **options):
    return torch_class(name)(params, rate(name) if lr is None else lr, **options)


def inputs(name: str, is_tensor: bool = True) -> list:
    """Return the arguments with which a class is tested, in PyTorch's form."""
    lr = rate(name)
    kwargs: dict[str, dict[str, Any]] = {"default": {"lr": lr}, "other lr": {"lr": lr / 3}}
    for constant, value in suites.constants(name).items():
        kwargs[f"other {constant}"] = {"lr": lr, constant: 0.9 * value}
    if is_tensor:
        kwargs["tensor lr"] = {"lr": torch.tensor(lr)}
    return [common.OptimizerInput(None, each, desc) for desc, each in kwargs.items()]


def info(name: str):
    """Describe an exported class as PyTorch describes its own."""
    return common.OptimizerInfo(
        torch_class(name),
        optim_inputs_func=lambda device, dtype=None: inputs(name),
        optim_error_inputs_func=common.get_error_inputs_for_all_optims,
        supported_impls=("differentiable",),
        supports_complex=False,
        supports_sparse=False,
    )


def draw_params(dtype=torch.float32, is_contiguous=True) -> list:
    """Return a weight and a bias."""
    shapes = ((4, 3), (4,))
    if is_contiguous:
        return [Parameter(torch.randn(shape, dtype=dtype)) for shape in shapes]
    return [Parameter(torch.randn((*shape, 2), dtype=dtype)[..., 0]) for shape in shapes]


def twins_of(params) -> list:
    return [Parameter(param.detach().clone()) for param in params]


def loss_of(params):
    weight, bias = params
    point = torch.tensor([0.5, -1.0, 1.5], dtype=weight.dtype)
    return (weight.mv(point) + bias).square().sum()


def backward(optimizer, params):
    optimizer.zero_grad()
    loss = loss_of(params)
    loss.backward()
    return loss


def train(optimizer, params, num_steps=3, schedulers=()) -> float:
    """Take steps; return the first loss."""
    first = loss_of(params).item()
    for _ in range(num_steps):
        loss = backward(optimizer, params)
        optimizer.step()
        for scheduler in schedulers:
            needs_loss = isinstance(scheduler, lr_scheduler.ReduceLROnPlateau)
            scheduler.step(*([loss.item()] if needs_loss else []))
    return first


def trained(name: str, num_steps=3, dtype=torch.float32, **options):
    """Return an optimizer that has taken steps, and its parameters."""
    params = draw_params(dtype)
    optimizer = make(name, params, **options)
    train(optimizer, params, num_steps)
    return optimizer, params


def states_of(optimizer, param) -> dict[str, torch.Tensor]:
    return dict(optimizer.state.get(param, {}))


def assert_same(ones, others):
    """Assert that two lists of tensors are the same, bit for bit."""
    for one, other in zip(ones, others, strict=True):
        assert one.dtype == other.dtype and torch.equal(one, other)


def assert_same_dictionary(one, other):
    """Assert that two values of nested dictionaries and lists are the same."""
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key, value in one.items():
            assert_same_dictionary(value, other[key])
    elif isinstance(one, list | tuple):
        for each, twin in zip(one, other, strict=True):
            assert_same_dictionary(each, twin)
    elif isinstance(one, torch.Tensor):
        assert_same([one], [other])
    else:
        assert one == other


def assert_same_states(one, other, ones, others):
    for a, b in zip(ones, others, strict=True):
        states, twins = states_of(one, a), states_of(other, b)
        assert states.keys() == twins.keys()
        assert_same(states.values(), twins.values())


def compute_dtype(dtype):
    return torch.float64 if dtype == torch.float64 else torch.float32


def saved(state_dict):
    """Write a state dictionary as torch does and read it without trust."""
    file = io.BytesIO()
    torch.save(state_dict, file)
    file.seek(0)
    return torch.load(file, weights_only=True)
