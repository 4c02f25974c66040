"""PyTorch's tests of data types and derivatives, for exports."""

# Test code reads attributes that types do not tell, and variables of loops after them.
# pyright: reportAttributeAccessIssue=false, reportPossiblyUnboundVariable=false, reportArgumentType=false
# pyright: reportOptionalMemberAccess=false, reportCallIssue=false, reportOperatorIssue=false
# pyright: reportInvalidTypeForm=false

import copy
import math

import pytest

from lionhunt import dsl
from lionhunt.dsl.analysis.state_kinds import narrow_states
from lionhunt.dsl.kinds import Kind
from tests.support.dsl import suites
from tests.support.dsl.suites import (
    ALL_TOGETHER,
    REPRESENTATIVES,
    on_programs,
    rate,
    torch_class,
    without,
)

torch = pytest.importorskip("torch")
common = pytest.importorskip("torch.testing._internal.common_optimizers")

from torch.nn import Parameter  # noqa: E402
from torch.testing import assert_close  # noqa: E402

from tests.support.dsl.torch_suite import (  # noqa: E402
    FLOATS,
    LOW,
    assert_same,
    assert_same_states,
    compute_dtype,
    draw_params,
    loss_of,
    make,
    seed,  # noqa: F401
    states_of,
    train,
    twins_of,
)


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
