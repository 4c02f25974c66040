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

import copy
import io
import math
import pickle
from typing import Any

import numpy as np
import pytest

from lionhunt import dsl
from lionhunt.dsl.analysis.state_kinds import narrow_states
from lionhunt.dsl.kinds import Kind
from tests.support.dsl import suites
from tests.support.dsl.oracles import ademamix, radam
from tests.support.dsl.suites import (
    ALL_TOGETHER,
    FEW,
    ONE,
    REPRESENTATIVES,
    on_programs,
    rate,
    torch_class,
    without,
)

torch = pytest.importorskip("torch")
common = pytest.importorskip("torch.testing._internal.common_optimizers")

from torch.nn import Parameter  # noqa: E402
from torch.optim import lr_scheduler, swa_utils  # noqa: E402
from torch.optim.optimizer import (  # noqa: E402
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)
from torch.testing import assert_close  # noqa: E402

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


# Errors


@on_programs()
def test_common_mistakes_are_refused_as_torch_refuses_them(name):
    described = info(name)
    for case in described.optim_error_inputs_func("cpu", torch.float32):
        error = case.optimizer_error_input
        params = [Parameter(torch.randn(1, 1))] if error.params is None else error.params
        kwargs = {"lr": 1e-3} | error.kwargs
        # The export names the number and the range.
        message = "lr" if "1-element" in case.error_regex else case.error_regex
        if issubclass(case.error_type, Warning):
            with pytest.warns(case.error_type, match=message):
                described.optim_cls(params, **kwargs)
        else:
            with pytest.raises(case.error_type, match=message):
                described.optim_cls(params, **kwargs)


def bad_values(name: str) -> list[tuple[str, Any]]:
    """Return arguments that no optimizer of torch accepts."""
    bad: list[tuple[str, Any]] = [("lr", value) for value in (-1.0, math.nan, "0.1", None)]
    for constant, value in suites.constants(name).items():
        bad += [(constant, math.nan), (constant, str(value)), (constant, None)]
        is_decay = constant.startswith("beta") or constant == "momentum"
        if is_decay and value < 1:
            bad += [(constant, -0.1), (constant, 1.5)]
        if constant == "weight_decay" or constant.startswith("epsilon"):
            bad.append((constant, -1.0))
    return bad


@on_programs()
def test_bad_numbers_are_refused(name):
    for argument, value in bad_values(name):
        with pytest.raises(ValueError, match=argument):
            torch_class(name)(draw_params(), **{"lr": 1e-3} | {argument: value})
        with pytest.raises(ValueError, match=argument):
            make(name, [{"params": draw_params(), argument: value}])
        optimizer = make(name, draw_params())
        with pytest.raises(ValueError, match=argument):
            optimizer.add_param_group({"params": draw_params(), argument: value})
        assert len(optimizer.param_groups) == 1


@on_programs(without(lambda name: "beta1" in suites.constants(name), "no beta1"))
def test_bad_betas_of_a_group_are_refused(name):
    optimizer = make(name, draw_params())
    num_betas = len(optimizer.param_groups[0]["betas"])
    for betas in ((1.5,) * num_betas, (0.5,) * (num_betas + 1), 0.5, ("a",) * num_betas):
        with pytest.raises(ValueError, match="beta"):
            optimizer.add_param_group({"params": draw_params(), "betas": betas})


@on_programs()
@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
def test_complex_parameters_are_refused(name, dtype):
    param = Parameter(torch.randn(2, dtype=dtype))
    with pytest.raises((TypeError, ValueError), match="complex") as raised:
        make(name, [param])
    assert "\n" not in str(raised.value)
    optimizer = make(name, draw_params())
    with pytest.raises((TypeError, ValueError), match="complex"):
        optimizer.add_param_group({"params": [param]})
    assert len(optimizer.param_groups) == 1


@on_programs()
def test_sparse_gradients_are_refused(name):
    param = Parameter(torch.ones(3))
    optimizer = make(name, [param])
    param.grad = torch.sparse_coo_tensor([[0]], [1.0], (3,), check_invariants=True)
    with pytest.raises(RuntimeError, match="does not support sparse gradients") as raised:
        optimizer.step()
    assert torch_class(name).__name__ in str(raised.value)
    assert torch.equal(param, torch.ones(3)) and not states_of(optimizer, param)


@on_programs()
def test_mistakes_in_groups_are_torchs_own(name):
    with pytest.raises(ValueError, match="empty parameter list"):
        make(name, [])
    with pytest.raises(TypeError, match="ordered collections"):
        make(name, [{"params": set(draw_params())}])
    with pytest.raises(ValueError, match="non-leaf"):
        make(name, [torch.ones(2, requires_grad=True) * 2])
    with pytest.raises(TypeError, match="can only optimize Tensors"):
        make(name, [1.0])


# The direction of steps


@on_programs()
def test_loss_falls(name):
    cases = [(given, True) for given in info(name).optim_inputs_func("cpu")]
    for given, is_contiguous in (*cases, (inputs(name)[0], False)):
        params = draw_params(is_contiguous=is_contiguous)
        first = train(torch_class(name)(params, **given.kwargs), params, 10)
        assert loss_of(params).item() < first, given.desc


