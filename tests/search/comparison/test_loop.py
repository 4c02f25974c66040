"""A comparison depends on its config alone: in any order, after any stop, each training once."""

import pytest

from lionhunt.search.comparison.loop import spread_sizes
from lionhunt.search.comparison.optimizers import find_optimizer
from lionhunt.search.comparison.protocol import Seeds
from lionhunt.search.comparison.result import Hyperparameters
from lionhunt.search.comparison.trainer import TrainingJob
from lionhunt.search.errors import RecordError
from lionhunt.search.evaluation.outcome import Measurement, Status
from tests.support.search.comparison_runs import (
    RAW,
    TASK,
    FormulaTrainers,
    compared,
    config,
    score,
    stop_after,
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return compared(tmp_path_factory.mktemp("whole"), FormulaTrainers())


def test_everyone_has_the_same_budget_and_fresh_seeds(whole):
    assert set(whole.tuning_seeds).isdisjoint(whole.final_seeds)
    assert len(whole.cells) == 6 and whole.reference == "adamw"
    for tuned in whole.cells.values():
        assert len({trial.point for trial in tuned.trials}) == 12
        assert len(tuned.finals) == 5 and len(tuned.sensitivity_grid) == 9
        assert all(len(trial.scores) in (0, 2) for trial in tuned.trials)


def test_the_best_point_has_the_best_mean_of_the_tuning_seeds(whole):
    for tuned in whole.cells.values():
        means = {t.point: sum(t.scores) / 2 for t in tuned.trials if t.scores}
        assert means[tuned.best] == max(means.values())


def test_the_sensitivity_grid_is_a_square_around_the_best_point(whole):
    tuned = whole.cells["lion", whole.tasks[0].name]
    rates = [
        trial.point.learning_rate / tuned.best.learning_rate for trial in tuned.sensitivity_grid
    ]
    decays = [
        trial.point.weight_decay / tuned.best.weight_decay for trial in tuned.sensitivity_grid
    ]
    assert rates == pytest.approx([0.5] * 3 + [1.0] * 3 + [2.0] * 3)
    assert decays == pytest.approx([0.5, 1.0, 2.0] * 3)


@pytest.mark.parametrize("order_seed", [1, 2])
def test_the_order_of_trainings_changes_nothing(whole, order_seed, tmp_path):
    assert compared(tmp_path, FormulaTrainers(order_seed)) == whole


@pytest.mark.parametrize("num_events", [1, 10, 25])
def test_a_comparison_that_was_stopped_goes_on_and_trains_nothing_twice(
    whole, num_events, tmp_path
):
    first, second, third = FormulaTrainers(), FormulaTrainers(7), FormulaTrainers()
    stop_after(num_events, tmp_path, first)
    assert compared(tmp_path, second) == whole
    # Trainings in flight are lost.
    lost = {job.name for job in first.queue}
    trained = [job.name for job in first.trained if job.name not in lost]
    trained += [job.name for job in second.trained]
    assert len(set(trained)) == len(trained)
    assert compared(tmp_path, third) == whole
    assert not third.trained


def test_equal_trainings_run_once(tmp_path):
    twice = [RAW["optimizers"][0] | {"name": name} for name in ("one", "other")]
    pool = FormulaTrainers()
    both = compared(tmp_path, pool, optimizers=twice)
    names = [job.name for job in pool.trained]
    assert len(set(names)) == len(names)
    for task in both.tasks:
        assert both.cells["one", task.name] == both.cells["other", task.name]


def test_an_optimizer_that_never_trains_has_no_best_point(tmp_path):
    def fail(job):
        return Measurement(Status.NOT_FINITE, curves=((float("inf"),),))

    result = compared(tmp_path, FormulaTrainers(scorer=fail), tasks=[TASK])
    for tuned in result.cells.values():
        assert tuned.best is None and not tuned.finals and len(tuned.trials) == 12


def test_a_failed_final_training_has_no_result(tmp_path):
    final = Seeds.of(config()).final[2]

    def fail(job):
        failed = Measurement(Status.CRASHED)
        return failed if job.seed == final and job.in_detail else score(job)

    result = compared(tmp_path, FormulaTrainers(scorer=fail), tasks=[TASK])
    for tuned in result.cells.values():
        assert [final is None for final in tuned.finals] == [False, False, True, False, False]


def test_a_resumed_comparison_retries_what_timed_out(tmp_path):
    """Retry outcomes that depend on the worker: the next one may differ."""

    def give_up(job):
        return Measurement(Status.TIMED_OUT) if job.seed == 1 else score(job)

    compared(tmp_path, FormulaTrainers(scorer=give_up))
    assert compared(tmp_path, FormulaTrainers()) == compared(tmp_path / "new", FormulaTrainers())


def test_a_loss_is_tuned_downwards(tmp_path):
    lower = compared(tmp_path, FormulaTrainers(), tasks=[TASK | {"metric": "loss"}])
    for tuned in lower.cells.values():
        means = {t.point: sum(t.scores) / 2 for t in tuned.trials if t.scores}
        assert tuned.best is not None and means[tuned.best] == min(means.values())


def test_another_machine_is_refused(tmp_path):
    stop_after(3, tmp_path, FormulaTrainers())
    elsewhere = FormulaTrainers()
    elsewhere.start = lambda reference: Measurement(Status.OK, (0.25,))
    with pytest.raises(RecordError, match="start a new one"):
        compared(tmp_path, elsewhere)


def test_jobs_of_one_size_are_spread():
    rules = [find_optimizer(w, w, Hyperparameters(1.0, 1.0), {}, {}) for w in ("lion", "ademamix")]
    recipes = [rule.at(Hyperparameters(1.0, 1.0), "x", 5).rule for rule in rules]
    jobs = [TrainingJob(f"{i}", recipes[i // 6], i % 6 // 3, 0, False) for i in range(12)]
    names = [int(job.name) for job in spread_sizes(jobs)]
    assert names == [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]


def test_shorter_trainings_pair_with_the_finals_and_leave_the_rest_as_it_was(whole, tmp_path):
    pool, again = FormulaTrainers(), FormulaTrainers(5)
    longer = compared(tmp_path / "a", pool, horizons=[0.4, 0.8])
    assert compared(tmp_path / "b", again, horizons=[0.8, 1.0, 0.4]) == longer
    for key, tuned in longer.cells.items():
        assert tuned._replace(shorter=()) == whole.cells[key]
        # 40 and 80 % of 5 steps.
        assert [each.num_steps for each in tuned.shorter] == [2, 4]
        assert all(len(each.scores) == 5 for each in tuned.shorter)
    assert len({score for t in longer.cells.values() for e in t.shorter for score in e.scores}) > 9
    # The tasks of the pool: 5 steps of both, then 2 and 4 steps of each.
    assert {job.task for job in pool.trained} == set(range(6))
    assert {job.seed for job in pool.trained if job.task > 1} == set(longer.final_seeds)
    assert not any(job.in_detail for job in pool.trained if job.task > 1)


def test_lengths_that_round_to_one_number_train_once(tmp_path):
    tuned = compared(tmp_path, FormulaTrainers(), horizons=[0.01, 0.02, 0.99]).cells.values()
    assert {tuple(each.num_steps for each in t.shorter) for t in tuned} == {(1,)}
