"""The configuration of a comparison: one line for each mistake."""

import pytest

from lionhunt.dsl.text.parser import parse
from lionhunt.search.comparison.result import Hyperparameters
from lionhunt.search.errors import ConfigError
from tests.support.search.comparison_runs import RAW, TASK, config

TEXT = """
def train(w, g, m, lr):
  \"""Momentum.

  decay = 0.5: of the momentum
  \"""
  m = interp(g, m, 0.5)
  return m * lr, m
"""


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_final_seeds": 4}, "num_final_seeds"),
        ({"reference": "sgd"}, "reference 'sgd' is none of"),
        ({"optimizers": [RAW["optimizers"][0]] * 2}, "two optimizers have one name"),
        ({"tasks": [TASK, TASK]}, "tasks has one twice"),
        ({"tasks": [TASK | {"horizons": [5, 9]}]}, "give its tasks num_steps, not horizons"),
        ({"tasks": [TASK | {"target_loss": 0.5}]}, "give its tasks no target_loss"),
        ({"horizons": [0.5, 1.5]}, "horizons.1: .*less than or equal to 1"),
        ({"spread": {"num_seeds": 6}}, "must be at most num_final_seeds"),
        ({"optimizers": [RAW["optimizers"][0] | {"program": TEXT}]}, "needs a name; add name ="),
        (
            {"optimizers": [RAW["optimizers"][0] | {"constants_by_kind": {"stdlib_lm": {}}}]},
            "no task is stdlib_lm",
        ),
    ],
)
def test_a_bad_config_is_refused_in_one_line(changes, message):
    with pytest.raises(ConfigError, match=message):
        config(**changes)


def test_a_program_may_be_given_as_text():
    start = {"learning_rate": 0.1, "weight_decay": 0}
    raw = {"program": TEXT, "name": "own", "constants": {"decay": 0.75}, **start}
    optimizer = config(optimizers=[raw], reference="own").optimizers[0].find()
    program = optimizer.program_at(Hyperparameters(0.25, 0.0), "digits_mlp", 10)
    assert program == parse(
        "def train(w, g, m, lr):\n  lr = lr * 0.25\n  m = interp(g, m, 0.75)\n"
        "  t1 = m * lr\n  return t1, m"
    )
    bad = config(optimizers=[raw | {"program": "def\n"}]).optimizers[0]
    with pytest.raises(ConfigError, match="optimizers: line 1, column 4: expected a name"):
        bad.find()