SCHEDULERS = {
    "StepLR": lambda o: lr_scheduler.StepLR(o, 2, 0.5),
    "MultiStepLR": lambda o: lr_scheduler.MultiStepLR(o, [1, 3], 0.5),
    "LambdaLR": lambda o: lr_scheduler.LambdaLR(o, lambda epoch: 1 / (1 + epoch)),
    "MultiplicativeLR": lambda o: lr_scheduler.MultiplicativeLR(o, lambda epoch: 0.9),
    "ConstantLR": lambda o: lr_scheduler.ConstantLR(o, 0.5, 2),
    "LinearLR": lambda o: lr_scheduler.LinearLR(o, 0.5, 1.0, 3),
    "ExponentialLR": lambda o: lr_scheduler.ExponentialLR(o, 0.8),
    "PolynomialLR": lambda o: lr_scheduler.PolynomialLR(o, 5, 2.0),
    "CosineAnnealingLR": lambda o: lr_scheduler.CosineAnnealingLR(o, 4),
    "CosineAnnealingWarmRestarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 2),
    "ReduceLROnPlateau": lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=0, threshold=0.9),
    "SequentialLR": lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.ConstantLR(o, 0.5, 2), lr_scheduler.ExponentialLR(o, 0.9)], [2]
    ),
    "ChainedScheduler": lambda o: lr_scheduler.ChainedScheduler(
        [lr_scheduler.ConstantLR(o, 0.5, 2), lr_scheduler.ExponentialLR(o, 0.9)]
    ),
    "OneCycleLR": lambda o: lr_scheduler.OneCycleLR(
        o, o.param_groups[0]["lr"], total_steps=8, cycle_momentum=False
    ),
    "CyclicLR": lambda o: lr_scheduler.CyclicLR(
        o, 1e-4, o.param_groups[0]["lr"], 3, cycle_momentum=False
    ),
    "SWALR": lambda o: swa_utils.SWALR(o, 1e-4, anneal_epochs=3),
}
"""The schedulers of torch, made for an optimizer."""


@on_programs()
def test_every_scheduler_changes_the_steps(name):
    """Check steps with a scheduler against steps whose learning rate is set by hand."""
    for title, schedule in SCHEDULERS.items():
        params = draw_params()
        twins = twins_of(params)
        optimizer, by_hand = make(name, params), make(name, twins)
        scheduler = schedule(optimizer)
        for _ in range(5):
            by_hand.param_groups[0]["lr"] = float(optimizer.param_groups[0]["lr"])
            train(by_hand, twins, 1)
            train(optimizer, params, 1, [scheduler])
            assert_same(params, twins)
        resumed = schedule(make(name, twins))
        resumed.load_state_dict(scheduler.state_dict())
        assert resumed.state_dict().keys() == scheduler.state_dict().keys(), title


@on_programs()
def test_schedulers_change_a_tensor_in_place(name):
    params = draw_params()
    twins = twins_of(params)
    lr = torch.tensor(rate(name))
    tensor, number = make(name, params, lr), make(name, twins)
    pairs = [(each, lr_scheduler.StepLR(each, 1, 0.5)) for each in (tensor, number)]
    for _ in range(3):
        for (optimizer, scheduler), weights in zip(pairs, (params, twins), strict=True):
            train(optimizer, weights, 1, [scheduler])
        assert_close(params, twins, rtol=1e-5, atol=1e-7)
    assert isinstance(tensor.param_groups[0]["lr"], torch.Tensor)


@on_programs()
def test_tensor_as_learning_rate_is_the_number(name):
    for given in inputs(name, is_tensor=False):
        params = draw_params()
        twins = twins_of(params)
        train(torch_class(name)(params, **given.kwargs), params, 5)
        kwargs = given.kwargs | {"lr": torch.tensor(given.kwargs["lr"])}
        train(torch_class(name)(twins, **kwargs), twins, 5)
        assert_close(params, twins, rtol=1e-5, atol=1e-7)


MOMENTUM = {
    name: next((each for each in ("beta1", "momentum") if each in suites.constants(name)), "")
    for name in suites.NAMES
}
"""The constant that schedulers with momentum change."""


@on_programs(without(lambda name: bool(MOMENTUM[name]), "no momentum to cycle"))
@pytest.mark.parametrize("title", ["OneCycleLR", "CyclicLR"])
def test_momentum_is_cycled_by_default(name, title):
    params = draw_params()
    twins = twins_of(params)
    optimizer, lr = make(name, params), rate(name)
    if title == "OneCycleLR":
        scheduler = lr_scheduler.OneCycleLR(optimizer, lr, total_steps=10)
        expected = 0.95
    else:
        scheduler = lr_scheduler.CyclicLR(optimizer, lr / 2, lr, 2)
        expected = 0.9
    by_hand = make(name, twins, **{MOMENTUM[name]: expected})
    for _ in range(4):
        group = optimizer.param_groups[0]
        value = group["betas"][0] if MOMENTUM[name] == "beta1" else group["momentum"]
        by_hand.param_groups[0].update(
            {
                "lr": group["lr"],
                **{key: group[key] for key in ("betas", "momentum") if key in group},
            }
        )
        train(optimizer, params, 1, [scheduler])
        train(by_hand, twins, 1)
        assert_same(params, twins)
    group = optimizer.param_groups[0]
    assert value != (group["betas"][0] if MOMENTUM[name] == "beta1" else group["momentum"])


@on_programs(without(lambda name: not MOMENTUM[name], "momentum is cycled"))
def test_class_says_that_momentum_is_not_cycled(name):
    optimizer = make(name, draw_params())
    if {"betas", "momentum"}.isdisjoint(optimizer.defaults):
        with pytest.raises(ValueError, match="cycle_momentum"):
            lr_scheduler.OneCycleLR(optimizer, 1e-3, total_steps=10)
        assert "cycle_momentum=False" in (torch_class(name).__doc__ or "")
    else:
        lr_scheduler.OneCycleLR(optimizer, 1e-3, total_steps=10)


@on_programs()
def test_average_of_the_model_is_trained_on(name):
    model = torch.nn.Linear(3, 2)
    optimizer = make(name, model.parameters())
    averages = [
        swa_utils.AveragedModel(model),
        swa_utils.AveragedModel(model, multi_avg_fn=swa_utils.get_ema_multi_avg_fn(0.5)),
    ]
    scheduler = swa_utils.SWALR(optimizer, 1e-4, anneal_epochs=2)
    history = []
    for _ in range(4):
        optimizer.zero_grad()
        model(torch.ones(3)).square().sum().backward()
        optimizer.step()
        for average in averages:
            average.update_parameters(model)
        scheduler.step()
        history.append(model.weight.detach().clone())
    assert_close(averages[0].module.weight, torch.stack(history).mean(0))
    ema = history[0]
    for weights in history[1:]:
        ema = 0.5 * ema + 0.5 * weights
    assert_close(averages[1].module.weight, ema)


# Groups


