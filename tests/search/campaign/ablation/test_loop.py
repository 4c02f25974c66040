"""The loop of an ablation: its parts, resuming, equal training, and refused folders."""

import itertools
import json

import pytest

from lionhunt import dsl
from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.proxy_tasks import NUM_CHUNKS
from lionhunt.search.campaign.ablation.report import to_report
from lionhunt.search.campaign.ablation.summary import find_places
from lionhunt.search.errors import ConfigError, RecordError
from lionhunt.search.storage.run_store import RunStore
from tests.support.search.ablations import FOLDER, RAW, TASK, Openings, config, make
from tests.support.search.campaigns import without_time

NAMES = ("all remedies", "without races")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make an ablation without interruption; return its working folder, result and summary."""
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
    """Return pools of formulas; the working folder is that of the ablation."""
    monkeypatch.chdir(made[0])
    return Openings(monkeypatch)


def test_every_variant_has_its_searches_and_all_programs_are_compared_once(made):
    folder, result, _ = made
    parts = {path.relative_to(folder / FOLDER) for path in (folder / FOLDER).glob("*/*")}
    searches = {path.as_posix() for path in parts if path.name.startswith("evolution")}
    folders = ("all_remedies", "without_races")
    assert searches == {f"{name}/evolution_{number}" for name in folders for number in (0, 1)}
    found = [f"{name}, seed {seed}" for name in NAMES for seed in (1, 2)]
    assert result.comparison.optimizers == ("adamw", "lion", *found)
    assert [each.name for of_variant in result.found for each in of_variant] == found


def test_the_best_program_by_rank_is_simplified_exactly(made):
    folder, result, summary = made
    searches = [search for variant in summary["variants"] for search in variant["searches"]]
    for found, search in zip(itertools.chain(*result.found), searches, strict=True):
        with RunStore.open_to_read(folder / found.run.folder) as records:
            best = max(records.fittest(), key=lambda row: row.rank_or_neg_inf)
        assert simplify(best.program) == found.program == dsl.parse(search["program"])


def test_all_searches_have_the_training_of_the_config(made):
    folder, result, _ = made
    for found in itertools.chain(*result.found):
        with RunStore.open_to_read(folder / found.run.folder) as records:
            info, num_chunks = records.info(), records.num_chunks()
        config = info["config"]
        assert config["max_trainings"] == 12.0
        # A race, the reference's seeds and the fresh ones come on top.
        num_more = config["racing"]["max_seeds"] + 6 if config["racing"]["num_best"] else 6
        assert 12 <= num_chunks / NUM_CHUNKS <= 12 + num_more


@pytest.mark.parametrize("stop", (3, 8))
def test_interrupted_ablation_ends_as_an_uninterrupted_one(made, openings, stop):
    class Stop(Exception):
        pass

    events = itertools.count(1)

    def end_at_stop(_):
        if next(events) == stop:
            raise Stop

    # The first stops in the searches of the first variant, the second in the comparison.
    hook = {"on_event": end_at_stop} if stop == 3 else {"on_activity": end_at_stop}
    with pytest.raises(Stop):
        make(openings, **hook)
    assert (FOLDER / "comparison").exists() == (stop != 3)
    assert without_time(make(openings)[1]) == without_time(made[2])
    opened = openings.num_opened
    assert without_time(make(openings)[1]) == without_time(made[2])
    # A finished ablation trains nothing.
    assert openings.num_opened == opened


def test_progress_counts_the_searches_of_all_variants(openings_there, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    seen = []
    make(openings_there, seen.append)
    numbers = [event.number for event in seen]
    assert {event.total for event in seen} == {4} and sorted(set(numbers)) == [1, 2, 3, 4]
    assert numbers == sorted(numbers)
    assert seen[-1].name == "without races, evolution_1"


def test_a_search_that_finds_nothing_is_told(openings_there, monkeypatch):
    monkeypatch.setattr(RunStore, "best", lambda *_: None)
    result, summary = make(openings_there)
    assert result.comparison is None and summary["comparison"] is None
    assert not openings_there.num_opened
    variant = summary["variants"][1]
    assert [search["program"] for search in variant["searches"]] == [None, None]
    gains = variant["gains"].values()
    assert all(gain["interval"] is None and gain["num_missing"] == 2 for gain in gains)
    verdicts = {found["verdict"] for found in variant["beside_first"].values()}
    assert verdicts == {"not compared"}
    assert "2 missing" in to_report(summary, "command")


def test_summary_is_json(made):
    summary = made[2]
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"run": RAW["run"] | {"seed": 9}}, "evolution_0 is of another study"),
        ({"run": RAW["run"] | {"initial": "lion"}}, "evolution_0 is of another study"),
        ({"compare": RAW["compare"] | {"seed": 7}}, "comparison holds another comparison"),
    ],
)
def test_folder_of_another_ablation_is_refused(changes, message, openings_there):
    with pytest.raises(RecordError, match=message):
        make(openings_there, **changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {
                "compare": RAW["compare"]
                | {"optimizers": [{"program": "lio", "learning_rate": 1.0, "weight_decay": 0.0}]}
            },
            "did you mean 'lion'",
        ),
        ({"run": RAW["run"] | {"initial": "lio"}}, "did you mean 'lion'"),
        # Only the last variant refuses the initial program.
        (
            {
                "run": RAW["run"] | {"initial": "lion"},
                "variants": [
                    {"name": "a"},
                    {"name": "b", "settings": {"objectives.max_length": 1}},
                ],
            },
            "the initial program's length 6 is above max_length",
        ),
        (
            {
                "run": RAW["run"] | {"initial": "raw_lion"},
                "variants": [{"name": "a"}, {"name": "b", "settings": {"space.step": "outside"}}],
            },
            'step = "outside"',
        ),
    ],
)
def test_late_errors_are_raised_before_the_start(changes, message, openings):
    assert config(**changes)
    with pytest.raises(ConfigError, match=message):
        make(openings, **changes)
    assert not FOLDER.exists()


def test_places_are_the_tasks_of_the_search_together_and_each_task(made):
    one, other, new = (f"digits_mlp (num_steps {number})" for number in (5, 6, 8))
    seen = "tasks of the search"
    assert made[2]["places"] == {seen: [one], new: [new]}
    small = config(run=RAW["run"] | {"tasks": [TASK, TASK | {"num_steps": 6}]})
    places = {seen: [one, other], one: [one], other: [other], new: [new]}
    assert find_places("small", small) == (places, [new])
    # A seen task may be named for the comparison too.
    compare = RAW["compare"] | {"tasks": [TASK | {"num_steps": 8}, TASK]}
    assert find_places("small", config(compare=compare)) == ({seen: [one], new: [new]}, [new])
