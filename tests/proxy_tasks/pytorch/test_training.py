"""Tasks in PyTorch: functions that yield, return a number or return all losses."""

import random

import numpy as np
import pytest
import torch

from lionhunt.proxy_tasks import NUM_CHUNKS, TaskCodeError, TaskError
from lionhunt.proxy_tasks.pytorch.task import require_jax, torch_task_class
from lionhunt.proxy_tasks.pytorch.training import TorchTraining

NO_HURDLES = (float("inf"),) * NUM_CHUNKS


def descend(params, lr=0.1):
    return torch.optim.SGD(params, lr)


def yielding(make_optimizer, seed, num_steps=30):
    """Find a point, with noise of all three generators."""
    point = torch.nn.Parameter(torch.randn(3))
    optimizer = make_optimizer([point])
    for _ in range(num_steps):
        noise = 0.01 * (torch.randn(()) + np.random.standard_normal() + random.random())
        optimizer.zero_grad()
        loss = ((point - noise) ** 2).sum()
        loss.backward()
        optimizer.step()
        yield loss
    return (point**2).sum()


def returning(make_optimizer, steps=30):
    (*_, last) = yielding(make_optimizer, 0, steps)
    return last.item()


def train(function, seed=0, hurdles=NO_HURDLES, stops=(NUM_CHUNKS,), **options):
    training = TorchTraining(torch_task_class(function)(**options).build(), descend, seed)
    for stop in stops:
        training.advance(hurdles, stop)
    return training.conclude()


def test_parts_and_trainings_in_between_change_no_bit():
    whole = train(yielding, seed=5)
    task = torch_task_class(yielding)().build()
    one, other = (TorchTraining(task, descend, seed) for seed in (5, 6))
    for stop in (1, 4, NUM_CHUNKS):
        one.advance(NO_HURDLES, stop)
        other.advance(NO_HURDLES, stop)
        torch.manual_seed(0)
        random.random()
    for left, right in zip(one.conclude(), whole, strict=True):
        np.testing.assert_array_equal(left, right)
    assert other.conclude().score != whole.score


def test_the_generators_of_others_go_on_as_they_were():
    states = random.getstate(), str(np.random.get_state()), torch.get_rng_state()
    train(yielding)
    train(returning)
    assert random.getstate() == states[0]
    assert str(np.random.get_state()) == states[1]
    assert torch.equal(torch.get_rng_state(), states[2])


def test_a_loss_above_its_hurdle_ends_it():
    whole = train(yielding)
    hurdles = [*NO_HURDLES]
    hurdles[3] = float(whole.curve[3]) - 1e-6
    stopped = train(yielding, hurdles=hurdles)
    assert stopped.num_chunks == 4 and np.isnan(stopped.score)
    np.testing.assert_array_equal(stopped.curve[:4], whole.curve[:4])
    assert np.isnan(stopped.curve[4:]).all()
    hurdles[3] = float(whole.curve[3])
    assert train(yielding, hurdles=hurdles).score == whole.score


def test_a_number_is_a_score_without_a_curve():
    trained = train(returning, seed=1)
    assert np.isfinite(trained.score) and trained.num_chunks == NUM_CHUNKS
    assert np.isnan(trained.curve).all()
    assert trained.score == train(returning, seed=1).score != train(returning, seed=2).score


@pytest.mark.parametrize("length", [1, 7, 10, 33])
def test_a_list_of_losses_ends_with_the_score(length):
    losses = np.arange(length, 0, -1.0)
    trained = train(lambda make: list(losses))
    assert trained.score == 1.0
    assert (np.diff(trained.curve) <= 0).all() and np.isfinite(trained.curve).all()
    assert train(lambda make: torch.tensor(losses)).score == 1.0


def test_it_has_one_thread_and_gives_the_others_back():
    before = torch.get_num_threads()
    assert train(lambda make: torch.get_num_threads()).score == 1
    assert torch.get_num_threads() == before


async def late(make_optimizer):
    return 1.0


def raising(make_optimizer):
    raise ValueError("no data")


def short(make_optimizer, num_steps=20):
    yield from [1.0] * (num_steps - 3)
    return 1.0


def long(make_optimizer, num_steps=20):
    yield from [1.0] * (num_steps + 1)
    return 1.0


def without_score(make_optimizer, num_steps=20):
    yield from [1.0] * num_steps


@pytest.mark.parametrize(
    "function, error, text",
    [
        (raising, TaskCodeError, r"raising raised ValueError: no data \(test_training"),
        (short, TaskError, "yielded 17 losses in place of num_steps"),
        (long, TaskError, "more losses than num_steps"),
        (without_score, TaskError, "returned nothing; expected a number"),
        (lambda make: "good", TaskError, "returned a str; expected a number"),
        (lambda make: [1.0, None], TaskError, "returned nothing"),
        (lambda make: make([]), TaskCodeError, "optimizer got an empty parameter list"),
    ],
)
def test_a_wrong_function_is_one_line(function, error, text):
    with pytest.raises(error, match=text) as caught:
        train(function)
    assert len(str(caught.value).splitlines()) == 1


def test_a_lack_of_memory_is_told_apart():
    with pytest.raises(MemoryError):
        train(lambda make: torch.empty(2**60))


def test_arguments_are_options():
    def function(make_optimizer, seed, width: int, *, name="a", num_steps: int = 9, free=None):
        return width

    cls = torch_task_class(function)
    task = cls(width=3, metric="loss").build()
    assert (task.num_steps, task.metric, task.higher_is_better) == (9, "loss", False)
    assert dict(task.arguments) == {"width": 3, "name": "a", "free": None}
    with pytest.raises(TypeError, match="width"):
        cls()


@pytest.mark.parametrize(
    "function, text",
    [
        (lambda: 0, "must take a factory"),
        (lambda *, make: 0, "must take a factory"),
        (lambda make, *rest: 0, r"takes \*rest"),
        (late, "late is async"),
    ],
    ids=["nothing", "by name", "any", "async"],
)
def test_other_arguments_are_refused(function, text):
    with pytest.raises(TaskError, match=text):
        torch_task_class(function)


def test_what_trains_in_jax_refuses_it():
    with pytest.raises(TaskError, match="returning trains in PyTorch, and a bench trains in JAX"):
        require_jax(torch_task_class(returning)().build(), "a bench")
