"""PyTorch's tests of state dictionaries and their hooks, for exports."""

# Test code reads attributes that types do not tell, and variables of loops after them.
# pyright: reportAttributeAccessIssue=false, reportPossiblyUnboundVariable=false, reportArgumentType=false
# pyright: reportOptionalMemberAccess=false, reportCallIssue=false, reportOperatorIssue=false
# pyright: reportInvalidTypeForm=false

import copy
import pickle

import pytest

from lionhunt import dsl
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
from torch.optim.optimizer import (  # noqa: E402
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

from tests.support.dsl.torch_suite import (  # noqa: E402
    FLOATS,
    assert_same,
    assert_same_dictionary,
    assert_same_states,
    compute_dtype,
    draw_params,
    inputs,
    make,
    saved,
    seed,  # noqa: F401
    states_of,
    train,
    trained,
    twins_of,
)

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
