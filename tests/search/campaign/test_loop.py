"""The loop of a campaign: its parts, resuming, and refused folders."""

import itertools
import json

import pytest

from lionhunt import dsl
from lionhunt.search.campaign.candidates import count_state
from lionhunt.search.errors import ConfigError, RecordError
from tests.support.search.campaigns import FOLDER, RAW, Openings, config, make, without_time


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make a campaign without interruption; return its working folder, result and summary."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        folder = tmp_path_factory.mktemp("made")
        monkeypatch.chdir(folder)
        return folder, *make(Openings(monkeypatch))


@pytest.fixture
def openings(monkeypatch, tmp_path):
    """Return pools of formulas; the working folder is new."""
    monkeypatch.chdir(tmp_path)
    return Openings(monkeypatch)


@pytest.fixture
def openings_there(monkeypatch, made):
    """Return pools of formulas; the working folder is that of the campaign."""
    monkeypatch.chdir(made[0])
    return Openings(monkeypatch)


def test_every_seed_has_its_parts_and_all_are_compared_once(made):
    folder, result, summary = made
    parts = sorted(path.name for path in (folder / FOLDER).iterdir())
    names = ("evolution", "selection", "simplification")
    assert parts == ["comparison", *(f"{name}_{number}" for name in names for number in (0, 1))]
    assert [seed["name"] for seed in summary["seeds"]] == ["seed 1", "seed 2"]
    assert result.comparison.optimizers == ("adamw", "lion", "seed 1", "seed 2")
    for finding in result.findings:
        chosen, simplified = finding.chosen, finding.simplification
        assert chosen["name"].startswith(f"{finding.run.folder}:")
        assert simplified["program"] == chosen["tuned"]
        assert count_state(dsl.parse(chosen["program"])) <= 1


def test_the_tuning_seeds_choose_among_candidates_with_few_states(made):
    result = made[1]
    for finding in result.findings:
        (stage,) = finding.selection["stages"]
        fitness = [
            entry["tuning"]["fitness"]
            for entry in stage["contenders"]
            if not entry["is_baseline"]
            and entry["tuning"]
            and count_state(dsl.parse(entry["program"])) <= 1
        ]
        assert finding.chosen["tuning"]["fitness"] == max(fitness)


@pytest.mark.parametrize("stop", (6, 40))
def test_interrupted_campaign_ends_as_an_uninterrupted_one(made, openings, stop):
    class Stop(Exception):
        pass

    activities = itertools.count(1)

    def end_at_stop(_):
        if next(activities) == stop:
            raise Stop

    with pytest.raises(Stop):
        make(openings, end_at_stop)
    assert without_time(make(openings)[1]) == without_time(made[2])
    opened = openings.num_opened
    assert without_time(make(openings)[1]) == without_time(made[2])
    # A finished campaign trains nothing.
    assert openings.num_opened == opened


def test_another_aim_is_judged_on_the_same_records(openings_there):
    harder = RAW["aim"] | {"better_than": ["adamw"], "properties": ["odd"]}
    _, summary = make(openings_there, aim=harder)
    assert not openings_there.num_opened and len(summary["seeds"][0]["conditions"]) == 3


def test_nothing_that_trains_is_told(openings, monkeypatch):
    monkeypatch.setattr("lionhunt.search.campaign.loop.choose", lambda *_: None)
    result, summary = make(openings)
    assert result.comparison is None and summary["comparison"] is None
    assert summary["num_reached"] == 0 and not summary["is_reached"]
    assert all(seed["program"] is None for seed in summary["seeds"])


def test_summary_is_json(made):
    summary = made[2]
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"run": RAW["run"] | {"seed": 9}}, "evolution_0 is of another study"),
        ({"select": RAW["select"] | {"seed": 7}}, "selection_0 holds another selection"),
        (
            {"simplify": RAW["simplify"] | {"tolerance": 0.5}},
            "simplification_0 holds another simplification .config.tolerance is 0.02 there",
        ),
        ({"compare": RAW["compare"] | {"seed": 7}}, "comparison holds another comparison"),
    ],
)
def test_folder_of_another_campaign_is_refused(changes, message, openings_there):
    with pytest.raises(RecordError, match=message):
        make(openings_there, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"select": RAW["select"] | {"baselines": [{"program": "lio"}]}},
        {
            "compare": RAW["compare"]
            | {"optimizers": [{"program": "lio", "learning_rate": 1.0, "weight_decay": 0.0}]}
        },
        {"run": RAW["run"] | {"initial": "lio"}},
    ],
)
def test_late_errors_are_raised_before_the_start(changes, openings):
    assert config(**changes)
    with pytest.raises(ConfigError, match="did you mean 'lion'"):
        make(openings, **changes)
    assert not FOLDER.exists()
