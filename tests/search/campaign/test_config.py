"""The configuration of a campaign: what is refused, in one line."""

import pytest

from lionhunt.search.errors import ConfigError
from tests.support import own_functions
from tests.support.search.campaigns import RAW, TASK, config

OPTIMIZER = {"program": "adamw", "learning_rate": 0.01, "weight_decay": 0.0}


def aim(**changes):
    return {"aim": RAW["aim"] | changes}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (aim(min_seeds=3), r"aim.min_seeds \(3\) must be at most num_repeats \(2\)"),
        (aim(min_seeds=0), "aim.min_seeds: .*greater than 0"),
        (aim(families=["lio"]), "families: unknown optimizer 'lio'; did you mean 'lion'"),
        (aim(properties=["no_drifts"]), "unknown property 'no_drifts'; did you mean 'no_drift'"),
        (aim(functions={"gran": 2}), "functions: unknown function 'gran'; did you mean 'gram'"),
        (aim(functions={"gram": 0}), "aim.functions.gram: .*greater than 0"),
        (aim(better_than=["adam"]), "aim.better_than: unknown optimizer of compare 'adam'; did"),
        (aim(no_worse_than=["muon"]), "no_worse_than: .*'muon'; there are adamw, lion"),
        (aim(margin=1.0), "aim.margin: .*less than 1"),
        (aim(faster_than={"muon": 1.3}), "faster_than: .*'muon'; there are adamw, lion"),
        (aim(faster_than={"lion": 0.9}), "aim.faster_than.lion: .*greater than or equal to 1"),
        (aim(good=True), "aim.good: unknown key"),
        ({"aim": {}}, "aim.min_seeds: missing"),
        ({"select": {}}, "select.stages: missing"),
        (
            {"compare": RAW["compare"] | {"tasks": [TASK]}},
            "compare.tasks.0 .digits_mlp. is a task of the search, the selection or the simplific",
        ),
        (
            {"compare": RAW["compare"] | {"tasks": [TASK | {"num_steps": n} for n in (9, 7)]}},
            "compare.tasks.1 .digits_mlp. is a task",
        ),
        (
            {"compare": RAW["compare"] | {"optimizers": [OPTIMIZER | {"name": "seed 2"}]}},
            "'seed 2' is the name of a found program",
        ),
        (
            {"run": RAW["run"] | {"evolution": {"method": "random", "population_size": 10}}},
            "run.evolution.method must be 'evolution', got 'random'",
        ),
    ],
)
def test_invalid_config_is_refused(changes, message):
    with pytest.raises(ConfigError, match=message) as error:
        config(**changes)
    assert "\n" not in str(error.value)


def test_functions_of_the_user_are_an_aim(tmp_path):
    (tmp_path / "own.py").write_text(own_functions.TEXT)
    run = RAW["run"] | {"functions_from": [str(tmp_path / "own.py")]}
    assert config(run=run, **aim(functions={"softsign": 2})).aim.functions == {"softsign": 2}
    with pytest.raises(ConfigError, match="aim.functions: unknown function 'softsing'; did you"):
        config(run=run, **aim(functions={"softsing": 2}))


def test_found_programs_join_the_optimizers():
    text = "def train(w, g, lr):\n  update = g * lr\n  return update"
    small = config(found={"learning_rate": 0.5, "weight_decay": 0.1})
    compare = small.to_comparison({"seed 1": text})
    *known, found = compare.optimizers
    assert tuple(known) == small.compare.optimizers
    assert (found.label, found.program) == ("seed 1", text)
    assert (found.learning_rate, found.weight_decay) == (0.5, 0.1)


def test_searches_are_a_study_without_baselines():
    study = config().to_study()
    assert study.num_repeats == 2 and not study.restart
    assert not study.num_random and not study.num_constants
