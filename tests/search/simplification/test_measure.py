"""Measurement of changes, with planted scores and with real training."""

import math
import re
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lionhunt import dsl
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.proxy_tasks import DigitsMLP
from lionhunt.search.activity import Activity
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.simplification.config import SimplifyConfig
from lionhunt.search.simplification.measure import (
    BaseFailed,
    ChangeVerdict,
    MeasuredTask,
    Measurer,
)
from lionhunt.search.simplification.open_measurer import LEARNING_RATES, open_measurer
from tests.support.search.planted_scores import (
    FAILED,
    PROGRAM,
    TASKS,
    PlantedPool,
    make_measurer,
    ok,
    planted,
)

BEFORE = dsl.parse("def f(w, g, lr): return sign(g)")
AFTER = dsl.parse("def f(w, g, lr): return tanh(g)")
OTHER = dsl.parse("def f(w, g, lr): return sin(g)")

TINY = DigitsMLP(num_steps=30, batch_size=16, width=8, depth=1, metric="loss")


def by_program(**scores):
    """Return a scorer with given scores of each program, seed by seed from 40 on.

    A program is identified by its only function.
    """

    def score(bytecode, seed, task):
        (function,) = bytecode.functions
        result = scores[function][seed - 40]
        return result if isinstance(result, Measurement) else ok(result)

    return score


def without(name: str):
    """Return the planted program without a function of one argument."""
    return dsl.parse(re.sub(rf"{name}\((\w+)\)", r"\1 * 1.0", str(PROGRAM)))


def submitted(measurer: Measurer):
    assert isinstance(measurer.pool, PlantedPool)
    return measurer.pool.submitted


losses = st.lists(st.floats(-0.1, 0.1), min_size=2, max_size=8)


@given(losses, st.floats(0.001, 0.05), st.booleans())
def test_verdict_follows_students_interval(shares, tolerance, higher_is_better):
    starts = [2.0 + i for i in range(len(shares))]
    sign = -1 if higher_is_better else 1
    ends = [start * (1 + sign * share) for start, share in zip(starts, shares, strict=True)]
    measurer = make_measurer(
        by_program(sign=starts, tanh=ends),
        tasks=[MeasuredTask("only", "score", higher_is_better)],
        tolerance=tolerance,
    )
    evidence = measurer.compare(BEFORE, AFTER, len(shares))
    (paired,) = evidence.tasks
    spread = statistics.stdev(shares) / math.sqrt(len(shares))
    half = stats.t.ppf(0.975, len(shares) - 1) * spread
    mean = sum(shares) / len(shares)
    assert paired.loss == pytest.approx((mean, mean - half, mean + half), abs=1e-9)
    assert paired.before == pytest.approx(sum(starts) / len(starts))
    assert paired.after == pytest.approx(sum(ends) / len(ends))
    if abs(mean + half - tolerance) > 1e-9 and abs(mean - half - tolerance) > 1e-9:
        is_harmless, is_harmful = mean + half < tolerance, mean - half > tolerance
        assert (evidence.verdict is ChangeVerdict.HARMLESS) == is_harmless
        assert (evidence.verdict is ChangeVerdict.HARMFUL) == is_harmful


@pytest.mark.parametrize(
    "end, verdict",
    [
        (1.0, ChangeVerdict.HARMLESS),
        (0.5, ChangeVerdict.HARMLESS),
        # A loss of exactly the tolerance counts as none.
        (1.25, ChangeVerdict.HARMLESS),
        (math.nextafter(1.25, 2), ChangeVerdict.HARMFUL),
    ],
)
def test_without_noise_the_tolerance_is_the_boundary(end, verdict):
    scorer = by_program(sign=[1.0] * 4, tanh=[end] * 4)
    measurer = make_measurer(scorer, tasks=TASKS[:1], tolerance=0.25)
    assert measurer.compare(BEFORE, AFTER, 4).verdict is verdict


