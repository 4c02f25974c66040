"""The summary of a comparison: verdicts only where they hold, and all of it as JSON."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lionhunt.search.comparison.result import Comparison
from lionhunt.search.comparison.steps import summarize_steps
from lionhunt.search.comparison.summary import summarize_comparison
from lionhunt.search.statistics import interval, paired_difference, probability_of_improvement
from tests.support.search.comparisons import ACCURACY, LOSS, comparison, trial

SEEDS = range(6)
REFERENCE = {
    "images": [0.80 + 0.02 * seed for seed in SEEDS],
    "text": [2.0 + 0.1 * seed for seed in SEEDS],
}


def changed(by: float, jitter: float = 0.001) -> dict[str, list[float]]:
    """Return the reference's scores, larger by a share of each."""
    return {
        task: [score * (1 + by) + jitter * (-1) ** seed for seed, score in enumerate(scores)]
        for task, scores in REFERENCE.items()
    }


def summarized(**others):
    return summarize_comparison(comparison({"adamw": REFERENCE, **others}))


def cell_of(summary, optimizer, task):
    (cell,) = (c for c in summary["cells"] if (c["optimizer"], c["task"]) == (optimizer, task))
    return cell


def verdicts(summary, optimizer):
    return [cell_of(summary, optimizer, task)["verdict"] for task in REFERENCE]


def overall(summary, optimizer):
    (entry,) = (entry for entry in summary["overall"] if entry["optimizer"] == optimizer)
    return entry


def test_verdicts_follow_the_direction_of_the_metric():
    summary = summarized(more=changed(0.1), less=changed(-0.1), same=changed(0.0, 0.1))
    assert verdicts(summary, "more") == ["better", "worse"]
    assert verdicts(summary, "less") == ["worse", "better"]
    assert verdicts(summary, "same") == ["no difference seen"] * 2
    assert verdicts(summary, "adamw") == [None, None]
    keys = ("wins", "losses", "ties", "not_compared")
    assert [overall(summary, "more")[key] for key in keys] == [1, 1, 0, 0]
    assert [overall(summary, "same")[key] for key in keys] == [0, 0, 2, 0]
    assert (summary["num_comparisons"], summary["num_seen"]) == (6, 4)
    assert summary["num_expected_by_chance"] == pytest.approx(0.3)


