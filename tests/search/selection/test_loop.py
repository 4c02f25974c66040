"""The loop of a selection: one result whatever the order of results and however often stopped."""

import itertools
from collections import Counter

import pytest

from lionhunt import dsl
from lionhunt.search.errors import ConfigError, RecordError
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.selection.loop import SelectionLoop
from lionhunt.search.selection.promotion import best_trial
from lionhunt.search.selection.setup import summarize_selection_setup
from lionhunt.search.selection.stage import UNTUNED
from lionhunt.search.selection.store import SelectionStore
from tests.support.search.runs import INITIAL, FormulaPool, advance, create, key_of
from tests.support.search.selections import (
    begin,
    config,
    finish,
    make_pool,
    plant_run,
    score,
    selected,
)


@pytest.fixture(scope="module")
def undisturbed(finished_run_dir, tmp_path_factory):
    """Return the result and digest of an undisturbed selection."""
    return selected(tmp_path_factory.mktemp("selection") / "s", [finished_run_dir], beats="mean")


@pytest.mark.parametrize("order_seed", range(1, 5))
def test_order_of_results_does_not_matter(order_seed, finished_run_dir, undisturbed, tmp_path):
    pools = make_pool(order_seed)
    assert selected(tmp_path / "s", [finished_run_dir], pools, beats="mean") == undisturbed


def stop_after(folder, num_events, pools):
    """Resume a selection for a number of events."""
    with SelectionStore.open_to_write(folder) as records:
        for _ in itertools.islice(SelectionLoop(records, pools).run(), num_events):
            pass


@pytest.mark.parametrize("stops", [[0], [1, 1, 1], [5, 30, 60], [3] * 30])
def test_stopped_and_resumed_equals_undisturbed(stops, finished_run_dir, undisturbed, tmp_path):
    with begin(tmp_path, [finished_run_dir], beats="mean"):
        pass
    for order_seed, num_events in enumerate(stops):
        stop_after(tmp_path, num_events, make_pool(order_seed))
    with SelectionStore.open_to_write(tmp_path) as records:
        assert (finish(records, make_pool(99)), records.digest()) == undisturbed


def test_nothing_is_measured_twice_and_a_finished_selection_measures_nothing(
    finished_run_dir, tmp_path
):
    submitted = Counter()

    def counting(bytecode, seed):
        submitted[key_of(bytecode), seed] += 1
        return score(bytecode, seed)

    opened = []
    with begin(tmp_path, [finished_run_dir], beats="mean") as records:
        result = finish(records, make_pool(scorer=counting, opened=opened))
    assert set(submitted.values()) == {1}
    # Two stages and meta-validation.
    assert len(opened) == 3
    again = []
    with SelectionStore.open_to_write(tmp_path) as records:
        assert finish(records, make_pool(opened=again)) == result
    assert again == []


def test_everyone_has_the_same_budget_and_parts_share_no_seed(finished_run_dir, undisturbed):
    result, _ = undisturbed
    first, second = result.stages
    # 2 baselines and 4 candidates; 2 rates, 4 more, and 2 variations.
    assert [len(entry.trials) for entry in first.entries] == [8] * 6
    assert [len(entry.trials) for entry in second.entries] == [6] * len(second.entries)
    info = summarize_selection_setup(config(), [finished_run_dir])
    seeds = [s for part in info["parts"] for s in part["tuning_seeds"] + part["final_seeds"]]
    assert len(seeds) == len(set(seeds)) == 2 + 3 + 1 + 2 + 3
    assert info["runs"][0]["seed"] not in seeds
    for entry in first.entries:
        assert entry.trials[0].tuning == entry.optimizer.start
        assert entry.best == best_trial(entry.trials)


def test_every_trial_and_verdict_is_recorded(finished_run_dir, tmp_path):
    with begin(tmp_path, [finished_run_dir], beats="mean") as records:
        result = finish(records, make_pool())
        connection = records._connection
        trials = connection.execute("SELECT part, contender, trial, fitness, reason FROM trials")
        recorded = {row[:3]: row[3:] for row in trials}
        verdicts = connection.execute("SELECT part, contender, advantage, goes_on FROM verdicts")
        decided = {row[:2]: row[2:] for row in verdicts}
    for stage in result.stages:
        for entry in stage.entries:
            name = entry.optimizer.name
            for number, trial in enumerate(entry.trials):
                shown = (trial.scores.mean, trial.scores.status.value)
                assert recorded.pop((stage.part, name, number)) == shown
            advantage = entry.verdict.advantage and entry.verdict.advantage.mean
            assert decided.pop((stage.part, name)) == (advantage, entry.is_promoted)
    assert not recorded and not decided


def planted(truth):
    """Return a scorer of AdamW's relatives by their functions; seeds only add common luck."""

    def scorer(bytecode, seed):
        quality = next((q for name, q in truth.items() if name in bytecode.functions), 0.0)
        # Tuning changes next to nothing.
        factor = 1.0 if key_of(bytecode) == INITIAL else 0.999
        return Measurement(Status.OK, (factor + quality + 0.01 * (seed % 5),))

    return scorer


def relative(function):
    """Return AdamW with its update passed through a function."""
    text = str(dsl.library.load("adamw_initial"))
    return dsl.parse(text.replace("  lr = lr", f"  update = {function}(update)\n  lr = lr"))


