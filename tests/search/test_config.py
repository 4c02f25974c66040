"""Messages about wrong configs: the setting or the file at fault, and the nearest right word."""

from typing import Any

import pytest

from lionhunt.search.comparison.config import CompareConfig
from lionhunt.search.config import parse_config
from lionhunt.search.driver.config import RunConfig
from lionhunt.search.errors import ConfigError, did_you_mean

RAW = {"num_programs": 500, "tasks": [{"kind": "digits_mlp"}]}
COMPARED = {
    "tasks": [{"kind": "digits_mlp"}],
    "optimizers": [
        {"program": name, "learning_rate": 0.1, "weight_decay": 0.1} for name in ("adamw", "lion")
    ],
}


def refusal(raw, settings=(), model: type[Any] = RunConfig) -> str:
    with pytest.raises(ConfigError) as refused:
        parse_config(raw, "file.toml", model, settings)
    return str(refused.value)


@pytest.mark.parametrize(
    "settings, at_fault",
    [
        ([], "file.toml"),
        (["seed=1"], "file.toml"),
        (["evolution.lag=-1"], "--set evolution.lag=-1"),
        (["seed=1", "evolution.lag=-1", "workers=1"], "--set evolution.lag=-1"),
        # Errors between keys belong to no key.
        (["evolution.population_size=501", "seed=2"], "--set evolution.population_size=501"),
        (["seed=2", "num_programs=3", "evolution.lag=2"], "--set num_programs=3"),
        (["mutation={insert=0, delete=0, modify=0}"], "--set mutation={insert=0, delete=0"),
        (["tasks.0.num_steps=0"], "--set tasks.0.num_steps=0"),
        (["tasks=[]"], "--set tasks=[]"),
    ],
)
def test_what_is_at_fault_is_named(settings, at_fault):
    raw = RAW | ({"seed": -1} if at_fault == "file.toml" else {})
    if settings and at_fault == "file.toml":
        raw |= {"sede": 1}
        raw.pop("seed")
    assert refusal(raw, settings).startswith(f"{at_fault}")


def test_setting_may_mend_a_file_and_the_raw_config_stays():
    raw = RAW | {"num_programs": 3}
    assert parse_config(raw, "file.toml", RunConfig, ["num_programs=2000"]).num_programs == 2000
    assert raw["num_programs"] == 3


@pytest.mark.parametrize(
    "raw, settings, meant",
    [
        (RAW | {"num_program": 3}, (), "num_programs"),
        (RAW, ["evolution.lagg=1"], "evolution.lag"),
        (RAW, ["population_size=100"], "evolution.population_size"),
        (RAW, ["num_steps=100"], "tasks.0.num_steps"),
        (
            RAW | {"tasks": [{"kind": "digits_mlp"}, {"kind": "digits_mlp"}]},
            ["tasks.1.num_step=9"],
            "tasks.1.num_steps",
        ),
        (RAW, ["tasks.0.kind=digit_mlp"], "digits_mlp"),
        (RAW, ["evolution.method=randm"], "random"),
        (RAW, ["mutation.functions=['sine']"], "sin"),
    ],
)
def test_near_key_or_value_is_suggested(raw, settings, meant):
    assert f"; did you mean '{meant}'?" in refusal(raw, settings)


@pytest.mark.parametrize(
    "setting, meant",
    [
        ("reference=lio", "lion"),
        ("optimizers.0.constants_by_kind={digit_mlp={}}", "digits_mlp"),
        ("optimizers.1.learning_rat=1", "optimizers.1.learning_rate"),
    ],
)
def test_near_word_of_a_comparison_is_suggested(setting, meant):
    assert f"; did you mean '{meant}'?" in refusal(COMPARED, [setting], CompareConfig)


@pytest.mark.parametrize("word", ["", "zzz", "x" * 10_000])
def test_nothing_is_suggested_for_a_word_that_is_far(word):
    assert did_you_mean(word, ["seed", "x" * 9_999]) == ""