def test_numbers_are_those_of_the_statistics():
    summary = summarized(lion=changed(-0.05))
    cell = cell_of(summary, "lion", "text")
    scores, reference_scores = changed(-0.05)["text"], REFERENCE["text"]
    difference = paired_difference(scores, reference_scores, False)
    share = [end / np.mean(reference_scores) for end in difference]
    assert cell["difference"] == pytest.approx(difference._asdict())
    assert list(cell["relative_difference"].values()) == pytest.approx(share)
    assert cell["relative_difference"]["mean"] == pytest.approx(0.05)
    probability = probability_of_improvement(scores, reference_scores, False)
    assert cell["probability_of_improvement"] == probability._asdict()
    assert cell["score"] == interval(scores)._asdict()
    assert cell["training_loss"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert cell["best"] == {"learning_rate": 0.1, "weight_decay": 1.0}
    assert [final["score"] for final in cell["finals"]] == scores
    assert [final["seed"] for final in cell["finals"]] == summary["final_seeds"]


def test_mean_over_tasks_is_of_shares_by_seed():
    scores = {"images": changed(0.1)["images"], "text": changed(0.05)["text"]}
    summary = summarized(lion=scores)
    lion, adamw = (np.array(list(by_task.values())) for by_task in (scores, REFERENCE))
    images, text = (lion - adamw) / adamw.mean(axis=1, keepdims=True)
    shares = (images - text) / 2
    entry = overall(summary, "lion")
    assert entry["relative_difference"] == pytest.approx(interval(shares)._asdict())
    assert (entry["num_tasks"], entry["num_seeds"]) == (2, 6)


def test_an_optimizer_with_a_failed_seed_is_never_better():
    scores = changed(0.1)
    lucky = {**scores, "images": [*scores["images"][:2], None, *scores["images"][3:]]}
    summary = summarized(lucky=lucky)
    cell = cell_of(summary, "lucky", "images")
    assert cell["difference"]["low"] > 0 and cell["verdict"] == "no difference seen"
    assert cell["num_failures"] == 1 and cell["finals"][2]["score"] is None
    assert verdicts(summary, "lucky")[1] == "worse"
    entry = overall(summary, "lucky")
    assert (entry["num_failures"], entry["num_seeds"]) == (1, 5)


def test_no_one_is_worse_than_a_reference_that_fails():
    failing = {**REFERENCE, "images": [None, *REFERENCE["images"][1:]]}
    summary = summarize_comparison(comparison({"adamw": failing, "lion": changed(-0.1)}))
    assert verdicts(summary, "lion") == ["no difference seen", "better"]
    assert cell_of(summary, "lion", "images")["difference"]["high"] < 0


@pytest.mark.parametrize("scores", [[], [None] * 6])
def test_an_optimizer_that_never_trains_is_not_compared(scores):
    summary = summarized(sgd={**changed(0.1), "images": scores})
    cell = cell_of(summary, "sgd", "images")
    assert cell["verdict"] == "not compared" and cell["num_failures"] == 6
    assert cell["score"] is cell["difference"] is cell["probability_of_improvement"] is None
    assert len(cell["finals"]) == 6
    assert (cell["best"] is None) == (not scores)
    entry = overall(summary, "sgd")
    assert (entry["not_compared"], entry["losses"], entry["num_tasks"]) == (1, 1, 1)
    assert summary["num_comparisons"] == 1


def test_a_reference_that_never_trains_decides_nothing():
    small = comparison({"adamw": {"images": [], "text": []}, "lion": REFERENCE})
    summary = summarize_comparison(small)
    assert verdicts(summary, "lion") == ["not compared"] * 2
    assert overall(summary, "lion")["relative_difference"] is None
    assert summary["num_comparisons"] == summary["num_expected_by_chance"] == 0


def test_all_trials_are_in_the_summary():
    small = comparison({"adamw": REFERENCE})
    key = ("adamw", "images")
    trials = (trial(0.1, 1.0, 0.5, 0.25), trial(1.0, 1.0))
    tuned = small.cells[key]._replace(
        trials=trials, sensitivity_grid=trials[:1], at_edge=("weight_decay",)
    )
    small = dataclasses.replace(small, cells={**small.cells, key: tuned})
    summary = summarize_comparison(small)
    cell = cell_of(summary, "adamw", "images")
    assert cell["trials"] == [
        {"learning_rate": 0.1, "weight_decay": 1.0, "scores": [0.5, 0.25], "reason": "ok"},
        {"learning_rate": 1.0, "weight_decay": 1.0, "scores": [], "reason": "not_finite"},
    ]
    assert cell["spread"] == cell["trials"][:1]
    assert (cell["num_trials"], cell["num_failed_trials"]) == (2, 1)
    assert cell["at_edge"] == ["weight_decay"] and summary["num_trials"] == 2
    assert summary["overall"] == []


score = st.none() | st.floats(-10, 10) | st.sampled_from([0.0, 1.0])
runs = st.fixed_dictionaries(
    {task: st.just([]) | st.lists(score, min_size=3, max_size=3) for task in ("images", "text")}
)


@st.composite
def comparisons(draw) -> Comparison:
    names = ("adamw", "lion", "sgd")
    small = comparison({name: draw(runs) for name in names}, [ACCURACY, LOSS])
    return dataclasses.replace(small, final_seeds=(7, 8, 9))


@settings(max_examples=30)
@given(comparisons())
def test_any_comparison_is_json_and_adds_up(small):
    summary = summarize_comparison(small)
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    for entry in summary["overall"]:
        counts = [entry[key] for key in ("wins", "losses", "ties", "not_compared")]
        assert sum(counts) == 2
        for task in small.tasks:
            cell = cell_of(summary, entry["optimizer"], task.name)
            if cell["verdict"] == "better":
                assert cell["difference"]["low"] > 0 and not cell["num_failures"]


@settings(max_examples=30)
@given(comparisons())
def test_swapping_the_reference_turns_verdicts_round(small):
    turned = dataclasses.replace(small, reference="lion")
    opposite = {"better": "worse", "worse": "better"}
    for one, other in zip(
        verdicts(summarize_comparison(small), "lion"),
        verdicts(summarize_comparison(turned), "adamw"),
        strict=True,
    ):
        assert other == opposite.get(one, one)


@settings(max_examples=30)
@given(comparisons())
def test_swapping_the_reference_turns_the_ratios_of_steps_round(small):
    turned = dataclasses.replace(small, reference="lion")
    (one, _), (other, _) = (summarize_steps(each)["by_curve"] for each in (small, turned))
    assert (one["optimizer"], other["optimizer"]) == ("lion", "adamw")
    for there, back in zip([one, *one["tasks"]], [other, *other["tasks"]], strict=True):
        assert (there["ratio"] is None) == (back["ratio"] is None)
        if there["ratio"] is not None:
            assert there["ratio"]["mean"] * back["ratio"]["mean"] == pytest.approx(1.0)