@pytest.mark.parametrize("beats", ["interval", "mean"])
def test_winner_of_the_search_tasks_alone_is_rejected_and_the_better_one_passes(tmp_path, beats):
    """Promote the less fit program: the fitter one is worse elsewhere, the third diverges."""
    names = ["sinh", "arctan", "cosh"]
    programs = [(relative(name), 0.9 - 0.1 * i) for i, name in enumerate(names)]
    run = plant_run(tmp_path / "run", programs)
    scorer = planted({"sinh": -0.05, "arctan": 0.05})

    def diverging(bytecode, seed):
        if "cosh" in bytecode.functions:
            return Measurement(Status.NOT_FINITE)
        return scorer(bytecode, seed)

    baselines = [{"program": "adamw_initial"}]
    pools = make_pool(scorer=diverging)
    result, _ = selected(tmp_path / "s", [run], pools, beats=beats, baselines=baselines)
    first, second = result.stages
    shown = {
        entry.optimizer.name.rpartition(":")[2]: (entry.is_promoted, entry.final.status)
        for entry in first.entries
        if not entry.optimizer.is_baseline
    }
    assert shown == {
        # AdamW itself.
        "0": (False, Status.OK),
        "7": (False, Status.OK),
        "8": (True, Status.OK),
        "9": (False, Status.NOT_FINITE),
    }
    assert [entry.is_promoted for entry in second.entries] == [False, True]
    assert first.threshold == "adamw_initial"


def test_untuned_initial_program_is_the_threshold_where_tuning_made_it_worse(tmp_path):
    run = plant_run(tmp_path / "run", [(relative("arctan"), 0.1)])

    def scorer(bytecode, seed):
        if key_of(bytecode) == INITIAL:
            return Measurement(Status.OK, (1.0 if seed >= 9 else 0.9,))
        return Measurement(Status.OK, (0.95,))

    baselines = [{"program": "adamw_initial"}]
    pools = make_pool(scorer=scorer)
    result, _ = selected(tmp_path / "s", [run], pools, baselines=baselines)
    assert [stage.threshold for stage in result.stages] == [UNTUNED]
    assert not any(entry.is_promoted for entry in result.stages[0].entries)


def test_second_stage_begins_where_the_first_has_tuned(undisturbed):
    first, second = undisturbed[0].stages
    best = {entry.optimizer.name: entry.best for entry in first.entries}
    assert any(not entry.optimizer.is_baseline for entry in second.entries)
    for entry in second.entries:
        tuned = best[entry.optimizer.name]
        if tuned is not None:
            assert entry.optimizer.start == tuned.tuning


def test_meta_validation_scores_every_checkpoint_as_it_is(finished_run_dir, undisturbed):
    (curve,) = undisturbed[0].curves
    assert [point.progress for point in curve.points] == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert curve.path == str(finished_run_dir)
    # The first is the initial program.
    assert curve.points[0].by_seed == (0.0, 0.0, 0.0)
    for point in curve.points:
        assert len(point.by_seed) == (3 if point.status is Status.OK else 0)


def test_initial_program_that_does_not_train_is_told_and_leaves_nothing(finished_run_dir, tmp_path):
    def scorer(bytecode, seed):
        if key_of(bytecode) == INITIAL:
            return Measurement(Status.NOT_FINITE)
        return score(bytecode, seed)

    words = r"does not train on the tasks of stage 1 with seed 7 \(not_finite\); choose others"
    with pytest.raises(ConfigError, match=words):
        selected(tmp_path / "s", [finished_run_dir], make_pool(scorer=scorer))
    assert not (tmp_path / "s").exists()


def test_bug_in_an_evaluation_stops_the_selection_and_loses_nothing(
    finished_run_dir, undisturbed, tmp_path
):
    scored = []

    def buggy(bytecode, seed):
        scored.append(bytecode)
        if len(scored) > 20:
            raise ZeroDivisionError("a bug")
        return score(bytecode, seed)

    with pytest.raises(ZeroDivisionError):
        selected(tmp_path / "s", [finished_run_dir], make_pool(scorer=buggy), beats="mean")
    with SelectionStore.open_to_write(tmp_path / "s") as records:
        assert 10 < len(records.measurements("stage 1")) <= 20
        assert (finish(records, make_pool()), records.digest()) == undisturbed


def test_machine_that_scores_differently_is_refused(finished_run_dir, tmp_path):
    def elsewhere(bytecode, seed):
        found = score(bytecode, seed)
        return Measurement(found.status, tuple(s + 1e-7 for s in found.scores), found.curves)

    with begin(tmp_path, [finished_run_dir]):
        pass
    stop_after(tmp_path, 9, make_pool())
    with SelectionStore.open_to_write(tmp_path) as records:
        with pytest.raises(RecordError, match="here the initial program scores .* selection was"):
            finish(records, make_pool(scorer=elsewhere))


def test_several_runs_each_have_a_curve(finished_run_dir, tmp_path):
    with create(tmp_path / "other", seed=2) as records:
        advance(records, FormulaPool())
    result, _ = selected(tmp_path / "s", [finished_run_dir, tmp_path / "other"])
    assert [curve.path for curve in result.curves] == [
        str(finished_run_dir),
        str(tmp_path / "other"),
    ]
