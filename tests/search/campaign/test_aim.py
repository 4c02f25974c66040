"""The aim of a campaign: which conditions a program meets."""

import pytest

from lionhunt import dsl
from lionhunt.search.campaign.aim import difference_text, judge
from lionhunt.search.campaign.config import AimConfig
from lionhunt.search.config import parse_config
from tests.support.search.campaigns import BEHAVIOR

LION = dsl.library.load("lion")
UNLIKE = {"likeness": "unlike", "optimizers": ["dog"], "behavior": BEHAVIOR}


def classes(likeness, *names, **behavior):
    return {"likeness": likeness, "optimizers": names, "behavior": BEHAVIOR | behavior}


def against(interval, num_failures=0):
    low, high = interval
    difference = {"mean": (low + high) / 2, "low": low, "high": high}
    return {"lion": {"relative_difference": difference, "num_failures": num_failures}}


def verdicts(program=LION, found=UNLIKE, compared=None, **aim):
    config = parse_config({"min_seeds": 1} | aim, "aim", AimConfig)
    conditions = judge(config, program, found, compared or against((0, 0)))
    return [condition.is_met for condition in conditions]


def test_without_conditions_every_program_reaches_the_aim():
    assert verdicts() == []


@pytest.mark.parametrize(
    ("program", "aim", "is_met"),
    [
        ("lion", {"max_state": 1}, True),
        ("adamw", {"max_state": 1}, False),
        ("signsgd", {"max_state": 0}, True),
        ("muon", {"functions": {"gram": 10}}, True),
        ("muon", {"functions": {"gram": 11}}, False),
        ("lion", {"functions": {"gram": 1}}, False),
        ("lion", {"properties": ["scale_free"]}, True),
        ("sgd", {"properties": ["scale_free"]}, False),
    ],
)
def test_form_and_properties(program, aim, is_met):
    assert verdicts(dsl.library.load(program), **aim) == [is_met]


@pytest.mark.parametrize(
    ("found", "families", "is_met"),
    [
        (classes("same", "lion"), ["lion"], True),
        # By form it is another one, and by behavior it is near.
        (classes("same", "adam"), ["signum"], True),
        (classes("same", "adam"), ["lion"], False),
        # Changes may be of any size, so behavior decides.
        (classes("changed", "lion"), ["lion"], False),
        (classes("unlike"), ["tiger"], True),
        (classes("unlike", optimizers=[]), ["tiger"], False),
        (classes("unlike", optimizers=[{"names": ["tiger"], "fitted_cosine": 0.8}]), ["tiger"], 0),
    ],
)
def test_families(found, families, is_met):
    assert verdicts(found=found, families=families) == [bool(is_met)]


def test_the_least_cosine_is_the_aims():
    assert verdicts(families=["signum"], min_cosine=0.96) == [False]
    assert verdicts(families=["signum"], min_cosine=0.95) == [True]


@pytest.mark.parametrize(
    ("interval", "num_failures", "is_better", "is_no_worse"),
    [
        ((0.001, 0.1), 0, True, True),
        ((0.001, 0.1), 1, False, False),
        ((-0.005, 0.1), 0, False, True),
        ((-0.02, 0.1), 0, False, False),
        ((-0.2, -0.1), 0, False, False),
    ],
)
def test_scores(interval, num_failures, is_better, is_no_worse):
    compared = against(interval, num_failures)
    found = verdicts(compared=compared, better_than=["lion"], no_worse_than=["lion"])
    assert found == [is_better, is_no_worse]


def test_a_program_that_was_not_compared_is_not_better():
    compared = {"lion": {"relative_difference": None, "num_failures": 5}}
    assert verdicts(compared=compared, better_than=["lion"]) == [False]


@pytest.mark.parametrize(
    ("ratios", "num_failures", "are_met"),
    [
        (((0.7, 0.6, 0.8), (0.5, 0.4, 0.9)), 0, [True, True]),
        (((0.8, 0.7, 0.9), (0.5, 0.2, 1.1)), 0, [False, False]),
        (((0.7, 0.6, 0.8), (0.7, None, None)), 0, [True, False]),
        (((0.7, 0.6, 0.8),), 1, [False]),
    ],
)
def test_steps_are_judged_on_every_task(ratios, num_failures, are_met):
    steps = [
        {
            "task": f"task {number}",
            "ratio": dict(zip(("mean", "low", "high"), ratio, strict=True)),
            "num_failures": num_failures,
        }
        for number, ratio in enumerate(ratios)
    ]
    compared = {"lion": {"steps": steps}}
    assert verdicts(compared=compared, faster_than={"lion": 1.3}) == are_met


def test_a_task_without_ratio_is_missed():
    steps = [{"task": "task", "ratio": None, "num_failures": 5}]
    assert verdicts(compared={"lion": {"steps": steps}}, faster_than={"lion": 1.3}) == [False]


def test_differences_are_in_per_cent():
    assert difference_text({"mean": 0.01, "low": -0.02, "high": 0.04}) == "+1.00 % [-2.00, +4.00]"
    assert difference_text({"mean": 0.01, "low": None, "high": None}) == "+1.00 %"
    assert difference_text(None) == "not compared"
