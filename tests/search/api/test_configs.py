"""Configurations given as a path, a name, a mapping or a model."""

import pytest

from lionhunt.search.api.configs import bundled_configs, find_config, resolve_config, to_texts
from lionhunt.search.driver.config import RunConfig
from lionhunt.search.errors import ConfigError

TASK = {"kind": "digits_mlp", "num_steps": 5, "batch_size": 4, "width": 4}
MAPPING = {"num_programs": 1000, "tasks": [TASK]}


def test_bundled_configs_are_those_of_the_folder():
    assert {
        "quickstart",
        "compare_found",
        "compare_quick",
        "select_quickstart",
        "claims",
    } <= bundled_configs().keys()
    assert all(path.is_file() for path in bundled_configs().values())


def test_a_name_means_a_bundled_config_unless_a_file_has_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_config("quickstart") == bundled_configs()["quickstart"]
    (tmp_path / "quickstart").write_text("seed = 3\n")
    assert find_config("quickstart").read_text() == "seed = 3\n"


@pytest.mark.parametrize("name", ["quickstart.toml", "./quickstart", "folder/quickstart"])
def test_a_path_is_never_a_bundled_config(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="cannot read"):
        resolve_config(name, RunConfig)


def test_an_unknown_name_lists_the_bundled_configs():
    with pytest.raises(ConfigError, match="no config 'quick'.*quickstart"):
        resolve_config("quick", RunConfig)


def test_the_same_config_in_every_form():
    name, model = resolve_config(MAPPING, RunConfig)
    assert name == "run"
    assert resolve_config(model, RunConfig).config == model
    assert resolve_config(MAPPING, RunConfig, ["seed=4"]) == resolve_config(
        model, RunConfig, {"seed": 4}
    )


def test_settings_replace_values_of_every_type():
    settings = {
        "seed": 7,
        "initial": "lion",
        "evaluation.functional_cache": True,
        "hurdles": {"slack": 0.5},
        "mutation.functions": ["add", "sign"],
        "tasks.0.width": 8,
    }
    config = resolve_config(MAPPING, RunConfig, settings).config
    assert (config.seed, config.initial, config.hurdles.slack) == (7, "lion", 0.5)
    assert config.evaluation.functional_cache is True
    assert config.mutation.functions == ("add", "sign") and config.tasks[0].width == 8
    assert MAPPING["tasks"][0]["width"] == 4
    assert resolve_config(MAPPING, RunConfig, to_texts(settings)).config == config


@pytest.mark.parametrize(
    ("config", "settings", "message"),
    [
        (MAPPING | {"programs": 3}, None, "programs: unknown key"),
        (MAPPING, {"seed": "one"}, "seed"),
        (MAPPING, {"tasks.5.width": 1}, "tasks.5.width"),
        ({}, None, "num_programs: missing"),
        (None, None, "expected a path, the name of a config or a mapping, not None"),
        (7, None, "not 7"),
    ],
)
def test_wrong_configs_are_refused_in_one_line(config, settings, message):
    with pytest.raises(ConfigError, match=message) as caught:
        resolve_config(config, RunConfig, settings)
    assert "\n" not in str(caught.value)
