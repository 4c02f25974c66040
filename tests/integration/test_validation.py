"""Validation of a run: one curve under any disturbance, and the end of a run that overfits."""

import dataclasses
import json
from contextlib import closing

import pytest

from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.search.api.runs import Run
from lionhunt.search.driver.progress import RunProgress, is_at_end
from lionhunt.search.driver.report import progress_line
from lionhunt.search.driver.search_loop import Search
from lionhunt.search.driver.setup import load_run
from lionhunt.search.driver.summary import summarize_run
from lionhunt.search.errors import ConfigError, RecordError
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.storage.run_store import RunStore
from tests.support.search import runs as support
from tests.support.search.runs import FormulaPool, advance, config, create, finished, score

TASKS = [{"kind": "digits_mlp", "num_steps": n, "batch_size": 4, "width": 4} for n in (5, 6)]
VALIDATION = {"tasks": TASKS, "every": 15}
STEP_SIZES = {"evaluation": {"step_sizes": [0.5, 1.0, 4.0]}}


def validated(**rules) -> dict:
    return {"validation": VALIDATION | rules}


def read(folder, read=summarize_run):
    with RunStore.open_to_read(folder) as records:
        return read(records)


def test_validation_changes_no_history(tmp_path):
    pool = FormulaPool()
    digest = finished(tmp_path / "with", pool, **validated())
    assert digest == finished(tmp_path / "without")
    summary = read(tmp_path / "with")
    curve = summary["validation"]["curve"]
    assert [point["programs"] for point in curve] == list(range(15, 121, 15))
    assert not summary["validation"]["early_stopped"] and summary["complete"]
    assert read(tmp_path / "without")["validation"] is None
    # Each program trains once on each task, and so does the reference.
    names = [name for name in pool.submitted if name.startswith("validation")]
    programs = {point["index"] for point in curve}
    assert len(names) == len(set(names)) == 2 * (1 + len(programs)) and len(programs) > 1
    assert {job.task for job in pool.jobs if job.name in names} == {1, 2}
    assert all(job.task is None for job in pool.jobs if job.name not in names)


def test_points_have_the_best_of_the_history_and_its_gain_over_the_reference(tmp_path):
    finished(tmp_path, **validated(every=50))
    with RunStore.open_to_read(tmp_path) as records:
        curve = summarize_run(records)["validation"]["curve"]
        reference = records.reference()
        bests = [records.best(count) for count in (50, 100, 120)]
    assert [point["programs"] for point in curve] == [50, 100, 120]
    for point, best in zip(curve, bests, strict=True):
        assert best is not None
        assert point["index"] == best.individual.index
        assert point["search_fitness"] == best.fitness
        gains = []
        for number, name in enumerate(("digits_mlp", "digits_mlp_2"), start=1):
            programs = (best.individual.program, reference)
            own, other = (score(assemble(each), number).scores for each in programs)
            assert point["scores"][name]["score"] == own[0]
            gains.append((own[0] - other[0]) / other[0])
            assert point["scores"][name]["fitness"] == pytest.approx(gains[-1])
        assert point["fitness"] == pytest.approx(sum(gains) / 2)


def advance_until_pending(folder, pool, num_events: int) -> bool:
    """Run until a validation was in flight for some events; return whether the run has ended."""
    with RunStore.open_to_write(folder) as records:
        run_config, initial = load_run(records)
        job = Job("reference", assemble(initial))
        reference = support.measure_reference(pool, job, run_config)
        search = Search(run_config, initial, records, pool, reference)
        with closing(search.run()) as events:
            for progress in events:
                assert progress.validation is not None
                num_events -= progress.validation.is_pending
                if num_events < 0:
                    break
        return is_at_end(records)


@pytest.mark.parametrize("changes", [{}, STEP_SIZES], ids=["plain", "step_sizes"])
def test_stops_in_the_middle_of_validations_change_nothing(changes, tmp_path):
    options = validated(early_stop=4) | changes
    digest = finished(tmp_path / "whole", **options)
    whole = read(tmp_path / "whole")
    with create(tmp_path / "stopped", **options):
        pass
    num_sessions = 1
    while not advance_until_pending(
        tmp_path / "stopped", FormulaPool(num_sessions), num_sessions // 2
    ):
        num_sessions += 1
    assert num_sessions > 4
    stopped = read(tmp_path / "stopped")
    assert stopped["history_digest"] == digest
    assert stopped["validation"] == whole["validation"] and stopped["complete"]
    records = [read(tmp_path / name, RunStore.validations) for name in ("whole", "stopped")]
    assert records[0] == records[1]


