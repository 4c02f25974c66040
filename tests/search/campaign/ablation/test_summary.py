"""The numbers of an ablation's tables, by hand."""

from statistics import fmean

import pytest

from lionhunt.search.campaign.ablation.report import conclusions, gains_table
from lionhunt.search.campaign.ablation.summary import compare_values, summarize_values
from lionhunt.search.driver.summary import summarize_run
from lionhunt.search.storage.run_store import RunStore
from tests.support.search.ablations import Openings, make

T_OF_FOUR = 2.7764451
"""Quantile of Student's distribution with 4 degrees of freedom, for 95 %."""


def ends(found):
    return [found["interval"][key] for key in ("mean", "low", "high")]


def test_intervals_are_over_the_seeds_that_have_a_value():
    # The standard deviation of 1 to 5 is the root of 2.5, and its standard error that of 0.5.
    half = T_OF_FOUR * 0.5**0.5
    expected = pytest.approx([3, 3 - half, 3 + half])
    assert ends(summarize_values([1.0, 2.0, 3.0, 4.0, 5.0])) == expected
    found = summarize_values([5.0, None, 4.0, 3.0, None, 2.0, 1.0])
    assert ends(found) == expected and found["num_missing"] == 2
    assert ends(summarize_values([2.0])) == [2.0, None, None]
    assert summarize_values([None]) == {"interval": None, "median": None, "num_missing": 1}
    assert summarize_values([3.0, None, 1.0, 9.0])["median"] == 3.0


@pytest.mark.parametrize(
    ("values", "first", "verdict", "num_missing"),
    [
        # Each value varies more than the pairs differ.
        ([1.1, 2.2, 3.1, 4.2, 5.1], [1, 2, 3, 4, 5], "better", 0),
        ([0.9, 1.8, 2.9, 3.8, 4.9], [1, 2, 3, 4, 5], "worse", 0),
        ([5, 4, 3, 2, 1.5], [1, 2, 3, 4, 5], "no difference seen", 0),
        # A failure is never better, and one of the first makes none worse.
        ([1.1, 2.2, 3.1, 4.2, None], [1, 2, 3, 4, 5], "no difference seen", 1),
        ([0.9, 1.8, 2.9, 3.8, None], [1, 2, 3, 4, 5], "worse", 1),
        ([0.9, 1.8, 2.9, 3.8, 4.9], [1, 2, 3, 4, None], "no difference seen", 1),
        ([1.1, 2.2, 3.1, 4.2, 5.1], [1, 2, 3, 4, None], "better", 1),
        # One pair shows no spread.
        ([9, None], [1, 2], "no difference seen", 1),
        ([None, 9], [1, None], "not compared", 2),
    ],
)
def test_differences_to_the_first_are_paired_by_seed(values, first, verdict, num_missing):
    found = compare_values(values, first)
    assert (found["verdict"], found["num_missing"]) == (verdict, num_missing)
    pairs = [(a, b) for a, b in zip(values, first, strict=True) if None not in (a, b)]
    assert found["num_pairs"] == len(pairs)
    assert found["num_better"] == sum(a > b for a, b in pairs)
    if pairs:
        assert found["interval"]["mean"] == pytest.approx(fmean(a - b for a, b in pairs))
    else:
        assert found["interval"] is None


def test_the_table_is_that_of_the_final_scores_and_the_records(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result, summary = make(Openings(monkeypatch))
    comparison = result.comparison
    assert comparison is not None

    def value(name, task):
        """Return the difference of mean accuracies, as a share of the reference's."""
        of_program, of_reference = (
            fmean(final.score for final in comparison.cells[each, task].finals if final)
            for each in (name, "adamw")
        )
        return (of_program - of_reference) / of_reference

    for variant, found in zip(summary["variants"], result.found, strict=True):
        values, gains = [], []
        for search, program in zip(variant["searches"], found, strict=True):
            values.append(value(program.name, "digits_mlp (num_steps 5)"))
            assert search["values"]["tasks of the search"] == pytest.approx(values[-1])
            unseen = value(program.name, "digits_mlp (num_steps 8)")
            assert search["values"]["digits_mlp (num_steps 8)"] == pytest.approx(unseen)
            with RunStore.open_to_read(program.run.folder) as records:
                whole = summarize_run(records)
            # There is one task, so that fitness is the gain on it.
            gains.append(whole["best"]["fitness"])
            assert search["gain_in_search"] == pytest.approx(gains[-1])
            assert search["optimism"] == pytest.approx(gains[-1] - values[-1])
        for key, expected in (("tasks of the search", values), ("gain_in_search", gains)):
            assert variant["gains"][key]["interval"]["mean"] == pytest.approx(fmean(expected))
    first, other = summary["variants"]
    differences = [
        b["values"]["tasks of the search"] - a["values"]["tasks of the search"]
        for a, b in zip(first["searches"], other["searches"], strict=True)
    ]
    beside = other["beside_first"]["tasks of the search"]["interval"]
    assert beside["mean"] == pytest.approx(fmean(differences))
    lion = gains_table(summary).rows[-1]
    shown = f"{100 * value('lion', 'digits_mlp (num_steps 5)'):+.2f} %"
    assert lion[:2] == ("lion (known)", shown)


def test_conclusions_state_the_data():
    def found(verdict, mean=0.02):
        interval = {"mean": mean, "low": mean - 0.01, "high": mean + 0.01}
        return {"interval": interval, "num_missing": 0, "verdict": verdict}

    def conclusion(**verdicts):
        variant = {"name": "without a", "beside_first": verdicts}
        return conclusions({"variants": [{"name": "all"}, variant]})

    assert conclusion(x=found("no difference seen"), y=found("no difference seen")) == [
        "without a, beside all: no difference seen"
    ]
    assert conclusion(
        x=found("better"), y=found("no difference seen"), z=found("worse", -0.02)
    ) == [
        "without a, beside all: better on x by +2.00 % [+1.00, +3.00]; worse on z by -2.00 % "
        "[-3.00, -1.00]; no difference seen elsewhere"
    ]
    assert conclusion(x=found("not compared")) == ["without a, beside all: not compared on x"]
