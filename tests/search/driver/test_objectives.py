"""Objectives of a run: limits, costs in the rank, parents from the front, tuned constants."""

import dataclasses
import sqlite3
from contextlib import closing

import pytest

from lionhunt.dsl.analysis.canonical import canonicalize
from lionhunt.dsl.analysis.work import measure_cost
from lionhunt.dsl.program import Const
from lionhunt.search.driver.objectives.config import ObjectivesConfig
from lionhunt.search.driver.objectives.front import read_front
from lionhunt.search.driver.scoring import start_pool
from lionhunt.search.driver.setup import load_initial
from lionhunt.search.driver.summary import summarize_run
from lionhunt.search.errors import ConfigError, RecordError
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.evolution.front import Point
from lionhunt.search.evolution.regularized import window
from lionhunt.search.storage.run_store import RunStore
from tests.support.search.runs import FormulaPool, advance, config, create

SIZE = {"num_programs": 240, "evolution": {"population_size": 20, "tournament_size": 3, "lag": 6}}


class WorkPool(FormulaPool):
    """A pool in which programs are better, the more work they do."""

    def start(self, reference):
        return reward_work(super().start(reference), reference.bytecode)

    def wait(self, seconds):
        bytecodes = {job.name: job.bytecode for job in self.jobs}
        return [(name, reward_work(got, bytecodes[name])) for name, got in super().wait(seconds)]


def reward_work(measured, bytecode):
    if measured.status is not Status.OK:
        return measured
    scores = (measured.scores[0] + 0.1 * bytecode.num_vector_code,)
    return dataclasses.replace(measured, scores=scores)


def run(folder, **changes):
    """Make a run, and return its rows and its pool."""
    pool = WorkPool()
    with create(folder, **SIZE, **changes) as records:
        return list(advance(records, pool).rows()), pool


def cost_of(row):
    return measure_cost(canonicalize(row.individual.program))


def points_of(rows, axes):
    """Return the first individual of each program that has a rank, with its place."""
    points = {}
    for row in rows:
        if row.fitness is not None and row.fingerprint not in points:
            costs = tuple(getattr(cost_of(row), axis) for axis in axes)
            points[row.fingerprint] = row.individual.index, Point(row.rank_or_neg_inf, costs)
    return list(points.values())


def front_before(points, count):
    """Return the front of the first individuals; every program has one rank."""
    before = [(index, point) for index, point in points if index < count]
    return {
        index
        for index, point in before
        if not any(
            other.covers(point) and (other != point or number < index)
            for number, other in before
            if number != index
        )
    }


@pytest.mark.parametrize("functional", [False, True])
def test_programs_beyond_a_limit_are_rejected_untrained(functional, tmp_path):
    limits = {"state": 2, "length": 9, "work": 8}
    objectives = {f"max_{name}": limit for name, limit in limits.items()}
    options = {
        "mutation": {"until_different": True, "delete": 0},
        "evaluation": {"functional_cache": functional},
    }
    rows, pool = run(tmp_path, objectives=objectives, **options)
    exceeding = {
        row.fingerprint
        for row in rows
        if any(getattr(cost_of(row), name) > limit for name, limit in limits.items())
    }
    rejected = {row.fingerprint for row in rows if row.status is Status.REJECTED}
    assert rejected == exceeding and len(rejected) > 10
    assert not rejected.intersection(pool.submitted)
    with RunStore.open_to_read(tmp_path) as records:
        assert summarize_run(records)["outcomes"]["rejected"] == len(rejected)


def test_initial_program_beyond_a_limit_is_refused():
    initial = load_initial("adamw_initial")
    objectives = {"max_state": 1, "max_work": 3, "max_length": 9}
    wrong = config(objectives=objectives)
    message = r"initial program's state 2 is above max_state \(1\), its work 8 is above max_work"
    with pytest.raises(ConfigError, match=message), start_pool(wrong, initial, 0):
        pass


def test_rank_is_the_fitness_less_the_costs(tmp_path):
    weights = {"state": 0.2, "length": 0.03, "work": 0.01}
    rows, _ = run(tmp_path, objectives=weights)
    for row in rows:
        cost = cost_of(row)
        if row.fitness is not None:
            expected = row.fitness - 0.2 * cost.state - 0.03 * cost.length - 0.01 * cost.work
            assert row.rank == pytest.approx(expected)
    with RunStore.open_to_read(tmp_path) as records:
        assert records.best() == max(rows, key=lambda row: row.rank_or_neg_inf)
        assert records.best() != max(rows, key=lambda row: row.fitness_or_neg_inf)