@on_programs()
def test_params_come_in_every_form(name):
    start = draw_params()
    names = ["weight", "bias"]
    forms = {
        "list": list,
        "tuple": tuple,
        "generator": iter,
        "dict values": lambda params: dict(zip(names, params, strict=True)).values(),
        "named": lambda params: list(zip(names, params, strict=True)),
        "named generator": lambda params: zip(names, params, strict=True),
        "one group": lambda params: [{"params": params}],
        "generator in a group": lambda params: [{"params": iter(params)}],
        "generator of groups": lambda params: ({"params": each} for each in [params]),
        "named group": lambda params: [{"params": list(zip(names, params, strict=True))}],
    }
    expected = None
    for title, form in forms.items():
        params = twins_of(start)
        optimizer = make(name, form(params))
        train(optimizer, params, 2)
        expected = expected or params
        assert_same(params, expected)
        has_names = "param_names" in optimizer.param_groups[0]
        assert has_names == title.startswith("named")
    model = torch.nn.Linear(2, 2)
    optimizer = make(name, model.named_parameters())
    assert optimizer.param_groups[0]["param_names"] == names


@on_programs()
def test_groups_are_separate_optimizers(name):
    params = draw_params()
    twins = twins_of(params)
    lr = rate(name)
    changed = {key: 0.9 * value for key, value in suites.constants(name).items()}
    groups = [{"params": params[:1]}, {"params": params[1:], "lr": lr / 2, **changed}]
    optimizer = make(name, groups)
    alone = [make(name, twins[:1]), make(name, twins[1:], lr / 2, **changed)]
    for _ in range(4):
        train(optimizer, params, 1)
        backward(alone[0], twins)
        for each in alone:
            each.step()
            each.zero_grad()
        assert_same(params, twins)


@on_programs(without(lambda name: suites.reads(name, -1), "does not read the learning rate"))
def test_group_without_learning_rate_stays(name):
    params, still = draw_params(), Parameter(torch.randn(2))
    before = still.detach().clone()
    optimizer = make(name, [{"params": params}, {"params": [still], "lr": 0.0}])
    for _ in range(20):
        still.grad = torch.rand_like(still)
        first = loss_of(params).item()
        train(optimizer, params, 1)
    assert loss_of(params).item() < first
    assert torch.equal(still, before)


@on_programs(
    without(lambda name: "weight_decay" in suites.constants(name), "no constant weight_decay")
)
def test_weight_decay_belongs_to_its_group(name):
    params = [Parameter(torch.ones(3)) for _ in range(2)]
    groups = [{"params": params[:1]}, {"params": params[1:], "weight_decay": 0.0}]
    optimizer = make(name, groups)
    for param in params:
        param.grad = torch.zeros_like(param)
    optimizer.step()
    assert bool((params[0] < 1).all()) and torch.equal(params[1], torch.ones(3))


@on_programs()
def test_added_group_starts_afresh(name):
    params, late = draw_params(), draw_params()
    optimizer = make(name, params)
    train(optimizer, params, 3)
    twins = twins_of(late)
    optimizer.add_param_group({"params": late, "lr": rate(name) / 2})
    for param in params:
        param.grad = None
    fresh = make(name, twins, rate(name) / 2)
    for _ in range(3):
        loss_of(late).backward()
        optimizer.step()
        optimizer.zero_grad()
        train(fresh, twins, 1)
    assert_same(late, twins)
    with pytest.raises(ValueError, match="more than one parameter group"):
        optimizer.add_param_group({"params": late})


@on_programs(without(lambda name: "beta1" in suites.constants(name), "no beta1"))
def test_group_takes_each_beta_or_all_betas(name):
    betas = {key: value for key, value in suites.constants(name).items() if key.startswith("beta")}
    params = [[Parameter(torch.ones(3))] for _ in range(3)]
    changed = {key: 0.9 * value for key, value in betas.items()}
    optimizers = [
        make(name, params[0], **changed),
        make(name, [{"params": params[1], **changed}]),
        make(name, [{"params": params[2], "betas": tuple(changed.values())}]),
    ]
    defaults = make(name, draw_params()).param_groups[0]["betas"]
    assert defaults == pytest.approx(tuple(betas.values()))
    for optimizer, weights in zip(optimizers, params, strict=True):
        assert optimizer.param_groups[0]["betas"] == tuple(changed.values())
        for step in range(3):
            weights[0].grad = torch.tensor([1.0, -2.0, 0.5]) * (step + 1)
            optimizer.step()
        assert_same(weights, params[0])


@on_programs()
def test_optimizer_can_be_printed(name):
    text = repr(make(name, draw_params()))
    assert torch_class(name).__name__ in text and "lr:" in text


@on_programs()
def test_unknown_arguments_are_refused(name):
    for argument in ("foreach", "fused", "capturable", "no_such_argument"):
        with pytest.raises(TypeError, match=argument):
            make(name, draw_params(), **{argument: True})


# Gradients


@on_programs()
def test_parameters_without_gradient_are_left_alone(name):
    params, frozen = draw_params(), Parameter(torch.ones(2), requires_grad=False)
    before = twins_of(params)
    optimizer = make(name, [*params, frozen])
    assert optimizer.step() is None
    assert_same(params, before)
    assert not any(states_of(optimizer, param) for param in (*params, frozen))
    params[0].grad = torch.ones_like(params[0])
    optimizer.step()
    assert not torch.equal(params[0], before[0]) and torch.equal(params[1], before[1])
    assert torch.equal(frozen, torch.ones(2))
    assert not states_of(optimizer, params[1]) and not states_of(optimizer, frozen)


@on_programs()
def test_late_gradient_starts_afresh(name):
    params = draw_params()
    optimizer = make(name, params)
    for step in range(4):
        for param in params[: 1 + (step > 1)]:
            param.grad = torch.full_like(param, 0.5)
        if step == 2:
            twin = twins_of(params)[1]
            fresh = make(name, [twin])
        optimizer.step()
    if name not in ALL_TOGETHER:
        for _ in range(2):
            twin.grad = torch.full_like(twin, 0.5)
            fresh.step()
        assert torch.equal(params[1], twin)


