"""Configurations of selections: defaults, and one line for a bad value."""

import pytest

from lionhunt.proxy_tasks import DigitsMLP
from lionhunt.search.config import read_config
from lionhunt.search.errors import ConfigError
from lionhunt.search.selection.config import BaselineConfig, SelectConfig

TEXT = """
[[stages]]
num_candidates = 5
[[stages.tasks]]
kind = "digits_mlp"
scale = 10.0
[[stages]]
num_candidates = 2
[[stages.tasks]]
kind = "digits_mlp"
scale = 100.0
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "some.toml"
    path.write_text(TEXT)
    return path


def test_values_of_the_file_and_defaults(file):
    config = read_config(file, SelectConfig, ["stages.1.num_final_seeds=9", "beats=mean"])
    assert [stage.tasks for stage in config.stages] == [
        (DigitsMLP(scale=10.0),),
        (DigitsMLP(scale=100.0),),
    ]
    assert config.stages[1].num_final_seeds == 9 and config.beats == "mean"
    assert config.meta_tasks == config.stages[0].tasks
    assert BaselineConfig(program="adamw", learning_rate=0.001) in config.baselines
    own = read_config(file, SelectConfig, ["meta_validation={tasks=[{kind='digits_mlp'}]}"])
    assert own.meta_tasks == (DigitsMLP(),)


@pytest.mark.parametrize(
    "setting, message",
    [
        ("foo=1", "foo: unknown key"),
        ("stages=[]", "stages: .*at least 1"),
        ("stages.0.tasks=[]", "stages.0.tasks: .*at least 1"),
        ("stages.0.tasks.0.kind=nope", "stages.0.tasks.0: unknown task 'nope'"),
        ("stages.0.tasks.0.scale=0.0", r"stages.0.tasks.0: scale \(0.0\) must be positive"),
        ("stages.0.num_final_seeds=1", "num_final_seeds: .*greater than or equal to 2, got 1"),
        (
            "stages.0.num_candidates=1",
            r"num_candidates of stage 2 \(2\) must be at most that of stage 1 \(1\)",
        ),
        ("stages.0.tuning={learning_rates=[0.5, 1.0]}", "must begin with 1.0, .* not with 0.5"),
        ("stages.0.tuning={learning_rates=[1.0, 2.0, 2.0]}", "has a number twice"),
        ("stages.0.tuning={learning_rates=[1.0, 0.0]}", "learning_rates.1: .*greater than"),
        ("beats=luck", "beats: .*'interval' or 'mean', got 'luck'"),
        ("baselines=[]", "baselines: .*at least 1"),
        (
            "baselines=[{program='lion'}, {program='lion', learning_rate=0.1}]",
            "baselines names a program twice: lion, lion",
        ),
        ("meta_validation={num_checkpoints=1}", "num_checkpoints: .*greater than or equal to 2"),
        ("evaluation={fitness='a:f'}", "evaluation.fitness is of a search; .* remove it"),
        ("evaluation={functional_cache=true}", "evaluation.functional_cache is of a search; .* re"),
        ("seed=-1", "seed: .*greater than or equal to 0"),
    ],
)
def test_bad_value_is_refused_in_one_line(file, setting, message):
    with pytest.raises(ConfigError, match=message) as error:
        read_config(file, SelectConfig, [setting])
    assert "\n" not in str(error.value)
