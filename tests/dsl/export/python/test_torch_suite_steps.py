"""PyTorch's tests of errors and of the direction of steps, for exports."""

# Test code reads attributes that types do not tell, and variables of loops after them.
# pyright: reportAttributeAccessIssue=false, reportPossiblyUnboundVariable=false, reportArgumentType=false
# pyright: reportOptionalMemberAccess=false, reportCallIssue=false, reportOperatorIssue=false
# pyright: reportInvalidTypeForm=false

import math
from typing import Any

import pytest

from tests.support.dsl import suites
from tests.support.dsl.suites import (
    on_programs,
    rate,
    torch_class,
    without,
)

torch = pytest.importorskip("torch")
common = pytest.importorskip("torch.testing._internal.common_optimizers")

from torch.nn import Parameter  # noqa: E402
from torch.optim import lr_scheduler, swa_utils  # noqa: E402
from torch.testing import assert_close  # noqa: E402

from tests.support.dsl.torch_suite import (  # noqa: E402
    assert_same,
    draw_params,
    info,
    inputs,
    loss_of,
    make,
    seed,  # noqa: F401
    states_of,
    train,
    twins_of,
)


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


@on_programs(without(suites.has_betas, "no beta1 of a momentum"))
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
    name: "beta1"
    if suites.has_betas(name)
    else ("momentum" if "momentum" in suites.constants(name) else "")
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