DECAYING = without(
    lambda name: "weight_decay" not in suites.constants(name) and name != "shrinking",
    "the weights decay without a gradient",
)


@on_programs(DECAYING)
def test_zero_gradient_changes_nothing(name):
    for given in info(name).optim_inputs_func("cpu"):
        params = draw_params()
        before = twins_of(params)
        optimizer = torch_class(name)(params, **given.kwargs)
        for _ in range(3):
            for param in params:
                param.grad = torch.zeros_like(param)
            optimizer.step(lambda: torch.tensor(1.0))
        assert_same(params, before)


@on_programs()
@pytest.mark.parametrize("dtype", LOW, ids=str)
def test_zero_gradient_is_harmless_in_low_precision(name, dtype):
    params = draw_params(dtype)
    optimizer = make(name, params)
    for _ in range(3):
        for param in params:
            param.grad = torch.zeros_like(param)
        optimizer.step()
    assert all(bool(param.isfinite().all()) for param in params)
    assert all(
        bool(state.isfinite().all())
        for param in params
        for state in states_of(optimizer, param).values()
    )


@on_programs()
@pytest.mark.parametrize("set_to_none", [True, False])
def test_gradients_are_set_to_zero_or_none(name, set_to_none):
    optimizer, params = trained(name)
    optimizer.zero_grad(set_to_none=set_to_none)
    for param in params:
        assert param.grad is None if set_to_none else torch.equal(param.grad, 0 * param)


@on_programs()
def test_gradients_are_only_read(name):
    params = draw_params()
    optimizer = make(name, params)
    for _ in range(2):
        grads = [torch.randn_like(param) for param in params]
        for param, grad in zip(params, grads, strict=True):
            param.grad = grad.clone()
        optimizer.step()
        assert_same([param.grad for param in params], grads)
        places = {param.grad.data_ptr() for param in params} | {p.data_ptr() for p in params}
        for param in params:
            for state in states_of(optimizer, param).values():
                assert state.data_ptr() not in places and not state.requires_grad
                places.add(state.data_ptr())
    assert all(param.is_leaf and param.requires_grad for param in params)


@on_programs()
def test_weights_stay_at_their_place(name):
    params = draw_params()
    view = params[0].detach().view(-1)
    optimizer = make(name, params)
    train(optimizer, params, 2)
    assert torch.equal(view, params[0].detach().view(-1))


@on_programs()
def test_layout_in_memory_does_not_matter(name):
    images = torch.randn(2, 3, 4, 5)
    kinds = {
        "contiguous": images.clone(),
        "channels last": images.to(memory_format=torch.channels_last),
        "strided": torch.randn(2, 3, 4, 10)[..., ::2].copy_(images),
        "transposed": images.transpose(1, 3).contiguous().transpose(1, 3),
    }
    grads = [torch.randn_like(images) for _ in range(3)]
    expected = None
    for title, weights in kinds.items():
        param = Parameter(weights)
        strides = param.stride()
        optimizer = make(name, [param])
        for index, grad in enumerate(grads):
            param.grad = grad.to(memory_format=torch.channels_last) if index == 1 else grad.clone()
            optimizer.step()
        assert param.stride() == strides, title
        expected = param if expected is None else expected
        assert_close(param, expected, rtol=1e-5, atol=1e-6)


@on_programs()
def test_empty_and_single_parameters_will_do(name):
    params = [Parameter(torch.ones(shape)) for shape in ((0,), (2, 0), (), (1,), (1, 1), (2,))]
    optimizer = make(name, params)
    for _ in range(3):
        for param in params:
            param.grad = torch.full_like(param, 0.5)
        optimizer.step()
    assert all(bool(param.isfinite().all()) for param in params)
    assert not torch.equal(params[2], torch.ones(()))
    for param in params:
        assert all(
            state.shape in (param.shape, ()) for state in states_of(optimizer, param).values()
        )
    alone = [Parameter(torch.ones(0))]
    only_empty = make(name, alone)
    alone[0].grad = torch.ones(0)
    only_empty.step()


@on_programs()
def test_clipped_gradients_are_used(name):
    params = draw_params()
    twins = twins_of(params)
    optimizer, other = make(name, params), make(name, twins)
    for _ in range(3):
        backward(optimizer, params)
        torch.nn.utils.clip_grad_norm_(params, 0.1)
        for param, twin in zip(params, twins, strict=True):
            twin.grad = param.grad.clone()
        optimizer.step()
        other.step()
    assert_same(params, twins)


@on_programs(ALL_TOGETHER)
def test_steps_can_be_taken_in_the_backward_pass(name):
    params = draw_params()
    twins = twins_of(params)
    optimizers = {param: make(name, [param]) for param in params}

    def step(param):
        optimizers[param].step()
        optimizers[param].zero_grad()

    for param in params:
        param.register_post_accumulate_grad_hook(step)
    for _ in range(3):
        loss_of(params).backward()
    train(make(name, twins), twins, 3)
    assert_same(params, twins)


# Closures


@on_programs()
def test_closure_is_called_once_with_gradients_and_its_loss_returned(name):
    params = draw_params()
    twins = twins_of(params)
    optimizer, other = make(name, params), make(name, twins)
    calls = []

    def closure():
        assert torch.is_grad_enabled()
        calls.append(backward(optimizer, params))
        return calls[-1]

    for _ in range(3):
        assert optimizer.step(closure) is calls[-1]
        train(other, twins, 1)
        assert_same(params, twins)
    with torch.no_grad():
        optimizer.step(closure)
        assert not torch.is_grad_enabled()
    assert len(calls) == 4 and optimizer.step(closure=lambda: 3.0) == 3.0
    assert torch.is_grad_enabled()


# Data types


def compute_dtype(dtype):
    return torch.float64 if dtype == torch.float64 else torch.float32


