"""Small ablations whose scores come from formulas: fast and deterministic."""

from contextlib import contextmanager
from pathlib import Path

from lionhunt.search.activity import exhaust, ignore
from lionhunt.search.campaign.ablation.config import AblationConfig
from lionhunt.search.campaign.ablation.loop import AblationLoop
from lionhunt.search.campaign.ablation.summary import summarize_ablation
from lionhunt.search.comparison import setup
from lionhunt.search.config import parse_config
from tests.support.search.comparison_runs import FormulaTrainers
from tests.support.search.runs import RAW as RUN
from tests.support.search.studies import Pools

FOLDER = Path("ablation")
"""Folder of every ablation, in the working folder."""
TASK = {"kind": "digits_mlp", "num_steps": 5, "batch_size": 4, "width": 4}
RAW = {
    "run": RUN
    | {"num_programs": 100, "max_trainings": 12.0}
    | {"racing": {"num_best": 2, "max_seeds": 4, "num_fresh": 2}},
    "num_repeats": 2,
    "variants": [
        {"name": "all remedies"},
        {"name": "without races", "settings": {"racing.num_best": 0}},
    ],
    "compare": {
        "num_final_seeds": 5,
        "tuning": {"num_trials": 2, "num_seeds": 1},
        "tasks": [TASK | {"num_steps": 8}],
        "optimizers": [
            {"program": "adamw", "learning_rate": 0.01, "weight_decay": 0.0},
            {"program": "lion", "learning_rate": 0.001, "weight_decay": 0.0},
        ],
    },
}


def config(**changes) -> AblationConfig:
    return parse_config(RAW | changes, "test", AblationConfig)


class Openings:
    """Pools of formulas in the place of real ones; it counts those that were opened."""

    def __init__(self, monkeypatch):
        self.searches = Pools()
        self.num_comparisons = 0
        monkeypatch.setattr(setup, "open_pool_of", self._compare)

    @property
    def num_opened(self) -> int:
        return len(self.searches.opened) + self.num_comparisons

    def open_searches(self, *_):
        return self.searches.open

    @contextmanager
    def _compare(self, *_, **__):
        self.num_comparisons += 1
        yield FormulaTrainers(self.num_comparisons)


def make(openings: Openings, on_event=None, on_activity=ignore, **changes):
    """Make or resume the ablation in the working folder to its end.

    Returns:
        Its result and its summary.
    """
    small = config(**changes)
    ablation = AblationLoop("small", small, FOLDER, 0, openings.open_searches)
    result = ablation.judge(exhaust(ablation.search(), on_event), on_activity)
    return result, summarize_ablation("small", small, result)
