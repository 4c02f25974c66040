"""Evaluations a second of one training problem, as a task in PyTorch and as one in JAX."""

import statistics
from typing import Any

import torch

from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.proxy_tasks import DigitsMLP
from lionhunt.proxy_tasks.data.bundled import NUM_CLASSES, load_digits
from lionhunt.proxy_tasks.pytorch.task import torch_task_class
from lionhunt.search.activity import Activity, OnActivity
from lionhunt.search.bench.language import machine_name
from lionhunt.search.bench.sample_children import Children
from lionhunt.search.bench.timing import time_interleaved
from lionhunt.search.evaluation.evaluator import Evaluator
from lionhunt.search.evaluation.job import Job

NUM_ROUNDS = 3
NUM_CHILDREN = 10
JAX = DigitsMLP()


def bench_torch(children: Children, on_activity: OnActivity) -> dict[str, Any]:
    """Time candidates on digits in PyTorch and in JAX, with one model and as many steps.

    Args:
        children: children of a search; the first ones count.
        on_activity: called with each measurement.

    Returns:
        A plain dictionary; seconds are of one evaluation, medians over rounds.
    """
    on_activity(Activity("compiling"))
    jobs = [Job("", assemble(program)) for program in children.programs[:NUM_CHILDREN]]
    tasks = {"JAX": JAX.build(), "PyTorch": torch_task_class(digits)().build()}
    runs = {}
    for name, task in tasks.items():
        evaluator = Evaluator([task], 0, children.functions)
        # The first evaluation compiles.
        evaluator.evaluate(jobs)
        runs[name] = lambda evaluator=evaluator: evaluator.evaluate(jobs)
    on_activity(Activity("timing"))
    rounds = time_interleaved(runs, num_rounds=NUM_ROUNDS)
    seconds = {name: statistics.median(all_of) / len(jobs) for name, all_of in rounds.items()}
    pairs = zip(rounds["PyTorch"], rounds["JAX"], strict=True)
    return {
        "machine": machine_name(),
        "num_children": len(jobs),
        "num_steps": JAX.num_steps,
        "seconds": seconds,
        "ratio": statistics.median(one / other for one, other in pairs),
    }


def digits(make_optimizer: Any, num_steps: int = JAX.num_steps):
    """Train the perceptron of `digits_mlp` in PyTorch, and yield its losses."""
    data = load_digits()
    images, labels = (torch.as_tensor(each) for each in data.train)
    model = torch.nn.Sequential(
        torch.nn.Flatten(),
        torch.nn.Linear(64, JAX.width),
        torch.nn.GELU(),
        torch.nn.Linear(JAX.width, JAX.width),
        torch.nn.GELU(),
        torch.nn.Linear(JAX.width, NUM_CLASSES),
    )
    optimizer = make_optimizer(model.parameters())
    loss_of = torch.nn.CrossEntropyLoss()
    for _ in range(num_steps):
        chosen = torch.randint(len(labels), (JAX.batch_size,))
        optimizer.zero_grad()
        loss = loss_of(model(images[chosen]), labels[chosen].long())
        loss.backward()
        optimizer.step()
        yield loss
    images, labels = (torch.as_tensor(each) for each in data.validation)
    with torch.no_grad():
        return (model(images).argmax(1) == labels).float().mean()