@on_programs()
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_arithmetic_is_float32_and_weights_round_once(name, dtype):
    """Check each step against one in float32, or float64, whose weights round afterwards."""
    for gradient_dtype in FLOATS:
        params = draw_params(dtype)
        exact = [Parameter(param.detach().to(compute_dtype(dtype))) for param in params]
        optimizer, other = make(name, params), make(name, exact)
        for _ in range(3):
            for param, twin in zip(params, exact, strict=True):
                param.grad_dtype = gradient_dtype
                param.grad = torch.randn(param.shape).to(gradient_dtype)
                twin.grad = param.grad.to(twin.dtype)
            optimizer.step()
            other.step()
            with torch.no_grad():
                for param, twin in zip(params, exact, strict=True):
                    assert param.dtype == dtype and torch.equal(param, twin.to(dtype))
                    twin.copy_(param)
            assert_same_states(optimizer, other, params, exact)
        for param in params:
            for state in states_of(optimizer, param).values():
                assert state.dtype == compute_dtype(dtype) and state.shape in (param.shape, ())


@on_programs()
def test_parameters_of_mixed_types_step_as_alone(name):
    params = [Parameter(torch.ones(2, 3, dtype=dtype)) for dtype in FLOATS]
    twins = twins_of(params)
    together, alone = make(name, params), [make(name, [twin]) for twin in twins]
    for _ in range(3):
        for param, twin, other in zip(params, twins, alone, strict=True):
            param.grad = torch.randn(2, 3).to(param.dtype)
            twin.grad = param.grad.clone()
            other.step()
        together.step()
    for param, twin, dtype in zip(params, twins, FLOATS, strict=True):
        assert param.dtype == dtype and bool(param.isfinite().all())
        assert name in ALL_TOGETHER or torch.equal(param, twin)


@on_programs()
@pytest.mark.parametrize("default", [torch.float64, torch.float16], ids=str)
def test_default_type_of_torch_does_not_matter(name, default):
    params = draw_params()
    twins = twins_of(params)
    train(make(name, params), params, 3)
    old = torch.get_default_dtype()
    torch.set_default_dtype(default)
    try:
        optimizer = make(name, twins)
        train(optimizer, twins, 3)
    finally:
        torch.set_default_dtype(old)
    assert_same(params, twins)
    states = [each for twin in twins for each in states_of(optimizer, twin).values()]
    assert all(state.dtype == torch.float32 for state in states)


COUNTING = without(
    lambda name: any(
        state.endswith(("_correction", "_average", "_count"))
        for state in suites.program(name).states
        if not state.startswith(("row", "column"))
    ),
    "no state is one number",
)


def check_counters(name, num_steps, dtype):
    params = [[Parameter(torch.ones(2, dtype=each))] for each in (dtype, torch.float32)]
    optimizers = [make(name, each) for each in params]
    grads = torch.randn(num_steps, 2).to(dtype)
    for grad in grads:
        for (param,), optimizer in zip(params, optimizers, strict=True):
            param.grad = grad.to(param.dtype)
            optimizer.step()
    low, exact = (states_of(o, p[0]) for o, p in zip(optimizers, params, strict=True))
    counters = {key: value for key, value in exact.items() if value.shape == ()}
    assert counters
    for key, value in counters.items():
        assert low[key].dtype == torch.float32 and torch.equal(low[key], value)
        if key == "step_count":
            assert value.item() == num_steps
        elif key in ("m_correction", "v_correction"):
            beta = suites.constants(name)["beta1" if key == "m_correction" else "beta2"]
            assert value.item() == pytest.approx(1 - beta**num_steps, rel=1e-4)
    # All other states have the shape of the parameter.
    assert all(value.shape in ((), (2,)) for value in low.values())


@on_programs(COUNTING)
def test_counters_are_single_exact_numbers(name):
    check_counters(name, 300, torch.bfloat16)


@pytest.mark.slow
@on_programs(COUNTING)
@pytest.mark.parametrize("dtype", LOW, ids=str)
def test_counters_are_exact_after_3000_steps(name, dtype):
    check_counters(name, 3000, dtype)


def has_large_state(name):
    return Kind.TREE in narrow_states(dsl.simplify(suites.program(name)))


@on_programs(without(has_large_state, "no state of the weights' shape"))
@pytest.mark.parametrize("state_dtype", [torch.bfloat16, torch.float64], ids=str)
def test_large_states_take_the_type_that_is_asked_for(name, state_dtype):
    params = draw_params()
    optimizer = make(name, params, state_dtype=state_dtype)
    first = train(optimizer, params, 20)
    assert loss_of(params).item() < first
    twins = twins_of(params)
    twin = make(name, twins, state_dtype=state_dtype)
    twin.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for each, weights in ((optimizer, params), (twin, twins)):
        train(each, weights, 2)
        for param in weights:
            for state in states_of(each, param).values():
                is_large = state.shape == param.shape
                assert state.dtype == (state_dtype if is_large else torch.float32)
    assert_same(params, twins)


@on_programs()
def test_scaled_gradients_give_the_same_steps(name):
    params = draw_params()
    twins = twins_of(params)
    optimizer, other = make(name, params), make(name, twins)
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0, growth_interval=2)
    for _ in range(3):
        optimizer.zero_grad()
        scaler.scale(loss_of(params)).backward()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(params, 1e6)
        scaler.step(optimizer)
        scaler.update()
        train(other, twins, 1)
    assert_same(params, twins)
    before, scale = twins_of(params), scaler.get_scale()
    scaler.scale(loss_of(params)).backward()
    params[0].grad.fill_(math.inf)
    scaler.step(optimizer)
    scaler.update()
    assert_same(params, before)
    assert scaler.get_scale() == scale / 2


@on_programs()
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_autocast_does_not_change_the_step(name, dtype):
    params = draw_params(dtype)
    twins = twins_of(params)
    optimizer, other = make(name, params), make(name, twins)
    for _ in range(3):
        for param, twin in zip(params, twins, strict=True):
            param.grad = torch.randn_like(param)
            twin.grad = param.grad.clone()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            optimizer.step()
        other.step()
    assert_same(params, twins)
    assert_same_states(optimizer, other, params, twins)


# State dictionaries


