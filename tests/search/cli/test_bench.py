"""Benchmarks: what they measure. No test depends on speed."""

import json
import random
import tempfile

import pytest

from lionhunt.dsl import library
from lionhunt.dsl.analysis.liveness import find_live
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.proxy_tasks import DigitsMLP
from lionhunt.search.bench import batches, functional_equivalence, language, report
from lionhunt.search.bench import tasks as task_costs
from lionhunt.search.cli.terminal import make_console
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.storage.run_store import RunStore
from tests.support.search.command_line import call, is_one_line
from tests.support.search.runs import FormulaPool, advance, create

PARTS = {"parse", "infer", "liveness", "fingerprint", "functional_fingerprint", "mutate", "child"}


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(language, "NUM_PROGRAMS", 3)
    monkeypatch.setattr(language, "NUM_ROUNDS", 2)


def test_programs_are_of_the_length_and_alive():
    for seed in range(3):
        program = language.grow_program(40, random.Random(seed))
        needed, states = find_live(program)
        assert len(program.statements) == 40
        assert sum(needed) >= 9 and len(states) == 2


def test_children_are_bred_from_the_given_programs():
    programs = [language.grow_program(12, random.Random(seed)) for seed in range(5)]
    breeder = language.Breeder(programs)
    hits = [breeder(number) for number in range(200)]
    assert {True, False} == set(hits)
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
    # Scores here are a formula of the bytecode, so equal programs may differ.
    assert figures["false"] > 0
    merged = [merges["merged"] for merges in figures["by_bits"]]
    assert merged[0] >= merged[-1] and figures["merged"] == merged[2]
    assert "merged" in call(monkeypatch, capsys, "bench", "functional", tmp_path / "run")


def test_difference_of_outcomes():
    def ok(*scores):
        return Measurement(Status.OK, scores)

    difference = functional_equivalence._difference
    failed, late = Measurement(Status.NOT_FINITE), Measurement(Status.TIMED_OUT)
    assert difference(ok(0.5, 2.0), ok(0.5, 2.0)) == 0
    assert difference(ok(0.5, 2.0), ok(0.5, 2.5)) == pytest.approx(0.2)
    assert difference(ok(0.0), ok(0.0)) == 0
    assert difference(failed, failed) == 0
    assert difference(failed, ok(0.5)) == difference(failed, late) == float("inf")


@pytest.mark.slow
def test_bench_of_batches_tells_every_task_and_size(monkeypatch):
    monkeypatch.setattr(batches, "LEAST", 2)
    monkeypatch.setattr(batches, "DRAWN_FUNCTIONS", ("add", "divide", "sign"))
    task = DigitsMLP(num_steps=3, batch_size=2, width=2, depth=1).build()
    figures = batches.bench_batch([task], (1, 3), num_one_by_one=2)
    assert figures["machine"] and figures["device"]
    rates = figures["tasks"]["digits_mlp"]
    assert rates["batches"].keys() == {"1", "3"}
    for column, count in zip(
        [rates["one_core"], *rates["batches"].values()], (2, 2, 3), strict=True
    ):
        assert column["candidates"] == count
        assert column["first_seconds"] > 0 and column["candidates_per_second"] > 0
    console = make_console()
    with console.capture() as shown:
        report.print_bench_batch(console, figures)
    assert "batch 3" in shown.get() and "digits_mlp" in shown.get()


def test_bench_of_batches_refuses_an_unknown_task(invoke_cli):
    status, _, err = invoke_cli("bench", "batch", "--task", "chess")
    assert status == 2 and "no task 'chess'; there are digits_mlp" in err


@pytest.fixture
def measured_steps(monkeypatch):
    """Replace the measurement of an evaluation by a formula; return the steps measured."""
    steps = []

    def measure(task, bytecode, num_steps):
        steps.append(num_steps)
        return 4.0, 0.03 * num_steps

    monkeypatch.setattr(task_costs, "measure_training", measure)
    return steps


def test_bench_of_tasks(invoke_cli, measured_steps):
    _, out, _ = invoke_cli("bench", "tasks", "digits_mlp", "--scales", "0.01,1", "--json")
    short, long = json.loads(out)
    assert (short["task"], short["scale"], long["scale"]) == ("digits_mlp", 0.01, 1)
    # A whole training of 50 steps takes 1.5 s, one of 500 steps more than `MAX_SECONDS`.
    assert (short["steps"], short["measured_steps"]) == (50, 50)
    assert (long["steps"], long["measured_steps"]) == (500, 333)
    assert measured_steps == [20, 50, 20, 333] and long["compile_seconds"] == 4.0
    assert long["measured_seconds"] == pytest.approx(0.03 * 500)
    _, out, _ = invoke_cli("bench", "tasks", "digits_mlp", "--scales", "1")
    assert "digits_mlp" in out and "500" in out and "(from 333 steps)" in out


def test_bench_of_records_measures_a_run_and_leaves_nothing(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    figures = json.loads(
        call(monkeypatch, capsys, "bench", "records", "--programs", "2000", "--json")
    )
    assert figures["programs"] == 2000 and 200 < figures["evaluated"] < 1500
    assert figures["driver_milliseconds"] > 0 and figures["bytes"] > 2000 * 100
    seconds = figures["seconds"]
    assert list(seconds) == ["check", "history digest", "show", "show again", "resume"]
    assert all(each > 0 for each in seconds.values())
    assert figures["memory"]["first"] == 200 and len(figures["memory"]["mib"]) == 2
    assert not list(tmp_path.iterdir())
    report.print_bench_records(make_console(), figures)
    assert "2,000, " in capsys.readouterr().out


def test_evaluation_of_a_task_is_measured():
    task = DigitsMLP(num_steps=40, batch_size=8, width=4).build()
    row = task_costs._bench(task, assemble(library.load("adamw_initial")))
    assert row["parameters"] == (64 * 4 + 4) + (4 * 4 + 4) + (4 * 10 + 10)
    assert row["measured_steps"] == row["steps"] == 40
    assert row["compile_seconds"] > row["measured_seconds"] > 0


@pytest.mark.parametrize(
    "words, message",
    [
        (["nothing"], "digits_mlp"),
        (["digits_mlp", "--scales", "1,x"], "--scales"),
        (["digits_mlp", "--scales", "0"], "scale"),
    ],
)
def test_bench_of_tasks_refuses_in_one_line(invoke_cli, measured_steps, words, message):
    status, _, err = invoke_cli("bench", "tasks", *words)
    assert status == 2 and is_one_line(err) and message in err
