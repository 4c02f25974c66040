"""PyTorch's tests of compilation, distributed models and values, for exports."""

# Test code reads attributes that types do not tell, and variables of loops after them.
# pyright: reportAttributeAccessIssue=false, reportPossiblyUnboundVariable=false, reportArgumentType=false
# pyright: reportOptionalMemberAccess=false, reportCallIssue=false, reportOperatorIssue=false
# pyright: reportInvalidTypeForm=false

import copy

import numpy as np
import pytest

from tests.support.dsl import suites
from tests.support.dsl.oracles.numpy_oracles import EXACT
from tests.support.dsl.suites import (
    FEW,
    ONE,
    on_programs,
    rate,
    torch_class,
)

torch = pytest.importorskip("torch")
common = pytest.importorskip("torch.testing._internal.common_optimizers")

from torch.nn import Parameter  # noqa: E402
from torch.testing import assert_close  # noqa: E402

from tests.support.dsl.torch_suite import (  # noqa: E402
    assert_same,
    backward,
    draw_params,
    make,
    saved,
    seed,  # noqa: F401
    train,
    twins_of,
)


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


@pytest.mark.parametrize("name", EXACT)
def test_float64_is_exact(name):
    rng = np.random.default_rng(0)
    gradients, weights = rng.standard_normal((100, 5)), rng.standard_normal(5)
    param = Parameter(torch.tensor(weights))
    optimizer = make(name, [param], 0.01)
    constants = {each.name: each.value for each in suites.notes(name).constants}
    # The rules do not read the weights.
    steps = EXACT[name].directions(gradients, gradients, np.full(100, 0.01), constants)
    for gradient, direction in zip(gradients, steps, strict=True):
        before = param.detach().clone()
        param.grad = torch.tensor(gradient)
        optimizer.step()
        np.testing.assert_allclose(
            (before - param.detach()) / 0.01, direction, rtol=1e-10, atol=1e-12
        )
