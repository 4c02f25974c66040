"""The configuration of a comparison: one line for each mistake."""

import pytest

from lionhunt.search.errors import ConfigError
from tests.support.search.comparison_runs import RAW, TASK, config


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_final_seeds": 4}, "num_final_seeds"),
        ({"reference": "sgd"}, "reference 'sgd' is none of"),
        ({"optimizers": [RAW["optimizers"][0]] * 2}, "two optimizers have one name"),
        ({"tasks": [TASK, TASK]}, "tasks has one twice"),
        ({"spread": {"num_seeds": 6}}, "must be at most num_final_seeds"),
        (
            {"optimizers": [RAW["optimizers"][0] | {"constants_by_kind": {"stdlib_lm": {}}}]},
            "no task is stdlib_lm",
        ),
    ],
)
def test_a_bad_config_is_refused_in_one_line(changes, message):
    with pytest.raises(ConfigError, match=message):
        config(**changes)
