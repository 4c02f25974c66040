"""Tasks from functions: how data comes in, and what does not fit."""

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false

import dataclasses

import jax
import jax.numpy as jnp
import optax
import pytest

from lionhunt.proxy_tasks import Task, TaskCodeError, TaskError, train
from lionhunt.proxy_tasks.guarding import check_shapes, guard
from lionhunt.proxy_tasks.task_class import is_task_class, task

PARTS = {
    "init": lambda key: {"w": jax.random.normal(key, (3,))},
    "batch": lambda key: jax.random.normal(key, (8, 3)),
    "loss": lambda params, x: jnp.mean((params["w"][None] - x) ** 2),
    "score": lambda params: jnp.sum(params["w"] ** 2),
    "num_steps": 20,
}


def test_data_is_the_last_argument_of_batch_and_score(key):
    plain = Task.from_functions(**PARTS)
    data = {"center": [1.0, 2.0, 3.0]}
    moved = Task.from_functions(
        **PARTS
        | {
            "batch": lambda key, data: PARTS["batch"](key) + data["center"][None],
            "score": lambda params, data: jnp.sum((params["w"] - data["center"]) ** 2),
            "init": lambda key: {"w": PARTS["init"](key)["w"] + jnp.array(data["center"])},
        },
        data={"center": jnp.array(data["center"])},
    )
    optimizer = optax.sgd(0.1)
    a, b = (jax.jit(lambda key, t=t: train(t, optimizer, key))(key) for t in (plain, moved))
    assert jnp.allclose(a.score, b.score, rtol=1e-3) and a.score < 1
    assert plain.data == () and moved.num_parameters == 3 and not plain.higher_is_better


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"init": lambda: 0}, r"init must take \(key\), and takes \(\)"),
        ({"loss": lambda params: 0}, r"loss must take \(params, batch\)"),
        ({"data": 1.0}, r"batch must take \(key, data\), and takes \(key\)"),
        ({"score": 3}, r"score must be a function score\(params\)"),
        ({"num_steps": 0}, r"num_steps \(0\) must be from 1 to"),
        ({"num_steps": 2.0}, r"num_steps \(2.0\) must be a whole number"),
        ({"num_steps": True}, "must be a whole number"),
        ({"name": "a b"}, "the name of a task must be a word"),
    ],
)
def test_what_does_not_fit_is_named(changes, said):
    with pytest.raises(TaskError, match=said) as caught:
        Task.from_functions(**PARTS | changes)
    assert len(str(caught.value).splitlines()) == 1


def test_guards_name_the_function_and_keep_the_training(key):
    plain = Task.from_functions(**PARTS, name="mine")
    guarded = guard(plain)
    check_shapes(guarded)
    optimizer = optax.sgd(0.1)
    a, b = (jax.jit(lambda key, t=t: train(t, optimizer, key))(key) for t in (plain, guarded))
    assert a.score == b.score and (a.curve == b.curve).all()

    def faulty(params, x):
        raise KeyError("nothing")

    broken = guard(dataclasses.replace(plain, loss=faulty))
    with pytest.raises(TaskCodeError, match=r"task mine: loss raised KeyError: 'nothing' \(test_"):
        check_shapes(broken)


def test_a_lack_of_memory_stays_what_it_is():
    def hungry(key):
        raise MemoryError

    with pytest.raises(MemoryError):
        check_shapes(guard(Task.from_functions(**PARTS | {"init": hungry})))


def test_the_decorator_makes_a_frozen_class_with_keywords():
    @task
    class Mine:
        num_steps: int = 3

        def build(self):
            return Task.from_functions(**PARTS | {"num_steps": self.num_steps})

    class Child(Mine):
        pass

    assert is_task_class(Mine) and not is_task_class(Child) and not is_task_class(Mine())
    assert Mine(num_steps=5).build().num_steps == 5 and Mine() == Mine()
    with pytest.raises(TypeError):
        Mine(5)
    with pytest.raises(dataclasses.FrozenInstanceError):
        Mine().num_steps = 4
    with pytest.raises(TaskError, match="decorates a class; for functions use"):
        task(lambda: 0)