def saved(state_dict):
    """Write a state dictionary as torch does and read it without trust."""
    file = io.BytesIO()
    torch.save(state_dict, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


WAYS = {
    "shallow": lambda state: state,
    "deep copy": copy.deepcopy,
    "pickle": lambda state: pickle.loads(pickle.dumps(state)),
    "torch.save": saved,
}


def check_resumption(name, way, kwargs, dtype=torch.float32):
    params = draw_params(dtype)
    optimizer = torch_class(name)(params, **kwargs)
    train(optimizer, params, 2)
    twins = twins_of(params)
    # The dictionary brings learning rate and constants too.
    twin = make(name, twins, 0.123)
    twin.load_state_dict(way(copy.deepcopy(optimizer.state_dict())))
    assert_same_dictionary(twin.state_dict(), optimizer.state_dict())
    train(optimizer, params, 2)
    train(twin, twins, 2)
    assert_same(params, twins)
    assert_same_states(optimizer, twin, params, twins)


@on_programs()
def test_training_resumes_bit_for_bit(name):
    for way in WAYS.values():
        check_resumption(name, way, {"lr": rate(name)})
    for dtype in FLOATS:
        check_resumption(name, copy.deepcopy, {"lr": rate(name)}, dtype)
    check_resumption(name, copy.deepcopy, {"lr": torch.tensor(rate(name))})


@on_programs()
def test_dictionary_that_was_loaded_stays_as_it_is(name):
    optimizer, params = trained(name)
    state = saved(optimizer.state_dict())
    kept = copy.deepcopy(state)
    twins = twins_of(params)
    twin = make(name, twins)
    twin.load_state_dict(copy.deepcopy(state))
    train(twin, twins, 3)
    assert_same_dictionary(state, kept)


@on_programs()
@pytest.mark.parametrize("is_named", [True, False])
@pytest.mark.parametrize("is_twin_named", [True, False])
def test_names_of_parameters_need_not_match(name, is_named, is_twin_named):
    def give(params, named):
        return list(zip(("weight", "bias"), params, strict=True)) if named else params

    params = draw_params()
    optimizer = make(name, give(params, is_named))
    train(optimizer, params, 3)
    twins = twins_of(params)
    twin = make(name, give(twins, is_twin_named))
    twin.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    train(optimizer, params, 3)
    train(twin, twins, 3)
    assert_same(params, twins)
    if is_named or is_twin_named:
        assert twin.state_dict()["param_groups"][0]["param_names"] == ["weight", "bias"]


@on_programs()
def test_older_dictionary_lacks_general_options(name):
    optimizer, params = trained(name)
    state = copy.deepcopy(optimizer.state_dict())
    for group in state["param_groups"]:
        for flag in ("foreach", "differentiable", "maximize", "capturable", "fused"):
            group.pop(flag, None)
    optimizer.load_state_dict(state)
    train(optimizer, params, 2)
    assert all(bool(param.isfinite().all()) for param in params)


@on_programs()
def test_dictionary_of_before_the_first_step_can_be_loaded(name):
    params = draw_params()
    state = make(name, params).state_dict()
    assert state["state"] == {}
    twins = twins_of(params)
    twin = make(name, twins)
    twin.load_state_dict(state)
    train(twin, twins, 2)
    train(make(name, params), params, 2)
    assert_same(params, twins)


@on_programs()
@pytest.mark.parametrize("source", FLOATS, ids=str)
def test_dictionary_fits_weights_of_another_type(name, source):
    optimizer, params = trained(name, dtype=source)
    for target in FLOATS:
        twins = [Parameter(param.detach().to(target)) for param in params]
        twin = make(name, twins)
        twin.load_state_dict(copy.deepcopy(optimizer.state_dict()))
        for param, other in zip(params, twins, strict=True):
            for key, value in states_of(twin, other).items():
                assert value.dtype == compute_dtype(target)
                assert torch.equal(value, states_of(optimizer, param)[key].to(value.dtype))
        train(twin, twins, 1)
        for other in twins:
            assert other.dtype == target and bool(other.isfinite().all())
            for value in states_of(twin, other).values():
                assert value.dtype == compute_dtype(target)


@on_programs()
def test_dictionary_of_other_groups_is_refused(name):
    optimizer, params = trained(name)
    state = optimizer.state_dict()
    with pytest.raises(ValueError, match="different number of parameter groups"):
        make(name, [{"params": [each]} for each in draw_params()]).load_state_dict(state)
    with pytest.raises(ValueError, match="size of optimizer's group"):
        make(name, params[:1]).load_state_dict(state)


@on_programs()
def test_state_that_somebody_else_put_there_is_kept(name):
    params = draw_params()
    twins = twins_of(params)
    optimizer, other = make(name, params), make(name, twins)
    for param in params:
        optimizer.state[param]["of_others"] = torch.tensor([7.0])
        optimizer.state[param]["note"] = 3
    optimizer.state["whole"] = {"anything": 1}
    for each, weights in ((optimizer, params), (other, twins)):
        train(each, weights, 3)
    assert_same(params, twins)
    state = saved(optimizer.state_dict())
    assert state["state"]["whole"] == {"anything": 1}
    fresh = make(name, params)
    fresh.load_state_dict(state)
    for index, param in enumerate(params):
        assert fresh.state[param]["note"] == 3
        assert state["state"][index]["of_others"].item() == 7.0
    train(fresh, params, 1)
    train(other, twins, 1)
    assert_same(params, twins)


@on_programs(without(lambda name: bool(dsl.simplify(suites.program(name)).states), "no states"))
def test_lost_state_starts_afresh(name):
    optimizer, params = trained(name)
    twins = twins_of(params)
    optimizer.state.clear()
    train(optimizer, params, 2)
    train(make(name, twins), twins, 2)
    assert_same(params, twins)


@on_programs()
def test_state_is_kept_where_the_program_has_some(name):
    optimizer, params = trained(name)
    has_states = bool(dsl.simplify(suites.program(name)).states)
    assert all(bool(states_of(optimizer, param)) == has_states for param in params)


@on_programs()
def test_deep_copy_is_another_optimizer(name):
    for given in inputs(name):
        params = draw_params()
        optimizer = torch_class(name)(params, **given.kwargs)
        train(optimizer, params, 2)
        twin, twins = copy.deepcopy((optimizer, params))
        public = [{key for key in vars(each) if key[0] != "_"} for each in (optimizer, twin)]
        assert public[0] == public[1]
        before = twins_of(params)
        train(twin, twins, 2)
        assert_same(params, before)
        train(optimizer, params, 2)
        assert_same(params, twins)


@on_programs()
def test_optimizer_can_be_pickled(name):
    optimizer, params = trained(name)
    for twin, twins in (
        pickle.loads(pickle.dumps((optimizer, params))),
        copy.copy((optimizer, params)),
    ):
        assert type(twin) is type(optimizer)
        assert optimizer.defaults.items() <= twin.defaults.items()
        assert twin.param_groups[0]["params"][0] is twins[0]
    twin, twins = pickle.loads(pickle.dumps((optimizer, params)))
    train(twin, twins, 2)
    train(optimizer, params, 2)
    assert_same(params, twins)
    twin.add_param_group({"params": [Parameter(torch.ones(2))]})
    assert repr(twin)


# Hooks


@on_programs()
def test_hooks_of_state_dictionaries_are_called(name):
    optimizer, _ = trained(name)

    def before(optimizer):
        optimizer.state["test"] = 1

    def after(optimizer, state_dict):
        state_dict["had_test"] = state_dict["state"].pop("test", None) is not None
        return state_dict

    optimizer.register_state_dict_post_hook(after)
    assert not optimizer.state_dict()["had_test"]
    optimizer.register_state_dict_pre_hook(before)
    state = optimizer.state_dict()
    assert state["had_test"] and "test" not in state["state"]


@on_programs()
def test_hooks_of_loading_are_called(name):
    optimizer, _ = trained(name)
    state, loaded = optimizer.state_dict(), []

    def set_in_place(optimizer, state_dict):
        state_dict["param_groups"][0]["lr"] = 0.002

    def replace(optimizer, state_dict):
        state_dict = copy.deepcopy(state_dict)
        state_dict["param_groups"][0]["lr"] = 0.003
        return state_dict

    handle = optimizer.register_load_state_dict_pre_hook(set_in_place)
    optimizer.register_load_state_dict_post_hook(lambda o: loaded.append(o.param_groups[0]["lr"]))
    optimizer.load_state_dict(copy.deepcopy(state))
    optimizer.register_load_state_dict_pre_hook(replace, prepend=True)
    optimizer.load_state_dict(copy.deepcopy(state))
    handle.remove()
    optimizer.load_state_dict(copy.deepcopy(state))
    assert loaded == [0.002, 0.002, 0.003]


@on_programs(without(lambda name: bool(dsl.simplify(suites.program(name)).states), "no states"))
def test_hooks_of_loading_can_change_the_state(name):
    optimizer, params = trained(name)
    key, value = next(iter(states_of(optimizer, params[0]).items()))

    def double(optimizer, state_dict):
        state_dict = copy.deepcopy(state_dict)
        state_dict["state"][0][key] *= 2
        return state_dict

    def add_one(optimizer):
        optimizer.state[params[0]][key] = optimizer.state[params[0]][key] + 1

    state, expected = copy.deepcopy(optimizer.state_dict()), 2 * value
    optimizer.register_load_state_dict_pre_hook(double)
    optimizer.load_state_dict(copy.deepcopy(state))
    assert torch.equal(optimizer.state[params[0]][key], expected)
    optimizer.register_load_state_dict_post_hook(add_one)
    optimizer.load_state_dict(state)
    assert torch.equal(optimizer.state[params[0]][key], expected + 1)


@on_programs()
def test_hooks_of_steps_are_called_in_order(name):
    params = draw_params()
    optimizer, other, calls = make(name, params), torch.optim.SGD(params), []

    def note(number):
        return lambda *_: calls.append(number)

    handles = [
        register_optimizer_step_pre_hook(note(0)),
        register_optimizer_step_post_hook(note(5)),
        *(each.register_step_pre_hook(note(1)) for each in (optimizer, other)),
        *(each.register_step_post_hook(note(2)) for each in (optimizer, other)),
    ]
    try:
        for each in (optimizer, other, optimizer):
            each.step()
    finally:
        for handle in handles:
            handle.remove()
    optimizer.step()
    assert calls == [0, 1, 2, 5] * 3


@on_programs()
def test_hook_can_change_the_arguments_of_a_step(name):
    params = draw_params()
    optimizer = make(name, params)
    optimizer.register_step_pre_hook(lambda o, args, kwargs: ((o, lambda: 5.0), {}))
    assert optimizer.step() == 5.0


# Differentiable steps

NON_LEAF = pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")


@NON_LEAF
@on_programs(quick=REPRESENTATIVES)
def test_step_is_differentiable(name):
    start = torch.tensor([0.5, -1.0, 1.5, 0.7], dtype=torch.float64)
    first = Parameter(start.clone())
    optimizer = make(name, [first])
    first.grad = torch.tensor([0.3, 0.9, -0.4, 0.6], dtype=torch.float64)
    optimizer.step()
    keys = list(states_of(optimizer, first))
    gradient = torch.tensor([0.7, 0.5, -0.9, 0.2], dtype=torch.float64)
    given = [start, gradient, *states_of(optimizer, first).values()]

    def step(weights, gradient, *states):
        weights = weights.clone()
        weights.grad = gradient
        optimizer = make(name, [weights], differentiable=True)
        copies = [state.clone() for state in states]
        optimizer.state[weights].update(zip(keys, copies, strict=True))
        optimizer.step()
        results = (weights, *(states_of(optimizer, weights)[key] for key in keys))
        return tuple(each for each in results if each.requires_grad)

    leaves = [each.detach().clone().requires_grad_() for each in given]
    assert torch.autograd.gradcheck(step, leaves, check_undefined_grad=False)
    # The plain step has the same result.
    twin = Parameter(start.clone())
    plain = make(name, [twin])
    plain.state[twin].update((k, v.clone()) for k, v in states_of(optimizer, first).items())
    twin.grad = gradient.clone()
    plain.step()
    assert_close(step(*leaves)[0].detach(), twin.detach(), rtol=1e-12, atol=0)


def loss_after_steps(name, arguments, num_steps=3):
    """Return the loss after steps, as a function of learning rate and constants."""
    start = torch.tensor([0.5, -1.0, 1.5], dtype=torch.float64, requires_grad=True)
    weights = start.clone()
    optimizer = torch_class(name)([weights], **arguments, differentiable=True)
    for _ in range(num_steps):
        loss = (weights - 2).pow(4).mean()
        (weights.grad,) = torch.autograd.grad(loss, [weights], create_graph=True)
        optimizer.step()
        optimizer.zero_grad()
    return (weights - 2).pow(4).mean()


@NON_LEAF
@on_programs(
    without(lambda name: suites.reads(name, -1), "does not read the learning rate"),
    quick=REPRESENTATIVES,
)
def test_learning_rate_can_be_learned(name):
    lr = torch.tensor(rate(name), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda lr: loss_after_steps(name, {"lr": lr}), [lr])


@NON_LEAF
@on_programs(
    without(lambda name: bool(suites.constants(name)), "no constants"), quick=REPRESENTATIVES
)
def test_constants_can_be_learned(name):
    keys = list(suites.constants(name))
    values = [
        torch.tensor(value, dtype=torch.float64, requires_grad=True)
        for key, value in suites.constants(name).items()
    ]
    lr = rate(name)

    def loss(*values):
        return loss_after_steps(name, {"lr": lr, **dict(zip(keys, values, strict=True))})

    gradients = torch.autograd.grad(loss(*values), values, allow_unused=True)
    for index, gradient in enumerate(gradients):
        eps = 1e-6 * values[index].item()
        shifted = [
            loss(*[v.detach() + sign * eps * (i == index) for i, v in enumerate(values)]).item()
            for sign in (1, -1)
        ]
        expected = (shifted[0] - shifted[1]) / (2 * eps)
        actual = 0.0 if gradient is None else gradient.item()
        scale = abs(expected) * values[index].item()
        # Differences drown in rounding where a constant hardly matters.
        if scale > 1e-6:
            assert actual == pytest.approx(expected, rel=1e-3), keys[index]


# Compilation and distribution


@pytest.mark.filterwarnings("ignore")
@on_programs(quick=ONE)
@pytest.mark.parametrize("backend", ["eager", pytest.param("aot_eager", marks=pytest.mark.slow)])
def test_step_can_be_compiled(name, backend):
    torch._dynamo.reset()
    params = draw_params()
    twins = twins_of(params)
    compiled, plain = make(name, params), make(name, twins)
    step = torch.compile(lambda: compiled.step(), backend=backend)
    for _ in range(3):
        backward(compiled, params)
        step()
        train(plain, twins, 1)
    assert_close(params, twins, rtol=1e-5, atol=1e-7)


@pytest.fixture(scope="module")
def process_group(tmp_path_factory):
    """Start torch's distribution with this process alone."""
    import torch.distributed as dist

    place = tmp_path_factory.mktemp("gloo") / "store"
    dist.init_process_group("gloo", init_method=f"file://{place}", rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def train_model(model, optimizer):
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.tensor([[0.5, -1.0, 1.5]])).square().sum().backward()
        optimizer.step()


@pytest.mark.filterwarnings("ignore")
@on_programs({"clipped": "its number per array is made of a DTensor"}, quick=FEW)
def test_distributed_models_take_the_same_steps(name, process_group):
    from torch.distributed.fsdp import fully_shard
    from torch.distributed.optim import ZeroRedundancyOptimizer
    from torch.nn.parallel import DistributedDataParallel

    plain = torch.nn.Linear(3, 2)
    copies = [copy.deepcopy(plain) for _ in range(3)]
    train_model(plain, make(name, plain.parameters()))
    parallel = DistributedDataParallel(copies[0])
    train_model(parallel, make(name, parallel.parameters()))
    redundant = ZeroRedundancyOptimizer(copies[1].parameters(), torch_class(name), lr=rate(name))
    train_model(copies[1], redundant)
    mesh = torch.distributed.device_mesh.init_device_mesh("cpu", (1,))
    fully_shard(copies[2], mesh=mesh)
    train_model(copies[2], make(name, copies[2].parameters()))
    assert_same(copies[0].parameters(), plain.parameters())
    assert_same(copies[1].parameters(), plain.parameters())
    full = [param.full_tensor() for param in copies[2].parameters()]
    assert_close(full, list(plain.parameters()), rtol=1e-6, atol=1e-7)


@pytest.mark.filterwarnings("ignore")
@on_programs()
def test_distributed_checkpoint_takes_the_state(name):
    from torch.distributed.checkpoint.state_dict import (
        get_optimizer_state_dict,
        set_optimizer_state_dict,
    )

    model = torch.nn.Linear(3, 2)
    optimizer = make(name, model.parameters())
    train_model(model, optimizer)
    state = get_optimizer_state_dict(model, optimizer)
    twin = copy.deepcopy(model)
    other = make(name, twin.parameters())
    set_optimizer_state_dict(twin, other, saved(state))
    train_model(model, optimizer)
    train_model(twin, other)
    assert_same(twin.parameters(), model.parameters())


# Values


@pytest.mark.parametrize("name, oracle", [("ademamix", ademamix), ("radam", radam)])
def test_float64_is_exact(name, oracle):
    rng = np.random.default_rng(0)
    gradients, weights = rng.standard_normal((100, 5)), rng.standard_normal(5)
    param = Parameter(torch.tensor(weights))
    optimizer = make(name, [param], 0.01)
    steps = oracle(gradients, **{each.name: each.value for each in suites.notes(name).constants})
    for gradient, direction in zip(gradients, steps, strict=True):
        before = param.detach().clone()
        param.grad = torch.tensor(gradient)
        optimizer.step()
        np.testing.assert_allclose(
            (before - param.detach()) / 0.01, direction, rtol=1e-10, atol=1e-12
        )