@pytest.mark.parametrize("early_stop", [1, 2, 3])
def test_early_stop_ends_a_run_after_validations_in_vain(early_stop, tmp_path):
    finished(tmp_path / "long", **validated(every=10))
    finished(tmp_path / "short", **validated(every=10, early_stop=early_stop))
    long, short = read(tmp_path / "long"), read(tmp_path / "short")
    curve = long["validation"]["curve"]
    highest, num_in_vain, last, end = float("-inf"), 0, None, 120
    for point in curve:
        if point["index"] != last:
            fitness = float("-inf") if point["fitness"] is None else point["fitness"]
            num_in_vain = 0 if fitness > highest else num_in_vain + 1
            highest, last = max(highest, fitness), point["index"]
            if num_in_vain == early_stop:
                end = point["programs"]
                break
    assert short["programs"] == end and short["complete"]
    assert short["validation"]["early_stopped"] == (end < 120)
    assert short["validation"]["curve"] == [p for p in curve if p["programs"] <= end]
    assert is_at_end_of(tmp_path / "short")
    # The end stays the end.
    with RunStore.open_to_write(tmp_path / "short") as records:
        assert advance(records, FormulaPool()).count() == end


def is_at_end_of(folder) -> bool:
    return read(folder, is_at_end)


def test_early_stop_of_the_tests_happens(tmp_path):
    finished(tmp_path, **validated(every=10, early_stop=1))
    assert read(tmp_path)["programs"] < 120


def test_limit_of_training_does_not_count_validations(tmp_path):
    limit = {"max_trainings": 10.0}
    finished(tmp_path / "with", **limit, **validated())
    finished(tmp_path / "without", **limit)
    found, plain = read(tmp_path / "with"), read(tmp_path / "without")
    assert found["history_digest"] == plain["history_digest"]
    assert found["programs"] == found["validation"]["curve"][-1]["programs"] < 120


class ScriptedPool(FormulaPool):
    """A pool whose measurements of validations a function changes."""

    def __init__(self, change):
        super().__init__()
        self.change = change

    def wait(self, seconds):
        return [
            (name, self.change(measured) if name.startswith("validation") else measured)
            for name, measured in super().wait(seconds)
        ]


def test_reference_that_fails_on_a_validation_task_is_refused(tmp_path):
    def fail(measured):
        return Measurement(Status.NOT_FINITE)

    message = "does not train on the validation task digits_mlp .not_finite.; choose another task"
    with pytest.raises(ConfigError, match=message), create(tmp_path, **validated()) as records:
        advance(records, ScriptedPool(fail))


@pytest.mark.parametrize("changes", [{}, STEP_SIZES], ids=["plain", "step_sizes"])
def test_reference_that_trains_otherwise_on_a_validation_task_is_another_machine(changes, tmp_path):
    def differ(measured):
        return dataclasses.replace(measured, curves=((7.0,),))

    with create(tmp_path, **validated(), **changes) as records:
        advance(records, FormulaPool(), 40)
    with pytest.raises(RecordError, match="initial program, on a validation task, has a training"):
        with RunStore.open_to_write(tmp_path) as records:
            advance(records, ScriptedPool(differ))


def test_programs_that_fail_on_a_validation_task_have_no_gain(tmp_path):
    reference = fingerprint(load_run_initial(tmp_path))

    class FailingPool(FormulaPool):
        def wait(self, seconds):
            return [
                (name, Measurement(Status.NOT_FINITE))
                if name.startswith("validation 2") and not name.endswith(reference)
                else (name, measured)
                for name, measured in super().wait(seconds)
            ]

    finished(tmp_path / "run", FailingPool(), **validated(every=30, early_stop=2))
    validation = read(tmp_path / "run")["validation"]
    failed = [point for point in validation["curve"] if point["index"] >= 10]
    assert failed and all(point["fitness"] is None for point in failed)
    assert all(point["scores"]["digits_mlp"]["fitness"] is not None for point in failed)


def load_run_initial(folder):
    with create(folder / "initial") as records:
        return load_run(records)[1]


def test_command_line_and_api_show_the_curve(tmp_path, invoke_cli):
    finished(tmp_path, **validated(every=10, early_stop=1))
    status, out, _ = invoke_cli("show", tmp_path)
    assert status == 0 and "gain of the best so far, on validation tasks" in out
    assert "(peak)" in out and "ended by early_stop" in out
    validation = json.loads(invoke_cli("show", tmp_path, "--json")[1])["validation"]
    assert validation == Run(tmp_path).validation() and validation["early_stopped"]
    peak = max(validation["curve"], key=lambda point: point["fitness"] or float("-inf"))
    assert validation["peak"] == peak["programs"]
    line = progress_line(read(tmp_path, RunProgress.of_records))
    assert f"highest {peak['fitness']:.4f}, after {peak['programs']} programs" in line
    status, out, _ = invoke_cli("query", tmp_path, "SELECT count(*) FROM validations")
    assert status == 0


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"validation": {"early_stop": 3}}, "early_stop needs validation tasks: add"),
        (
            {
                "validation": {"tasks": [TASKS[0] | {"horizons": [5, 9]}]},
                "evaluation": {"batch_size": 2},
            },
            "a task with horizons cannot train side by side: set batch_size to 1",
        ),
    ],
)
def test_rules_that_make_no_sense_are_refused(changes, message):
    with pytest.raises(ConfigError, match=message) as caught:
        config(**changes)
    assert "\n" not in str(caught.value)
