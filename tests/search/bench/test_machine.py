"""Benchmark of the machine: both sides of each comparison are equivalent."""

import contextlib
import dataclasses
import functools
import io
import json

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from rich.console import Console

from lionhunt import dsl
from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.proxy_tasks import DigitsMLP, Task
from lionhunt.search.bench import (
    machine,
    new_process,
    report,
    sample_children,
    step_sizes,
    workers,
)
from lionhunt.search.bench.optax_references import OPTIMIZERS
from lionhunt.search.bench.sample_children import Children, breed_children, read_children
from lionhunt.search.cli.bench import parts as bench_command
from lionhunt.search.errors import ConfigError
from lionhunt.search.storage.run_store import RunStore
from tests.support.search.command_line import call
from tests.support.search.runs import FormulaPool, config, finished, score


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_hand_written_optimizer_is_its_program(name):
    program, make = OPTIMIZERS[name]
    one, other = dsl.as_optimizer(program, halving), make(halving)
    for a, b in zip(updates(one), updates(other), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-7 * np.abs(b).max())


def halving(step_count):
    return 0.5 ** jnp.float32(step_count)


def updates(optimizer):
    """Yield the updates of a few steps; clipping changes some of the gradients."""
    params = {"a": jnp.linspace(-1, 1, 6).reshape(2, 3), "b": jnp.ones(())}
    state, update = optimizer.init(params), jax.jit(optimizer.update)
    for scale in (0.1, 1.0, 0.01, 0.1):
        gradient = jax.tree.map(lambda x, scale=scale: scale * jnp.cos(9 * x), params)
        step, state = update(gradient, state, params)
        params = optax.apply_updates(params, step)
        yield np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(step)])


def line_task(num_steps=20):
    """Return a fit of a line to points, which compiles fast."""
    x = jnp.linspace(-1, 1, 8)

    def loss(params, batch):
        return jnp.mean((params["a"] * batch + params["b"] - 1 - 2 * batch) ** 2)

    return Task(
        "line",
        num_steps,
        x,
        init=lambda data, key: {"a": jax.random.normal(key), "b": jnp.zeros(2)[:1]},
        batch=lambda data, key: data + 0.01 * jax.random.normal(key),
        loss=loss,
        score=lambda params, data: loss(params, data),
        metric="loss",
        higher_is_better=False,
        digest="",
    )


@dataclasses.dataclass
class LineOptions:
    def build(self):
        return line_task()


@pytest.fixture
def children():
    names = ("lion", "momentum", "sgd", "signsgd", "rmsprop", "signum")
    programs = tuple(dsl.library.load(name) for name in names)
    functions = frozenset().union(*(assemble(program).functions for program in programs))
    return Children("a run", functions, programs[0], programs)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(machine, "NUM_ROUNDS", 3)
    monkeypatch.setattr(machine, "ROUND_SECONDS", 0.0)
    monkeypatch.setattr(machine, "NUM_COMPILED", 2)
    monkeypatch.setattr(machine, "TASKS", (LineOptions(),))
    few = {name: OPTIMIZERS[name] for name in ("lion", "momentum")}
    monkeypatch.setattr(machine, "OPTIMIZERS", few)


def test_bench_of_the_machine_tells_ratios_by_task(quick, children, monkeypatch, capsys):
    memory = {"evaluations": 10, "mib_compiled": 9.0, "mib": [10.0, 11.0], "growth": 0.1}
    two = {"candidates_per_second": {"1": 5.0, "2": 9.5}, "speedups": [1.9], "speedup": 1.9}
    monkeypatch.setattr(bench_command, "breed_children", lambda *_: children)
    monkeypatch.setattr(machine, "measure_memory", lambda *_: memory)
    monkeypatch.setattr(machine, "two_against_one", lambda *_: two)
    figures = json.loads(call(monkeypatch, capsys, "bench", "machine", "--json"))
    by_name = figures["optimizers"]["line"]
    for kind in ("optax", "gradient"):
        largest = max(times[f"to_{kind}"] for times in by_name.values())
        assert figures[f"ratio_to_{kind}"] == {"line": largest}
        assert largest > 0
    for times in by_name.values():
        assert times["scores"][0] == pytest.approx(times["scores"][1], rel=1e-4)
    line = figures["children"]["line"]
    assert figures["speedup_over_compiling"] == {"line": line["speedup"]}
    assert (line["children"], line["compiled"]) == (6, 2)
    assert line["compiling_each_seconds"] > line["running_seconds"] > 0
    assert figures["memory"] == memory and figures["two_workers"] == two
    report.print_bench_machine(bench_command.make_console(), figures)
    shown = capsys.readouterr().out
    assert "momentum" in shown and "6 children of a run" in shown and "+10.0%" in shown


