"""The configuration of an ablation: what a variant replaces, and what is refused in one line."""

import pytest

from lionhunt.search.campaign.ablation.config import replaced
from lionhunt.search.errors import ConfigError
from tests.support.search.ablations import RAW, TASK, config

BASE = {"name": "base"}
OPTIMIZER = {"program": "adamw", "learning_rate": 0.01, "weight_decay": 0.0}


def variants(*others):
    return {"variants": [BASE, *others]}


def changing(**settings):
    return variants({"name": "other", "settings": settings})


def without(table, key):
    return {name: value for name, value in table.items() if name != key}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"run": without(RAW["run"], "max_trainings")}, "run.max_trainings: missing; it gives all"),
        ({"variants": []}, "variants: .*at least 2"),
        ({"variants": [BASE]}, "variants: .*at least 2"),
        (variants({"name": ""}), "variants.1.name: .*at least 1"),
        (variants({"name": "--"}), "variants.1.name: '--' has no letter and no digit"),
        (variants({"name": "Base!"}), "variants.1.name: 'Base!' and 'base' have one folder, base"),
        (variants({"name": "other"}), r"variants.1 \(other\) is the same search as base"),
        (changing(seed=7), r"variants.1 \(other\) changes seed; all variants share it"),
        (changing(max_trainings=7.0), r"variants.1 \(other\) changes max_trainings"),
        (changing(tasks=[TASK | {"width": 8}]), r"variants.1 \(other\) changes tasks"),
        (changing(reference="lion"), r"variants.1 \(other\) changes reference"),
        (
            changing(**{"evaluation.step_sises": []}),
            "variant 'other': evaluation.step_sises: unknown key; did you mean 'evaluation.step_si",
        ),
        (changing(**{"racing.num_best": -1}), "variant 'other': racing.num_best: .*got -1"),
        (changing(**{"num_programs.x": 1}), "variant 'other': num_programs: .*integer"),
        (changing(**{"": 1}), "variant 'other': .*unknown key"),
        (changing(**{"evaluation.gain": "spread"}), "variant 'other': .*add step_sizes"),
        (changing(**{"evolution.method": "random"}), "variant 'other': evolution.method must be"),
        (variants({"name": "other", "settings": 3}), "variants.1.settings: "),
        (
            {"compare": RAW["compare"] | {"optimizers": [OPTIMIZER | {"name": "base, seed 2"}]}}
            | changing(**{"mutation.tune": 1.0}),
            "'base, seed 2' is the name of a found program",
        ),
        (
            {"compare": RAW["compare"] | {"tasks": [TASK]}},
            "compare.tasks: add a task that the search does not have",
        ),
        ({"aim": {}}, "aim: unknown key"),
    ],
)
def test_invalid_config_is_refused(changes, message):
    with pytest.raises(ConfigError, match=message) as error:
        config(**changes)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "settings",
    [
        {"racing.num_best": 0, "racing.num_fresh": 5},
        {"racing": {"num_best": 0, "num_fresh": 5}},
        {"racing": {"num_best": 0}, "racing.num_fresh": 5},
    ],
)
def test_settings_replace_values_and_keep_their_neighbours(settings):
    small = config(**variants({"name": "other", "settings": settings}))
    first, other = (small.to_study(variant).run for variant in small.variants)
    assert first == small.run
    assert (other.racing.num_best, other.racing.num_fresh) == (0, 5)
    assert other.racing.max_seeds == small.run.racing.max_seeds == 4
    assert other.tasks == small.run.tasks


def test_replacing_leaves_the_table_alone():
    table = {"a": {"b": 1, "c": 2}, "d": [3]}
    assert replaced(table, {"a.b": 4, "d": [], "e.f": 5}) == {
        "a": {"b": 4, "c": 2},
        "d": [],
        "e": {"f": 5},
    }
    assert table == {"a": {"b": 1, "c": 2}, "d": [3]}


def test_variants_are_studies_without_baselines():
    small = config(num_repeats=3)
    for study in map(small.to_study, small.variants):
        assert study.num_repeats == 3 and not study.restart
        assert not study.num_random and not study.num_constants


def test_the_tasks_of_the_search_come_before_the_unseen_ones():
    tasks = [TASK | {"num_steps": 8}, TASK]
    small = config(compare=RAW["compare"] | {"tasks": tasks})
    text = "def train(w, g, lr):\n  update = g * lr\n  return update"
    compare = small.to_comparison({"all remedies, seed 1": text})
    assert [task.num_steps for task in compare.tasks] == [5, 8]
    *known, found = compare.optimizers
    assert tuple(known) == small.compare.optimizers
    assert (found.label, found.program, found.learning_rate) == ("all remedies, seed 1", text, 1.0)
