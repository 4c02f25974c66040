"""The benchmarks: they measure what they say; how fast, they tell, and no test asks."""

import json
import random

import pytest

from lionhunt.dsl.analysis.liveness import live
from lionhunt.proxy_tasks import DigitsMLP
from lionhunt.search.bench import batches as bench_batch
from lionhunt.search.bench import functional_equivalence as bench_functional
from lionhunt.search.bench import language as bench
from lionhunt.search.bench import report
from lionhunt.search.cli.terminal import make_console
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.storage.run_store import RunStore
from tests.support.search.command_line import call
from tests.support.search.runs import FormulaPool, advance, create

PARTS = {"parse", "infer", "liveness", "fingerprint", "functional_fingerprint", "mutate", "child"}


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(bench, "NUM_PROGRAMS", 3)
    monkeypatch.setattr(bench, "NUM_ROUNDS", 2)


def test_programs_are_of_the_length_and_alive():
    for seed in range(3):
        program = bench._grow(40, random.Random(seed))
        needed, states = live(program)
        assert len(program.statements) == 40
        assert sum(needed) >= 9 and len(states) == 2


def test_children_are_bred_from_the_given_programs():
    programs = [bench._grow(12, random.Random(seed)) for seed in range(5)]
    breeder = bench._Breeder(programs)
    known = [breeder(number) for number in range(200)]
    assert {True, False} == set(known)
    assert len(breeder.history) == 5


def test_bench_of_the_language_tells_every_part_at_every_length(few, monkeypatch, capsys):
    figures = json.loads(call(monkeypatch, capsys, "bench", "dsl", "--json"))
    assert [length["statements"] for length in figures["lengths"]] == [10, 40, 100]
    assert figures["library"]["statements"] > 9
    for column in (*figures["lengths"], figures["library"]):
        assert column["programs_per_second"].keys() == PARTS
        assert all(rate > 0 for rate in column["programs_per_second"].values())
    at_40 = figures["lengths"][1]["programs_per_second"]
    assert figures["children_per_second"] == at_40["child"]
    shown = call(monkeypatch, capsys, "bench", "dsl")
    assert "40 statements" in shown and "children a second" in shown


def test_merges_of_a_run_are_counted_and_compared(tmp_path, monkeypatch, capsys):
    with create(tmp_path / "run", num_programs=400) as records:
        advance(records, FormulaPool())
    figures = json.loads(
        call(monkeypatch, capsys, "bench", "functional", tmp_path / "run", "--json")
    )
    with RunStore.open_to_read(tmp_path / "run") as records:
        assert figures["evaluated"] == sum(records.count_by_status().values())
    assert 0 < figures["merged"] < figures["evaluated"]
    assert figures["merged"] == figures["equal"] + figures["rounding"] + figures["false"]
    assert figures["false"] > 0  # scores by a formula of the bytecode differ for equals
    merged = [found["merged"] for found in figures["by_bits"]]
    assert merged[0] >= merged[-1] and figures["merged"] == merged[2]
    assert "merged" in call(monkeypatch, capsys, "bench", "functional", tmp_path / "run")


def test_difference_of_outcomes():
    def ok(*scores):
        return Measurement(Status.OK, scores)

    difference = bench_functional._difference
    failed, late = Measurement(Status.NOT_FINITE), Measurement(Status.TIMED_OUT)
    assert difference(ok(0.5, 2.0), ok(0.5, 2.0)) == 0
    assert difference(ok(0.5, 2.0), ok(0.5, 2.5)) == pytest.approx(0.2)
    assert difference(ok(0.0), ok(0.0)) == 0
    assert difference(failed, failed) == 0
    assert difference(failed, ok(0.5)) == difference(failed, late) == float("inf")


@pytest.mark.slow
def test_bench_of_batches_tells_every_task_and_size(monkeypatch):
    monkeypatch.setattr(bench_batch, "LEAST", 2)
    monkeypatch.setattr(bench_batch, "DRAWN_FUNCTIONS", ("add", "divide", "sign"))
    task = DigitsMLP(num_steps=3, batch_size=2, width=2, depth=1).build()
    figures = bench_batch.bench_batch([task], (1, 3), num_one_by_one=2)
    assert figures["machine"] and figures["device"]
    found = figures["tasks"]["digits_mlp"]
    assert found["batches"].keys() == {"1", "3"}
    for column, count in zip(
        [found["one_core"], *found["batches"].values()], (2, 2, 3), strict=True
    ):
        assert column["candidates"] == count
        assert column["first_seconds"] > 0 and column["candidates_per_second"] > 0
    console = make_console()
    with console.capture() as shown:
        report.print_bench_batch(console, figures)
    assert "batch 3" in shown.get() and "digits_mlp" in shown.get()


def test_bench_of_batches_refuses_an_unknown_task(lionhunt):
    status, _, err = lionhunt("bench", "batch", "--task", "chess")
    assert status == 2 and "no task 'chess'; there are digits_mlp" in err