@pytest.mark.parametrize("reason", [r for r in Status if r is not Status.OK])
def test_a_change_that_fails_with_one_seed_is_harmful(reason):
    ends = [1.0, Measurement(reason), 1.0]
    measurer = make_measurer(by_program(sign=[1.0] * 3, tanh=ends), tasks=TASKS[:1])
    (evidence,) = measurer.screen(BEFORE, [AFTER])
    assert evidence.verdict is ChangeVerdict.HARMFUL and evidence.worst_loss == math.inf
    (paired,) = evidence.tasks
    assert (paired.num_seeds, paired.num_failed, paired.before) == (3, 1, 1.0)
    assert paired.after is None and paired.loss is None


def test_failure_of_the_unchanged_program_with_a_later_seed_is_an_error():
    starts = [1.0] * 4 + [FAILED] + [1.0]
    ends = [1.0, 1.1, 0.9, 1.0, 1.0, 1.0]
    measurer = make_measurer(by_program(sign=starts, tanh=ends), tasks=TASKS[:1])
    (evidence,) = measurer.screen(BEFORE, [AFTER])
    assert evidence.verdict is ChangeVerdict.UNDECIDED
    with pytest.raises(BaseFailed, match="not train on cheap: 1 of 6 trainings .*; choose other"):
        measurer.confirm(BEFORE, AFTER)


def test_both_programs_train_with_the_same_seeds_on_every_task():
    measurer = make_measurer()
    measurer.compare(PROGRAM, without("tanh"), 5)
    jobs = submitted(measurer)
    assert {(job.seed, job.task) for job in jobs} == {(s, t) for s in range(40, 45) for t in (0, 1)}
    for program in (PROGRAM, without("tanh")):
        own = [job for job in jobs if same(job.bytecode, assemble(program))]
        assert len(own) == 10
    assert len(jobs) == 20 == measurer.num_trainings


def same(one, other):
    return all(
        (a == b).all() if hasattr(a, "all") else a == b for a, b in zip(one, other, strict=True)
    )


def test_nothing_is_trained_twice():
    measurer = make_measurer()
    shorter = [without("tanh"), without("sinh"), without("arctan")]
    first = measurer.screen(PROGRAM, shorter)
    assert measurer.num_trainings == 4 * 3 * 2
    assert measurer.screen(PROGRAM, shorter) == first
    assert measurer.num_trainings == 4 * 3 * 2
    # Six seeds decide on this change.
    measurer.confirm(PROGRAM, without("tanh"))
    assert measurer.num_trainings == 4 * 3 * 2 + 2 * 3 * 2
    measurer.compare(without("tanh"), PROGRAM, 6)
    assert measurer.num_trainings == len(submitted(measurer)) == 4 * 3 * 2 + 2 * 3 * 2
    names = [job.name for job in submitted(measurer)]
    assert len(set(names)) == len(names)


def test_a_program_written_otherwise_is_the_same():
    twin = dsl.parse(str(PROGRAM).replace("wd", "decay").replace("0.9", "0.8999999761581421"))
    measurer = make_measurer()
    evidence = measurer.confirm(PROGRAM, twin)
    assert evidence.verdict is ChangeVerdict.HARMLESS and evidence.worst_loss == 0.0
    assert measurer.num_trainings == 2 * 6
    assert [paired.loss for paired in evidence.tasks] == [(0.0, 0.0, 0.0)] * 2


def test_the_learning_rate_multiplies_what_trains():
    measurer = make_measurer(lambda bytecode, seed, task: ok(float(len(bytecode.scalar_registers))))
    measurer.compare(BEFORE, AFTER, 2)
    measurer.learning_rate = 0.1
    measurer.compare(BEFORE, AFTER, 2)
    assert measurer.num_trainings == 16
    scaled = dsl.parse("def f(w, g, lr): return sign(g) * 0.1")
    assert any(same(job.bytecode, assemble(scaled)) for job in submitted(measurer))