def test_children_are_those_that_were_new_in_the_second_half(tmp_path):
    finished(tmp_path / "run", num_programs=240)
    with RunStore.open_to_read(tmp_path / "run") as records:
        rows, children = list(records.rows()), read_children(records, 12)
        with pytest.raises(ConfigError, match="and 100 are needed; name a longer run"):
            read_children(records, 100)
    half = len(rows) // 2
    old = {row.fingerprint for row in rows[:half]}
    new = dict.fromkeys(row.fingerprint for row in rows[half:] if row.fingerprint not in old)
    assert [fingerprint(program) for program in children.programs] == list(new)[:12]
    assert all(assemble(program).functions <= children.functions for program in children.programs)


def test_children_are_bred_by_a_search(monkeypatch):
    @contextlib.contextmanager
    def start_pool(config, initial, num_workers):
        yield FormulaPool(), score(assemble(initial))

    monkeypatch.setattr(sample_children, "start_pool", start_pool)
    one, other = (breed_children(config(num_programs=240), 12) for _ in range(2))
    assert one == other and len(set(map(fingerprint, one.programs))) == 12


class Leaking:
    """A scorer that leaks `kib` KiB at every evaluation."""

    def __init__(self, kib):
        self.kib, self.kept = kib, []

    def evaluate(self, jobs):
        self.kept.append(bytearray(1024 * self.kib))
        return [score(job.bytecode) for job in jobs]


@pytest.mark.skipif(not new_process.STATM.exists(), reason="the system does not tell")
def test_memory_of_a_worker_is_watched():
    codes = [assemble(dsl.library.load(name)) for name in ("lion", "adamw")]
    memory = workers.measure_memory(functools.partial(Leaking, 1024), codes, 60, 20)
    first, _, last = memory["mib"]
    assert last - first == pytest.approx(40, abs=5)
    assert memory["growth"] == pytest.approx(last / first - 1)


class Watched(FormulaPool):
    """A pool that remembers the most jobs in flight."""

    most = 0

    def wait(self, seconds):
        self.most = max(self.most, len(self.queue))
        return super().wait(seconds)


@pytest.mark.parametrize("num_busy", [1, 2])
def test_as_many_candidates_are_in_flight_as_workers_are_meant_to_be_busy(num_busy):
    pool = Watched()
    codes = [assemble(dsl.library.load("lion"))] * 9
    assert workers.score_all(pool, codes, num_busy) > 0
    assert pool.most == num_busy and len(pool.submitted) == 9


def test_step_sizes_are_timed_against_one_training(monkeypatch):
    program = dsl.library.load("sgd")
    task = DigitsMLP(num_steps=10, batch_size=2, width=2)
    monkeypatch.setattr(step_sizes, "TASKS", {"tiny": task})
    monkeypatch.setattr(step_sizes, "NUM_ROUNDS", 2)
    children = Children("", frozenset(assemble(program).functions), program, (program, program))
    seen = []
    figures = step_sizes.bench_step_sizes(children, seen.append)
    assert figures["num_children"] == 2 and len(seen) == 1
    ratios = figures["tasks"]["tiny"]
    assert ratios.keys() == {"initial", "children"} and min(ratios.values()) > 0.5
    console = Console(width=100, record=True, file=io.StringIO())
    report.print_bench_step_sizes(console, figures)
    assert "tiny" in console.export_text()
