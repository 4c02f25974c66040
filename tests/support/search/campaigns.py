"""Small campaigns whose scores come from formulas: fast and deterministic."""

import random
from contextlib import contextmanager
from pathlib import Path

from lionhunt.search.activity import exhaust, ignore
from lionhunt.search.campaign import loop
from lionhunt.search.campaign.config import CampaignConfig
from lionhunt.search.campaign.loop import Campaign
from lionhunt.search.campaign.summary import summarize_campaign
from lionhunt.search.comparison import setup
from lionhunt.search.config import parse_config
from lionhunt.search.driver.families import summarize_class
from lionhunt.search.selection import loop as selection_loop
from lionhunt.search.simplification import open_measurer
from tests.support.search.comparison_runs import FormulaTrainers
from tests.support.search.planted_scores import PlantedPool, ok
from tests.support.search.runs import RAW as RUN
from tests.support.search.runs import key_of
from tests.support.search.selections import make_pool
from tests.support.search.studies import Pools

FOLDER = Path("campaign")
"""Folder of every campaign, in the working folder."""
TASK = {"kind": "digits_mlp", "num_steps": 5, "batch_size": 4, "width": 4}
RAW = {
    "run": RUN | {"num_programs": 60, "initial": "lion"},
    "num_repeats": 2,
    "select": {
        "stages": [
            {
                "num_candidates": 4,
                "tasks": [TASK | {"num_steps": 6}],
                "tuning": {"learning_rates": [1.0, 0.5], "num_variations": 1},
                "num_tuning_seeds": 2,
                "num_final_seeds": 3,
            }
        ],
        "meta_validation": {"num_checkpoints": 2, "num_seeds": 2},
    },
    "simplify": {"tasks": [TASK | {"num_steps": 7}], "num_seeds": [2, 3]},
    "compare": {
        "num_final_seeds": 5,
        "tuning": {"num_trials": 4, "num_seeds": 1},
        "tasks": [TASK | {"num_steps": 8}, TASK | {"num_steps": 9}],
        "optimizers": [
            {"program": "adamw", "learning_rate": 0.01, "weight_decay": 0.0},
            {"program": "lion", "learning_rate": 0.001, "weight_decay": 0.0},
        ],
    },
    "aim": {"min_seeds": 1, "max_state": 1},
}
BEHAVIOR = {
    "nearest": "behaves as signum (cosine 1.000)",
    "differences": ["weight decay of 0.1 (signum: 0)"],
    "optimizers": [{"names": ["signum", "tiger"], "fitted_cosine": 0.95}],
}
"""Behavior of every program."""


def config(**changes) -> CampaignConfig:
    return parse_config(RAW | changes, "test", CampaignConfig)


def score_change(bytecode, seed, task):
    """Return a score by program and seed; the optimizer that stands still has the worst."""
    if not bytecode.functions:
        return ok(0.2)
    quality = random.Random(key_of(bytecode)).random()
    return ok(0.6 + 0.3 * quality + 0.01 * random.Random(seed).random())


class Openings:
    """Pools of formulas in the place of real ones; it counts those opened after the searches."""

    def __init__(self, monkeypatch):
        self.searches = Pools()
        self.num_opened = 0
        monkeypatch.setattr(selection_loop, "open_pools", lambda *_: self._select)
        monkeypatch.setattr(open_measurer, "open_pool", self._simplify)
        monkeypatch.setattr(setup, "open_pool_of", self._compare)
        monkeypatch.setattr(loop, "summarize_class", _summarize_class)
        # Drawing takes seconds.
        monkeypatch.setattr(loop, "write_selection_report", lambda *_: None)

    @contextmanager
    def _select(self, *words):
        self.num_opened += 1
        with make_pool(self.num_opened)(*words) as pool:
            yield pool

    @contextmanager
    def _simplify(self, *_, **__):
        self.num_opened += 1
        yield PlantedPool(score_change, self.num_opened)

    @contextmanager
    def _compare(self, *_, **__):
        self.num_opened += 1
        yield FormulaTrainers(self.num_opened)


def _summarize_class(source, *_):
    return summarize_class(source, False) | {"behavior": BEHAVIOR}


def make(openings: Openings, on_activity=ignore, **changes):
    """Make or resume the campaign in the working folder to its end.

    Returns:
        Its result and its summary.
    """
    small = config(**changes)
    campaign = Campaign("small", small, FOLDER, 0, openings.searches.open)
    result = campaign.judge(exhaust(campaign.search(), None), on_activity)
    return result, summarize_campaign("small", small, result)


def without_time(summary):
    """Return a summary without its times."""
    if isinstance(summary, dict):
        timed = ("seconds", "evaluation_seconds", "training_seconds")
        return {key: without_time(each) for key, each in summary.items() if key not in timed}
    return list(map(without_time, summary)) if isinstance(summary, list) else summary