def test_change_that_is_harmful_on_one_task_is_not_tried_on_the_next():
    measurer = make_measurer()
    harmful = dsl.parse(str(PROGRAM).replace("update + wd", "update * wd"))
    looks = measurer.screen(PROGRAM, [harmful])
    assert [paired.task for paired in looks[0].tasks] == ["cheap"]
    # The unchanged program is not tried on the next task either.
    assert {job.task for job in submitted(measurer)} == {0}
    assert [paired.task for paired in measurer.compare(PROGRAM, harmful).tasks] == ["cheap", "dear"]


def test_nothing_to_look_at_trains_nothing():
    measurer = make_measurer()
    assert measurer.screen(PROGRAM, []) == [] and measurer.num_trainings == 0


def test_a_first_look_alone_makes_nothing_harmless():
    measurer = make_measurer()
    (look,) = measurer.screen(PROGRAM, [without("tanh")])
    assert look.verdict is ChangeVerdict.HARMLESS
    confirmed = measurer.confirm(PROGRAM, without("tanh"))
    assert confirmed.verdict is ChangeVerdict.HARMLESS
    assert [paired.num_seeds for paired in confirmed.tasks] == [6, 6]


def test_undecided_change_has_used_all_seeds():
    measurer = make_measurer()
    evidence = measurer.confirm(PROGRAM, without("cbrt"))
    assert evidence.verdict is ChangeVerdict.UNDECIDED
    assert [paired.num_seeds for paired in evidence.tasks] == [12, 12]


@pytest.mark.parametrize("order_seed", range(1, 4))
def test_the_order_of_answers_changes_nothing(order_seed):
    changed = [without(name) for name in ("tanh", "sinh", "arctan", "cbrt", "exp")]
    looks = [make_measurer(planted, seed).screen(PROGRAM, changed) for seed in (0, order_seed)]
    assert looks[0] == looks[1]


def test_progress_names_the_purpose_and_the_task_and_counts_the_trainings():
    activities = []
    measurer = make_measurer(on_activity=activities.append)
    measurer.compare(PROGRAM, without("tanh"), 2)
    assert str(activities[0]) == "cheap: 0 of 4 trainings"
    assert any(activity.text == "dear" for activity in activities)
    activities.clear()
    measurer.announce("a closer look")
    measurer.compare(PROGRAM, without("sinh"), 2)
    assert activities[0] == Activity("a closer look")
    assert activities[1] == Activity("a closer look, cheap", 0, 2, "trainings")


def tiny_config(**changes) -> SimplifyConfig:
    raw = {"tasks": (TINY,), "num_seeds": (2, 5), "workers": 0, "tolerance": 0.1}
    return SimplifyConfig(**raw | changes)


def test_a_program_whose_lr_is_the_learning_rate_gets_one():
    program = dsl.library.load("lion")
    with open_measurer(program, tiny_config(), 0) as measurer:
        assert measurer.learning_rate in LEARNING_RATES
        own = measurer.compare(program, program)
        assert own.verdict is ChangeVerdict.HARMLESS and own.worst_loss == 0.0
        turned = dsl.parse(str(program).replace("return update", "return -update"))
        assert measurer.compare(program, turned).verdict is ChangeVerdict.HARMFUL
    with open_measurer(program, tiny_config(learning_rate=0.01), 0) as measurer:
        assert measurer.learning_rate == 0.01


@pytest.mark.parametrize("learning_rate", [None, 0.5])
def test_a_program_that_does_not_learn_is_refused_in_one_line(learning_rate):
    """Refuse it with a given learning rate too, since every removal would be harmless."""
    config = tiny_config(learning_rate=learning_rate)
    rates = "0.5" if learning_rate else "1, 0.1, 0.01, 0.001, 0.0001"
    climbing = dsl.parse("def climb(w, g, lr): return g * -1.0")
    message = f"does not learn .* learning rate {rates}, so .*; choose others with --config, or"
    with pytest.raises(BaseFailed, match=message) as error:
        with open_measurer(climbing, config, 0):
            pass
    assert "\n" not in str(error.value)
