"""PyTorch's tests of groups, gradients and closures, for exports."""

# Test code reads attributes that types do not tell, and variables of loops after them.
# pyright: reportAttributeAccessIssue=false, reportPossiblyUnboundVariable=false, reportArgumentType=false
# pyright: reportOptionalMemberAccess=false, reportCallIssue=false, reportOperatorIssue=false
# pyright: reportInvalidTypeForm=false

import pytest

from tests.support.dsl import suites
from tests.support.dsl.suites import (
    ALL_TOGETHER,
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
    LOW,
    assert_same,
    backward,
    draw_params,
    info,
    loss_of,
    make,
    seed,  # noqa: F401
    states_of,
    train,
    trained,
    twins_of,
)


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