def test_parents_are_of_the_population_or_of_the_front_that_the_child_may_see(tmp_path):
    axes = ("state", "work")
    objectives = {"front": list(axes), "front_parents": 0.5}
    rows, _ = run(tmp_path, objectives=objectives)
    points = points_of(rows, axes)
    num_from_front = 0
    for row in rows[20:]:
        index, parent = row.individual.index, row.individual.parent
        parents = window(index, 20, 6)
        if parent not in parents:
            assert parent in front_before(points, parents.stop)
            num_from_front += 1
    assert num_from_front > 10
    with RunStore.open_to_read(tmp_path) as records:
        front = read_front(records)
        assert {row.individual.index for row, _ in front} == front_before(points, len(rows))
        assert [cost for _, cost in front] == [cost_of(row) for row, _ in front]
        summary = summarize_run(records)["front"]
    assert [member["state"] for member in summary] == sorted(row["state"] for row in summary)
    assert len(summary) > 1 and summary[0]["fitness"] is not None


def test_members_of_a_front_went_through_all_rounds_of_a_race(tmp_path):
    objectives = {"front": ["work"]}
    racing = {"num_best": 1, "max_seeds": 4, "num_fresh": 1}
    rows, _ = run(tmp_path, objectives=objectives, racing=racing)
    with RunStore.open_to_read(tmp_path) as records:
        front = [row for row, _ in read_front(records)]
    members = [row for row in front if row.fingerprint != rows[0].fingerprint]
    assert len(members) > 1 and {row.outcome.number for row in members} == {4}
    assert {row.outcome.number for row in rows} >= {1, 2, 4}


def test_without_axes_the_best_is_never_lost(tmp_path):
    rows, _ = run(tmp_path, objectives={"front_parents": 0.5})
    num_outside = 0
    for row in rows[20:]:
        parents = window(row.individual.index, 20, 6)
        if row.individual.parent not in parents:
            best = max(rows[: parents.stop], key=lambda row: row.rank_or_neg_inf)
            assert row.individual.parent == best.individual.index
            num_outside += 1
    assert num_outside > 10


def test_tuned_children_differ_in_constants_from_the_best(tmp_path):
    rows, _ = run(tmp_path, mutation={"tune": 3.0}, space={"step": "outside"})
    tuned = [row for row in rows if row.individual.mutation == "tune"]
    assert 80 < len(tuned) < 160
    for row in tuned:
        count = window(row.individual.index, 20, 6).stop
        best = max(rows[:count], key=lambda row: row.rank_or_neg_inf)
        assert row.individual.parent == best.individual.index
        program, parent = row.individual.program, best.individual.program
        assert program.statements != parent.statements
        for new, old in zip(program.statements, parent.statements, strict=True):
            assert (new.target, new.op) == (old.target, old.op)
            for arg, before in zip(new.args, old.args, strict=True):
                assert arg == before or (isinstance(arg, Const) and isinstance(before, Const))
        assert program.statements[-4:] == parent.statements[-4:]


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"objectives": {"max_state": -1}}, "objectives.max_state: .*greater than or equal to 0"),
        ({"objectives": {"state": float("nan")}}, "objectives.state: .*finite number"),
        ({"objectives": {"length": -0.5}}, "objectives.length: .*greater than or equal to 0"),
        ({"objectives": {"front": ["memory"]}}, "objectives.front.0: .*'state', 'length' or"),
        ({"objectives": {"front": ["state", "state"]}}, "name each axis once"),
        ({"objectives": {"front_parents": 1.5}}, "front_parents: .*less than or equal to 1"),
        ({"objectives": {"max_states": 1}}, "did you mean .*max_state"),
        ({"mutation": {"tune": -1.0}}, "mutation.tune: .*greater than or equal to 0"),
        ({"mutation": {"insert": 0, "delete": 0, "modify": 0, "tune": 1}}, "must not all be 0"),
        (
            {"evolution": {"method": "random", "population_size": 5}, "mutation": {"tune": 1.0}},
            "method 'random' has no parents to choose",
        ),
    ],
)
def test_bad_objectives_are_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        config(**changes)


def test_without_objectives_nothing_is_measured_or_recorded(tmp_path):
    run(tmp_path)
    with RunStore.open_to_read(tmp_path) as records:
        assert not list(records.costs()) and summarize_run(records)["front"] == []
    assert not ObjectivesConfig().is_used


def test_file_without_a_cost_is_damaged(tmp_path):
    run(tmp_path, objectives={"front": ["state"]})
    with closing(sqlite3.connect(tmp_path / "run.sqlite")) as connection, connection:
        connection.execute("DELETE FROM costs WHERE state = 2")
    with RunStore.open_to_read(tmp_path) as records:
        with pytest.raises(RecordError, match="a cost is missing"):
            read_front(records)


def test_show_prints_the_front(tmp_path, invoke_cli):
    run(tmp_path, objectives={"front": ["state", "length"]})
    status, out, _ = invoke_cli("show", tmp_path)
    assert status == 0 and "programs that no other beats in rank and cost" in out
