"""The configuration of simplification: defaults, and errors of bad values."""

import pytest

from lionhunt.proxy_tasks import DigitsMLP
from lionhunt.search.config import parse_config, read_config
from lionhunt.search.errors import ConfigError
from lionhunt.search.simplification.config import TASKS, SimplifyConfig


def test_without_a_file_everything_has_a_default():
    config = parse_config({}, "nothing", SimplifyConfig)
    assert config == SimplifyConfig() and config.tasks == TASKS
    assert config.learning_rate is None
    for options in TASKS:
        task = options.build()
        # A loss is more sensitive than an accuracy.
        assert task.num_steps == 20_000 and not task.higher_is_better


def test_values_of_the_file(tmp_path):
    path = tmp_path / "some.toml"
    path.write_text(
        "num_seeds = [2, 5]\nlearning_rate = 0.5\n[[tasks]]\nkind = 'digits_mlp'\nwidth = 4\n"
    )
    config = read_config(path, SimplifyConfig, ["tolerance=0.1", "workers=0"])
    assert config.tasks == (DigitsMLP(width=4),)
    assert (config.num_seeds, config.learning_rate, config.tolerance) == ((2, 5), 0.5, 0.1)


@pytest.mark.parametrize(
    "raw, message",
    [
        ({"foo": 1}, "foo: unknown key"),
        ({"tasks": []}, "tasks: .*at least 1"),
        ({"tolerance": 0.0}, "tolerance: .*greater than 0, got 0.0"),
        ({"tolerance": 1.0}, "tolerance: .*less than 1, got 1.0"),
        ({"num_seeds": [4]}, "num_seeds: .*at least 2"),
        ({"num_seeds": [1, 4]}, r"num_seeds \[1, 4\] must grow, from 2 or more"),
        ({"num_seeds": [4, 4]}, r"num_seeds \[4, 4\] must grow"),
        ({"num_seeds": [8, 4]}, r"num_seeds \[8, 4\] must grow"),
        ({"first_seed": -1}, "first_seed: .*greater than or equal to 0"),
        ({"learning_rate": 0.0}, "learning_rate: .*greater than or equal to 0.000001"),
        ({"rewrite_seconds": 0.0}, "rewrite_seconds: .*greater than 0"),
        ({"workers": -1}, "workers: .*greater than or equal to 0"),
    ],
)
def test_bad_value_is_refused_in_one_line(raw, message):
    with pytest.raises(ConfigError, match=message) as error:
        parse_config(raw, "test", SimplifyConfig)
    assert "\n" not in str(error.value)
