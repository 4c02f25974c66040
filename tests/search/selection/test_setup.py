"""Setup of a selection: its seeds, and the refusal to resume another selection."""

import copy

import pytest

from lionhunt import dsl
from lionhunt.search.errors import RecordError
from lionhunt.search.selection.setup import open_selection, summarize_selection_setup
from lionhunt.search.selection.store import SelectionStore
from tests.support.search.selections import RAW, begin, config, finish, make_pool, plant_run


def test_seeds_of_runs_are_left_out(tmp_path):
    run = plant_run(tmp_path / "run", [(dsl.library.load("lion"), 0.2)])
    info = summarize_selection_setup(config(seed=0), [run])
    seeds = [s for part in info["parts"] for s in part["tuning_seeds"] + part["final_seeds"]]
    assert info["runs"][0]["seed"] == 1 and seeds == [0, *range(2, 12)]


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"seed": 8}, "config.seed is 7 there and 8 here"),
        ({"beats": "mean"}, "config.beats is interval there and mean here"),
        ({"baselines": [{"program": "lion"}]}, "config.baselines differs"),
        ({"evaluation": {"combination": "min"}}, "evaluation.combination is mean there"),
    ],
)
def test_other_selection_in_the_folder_is_refused(finished_run_dir, tmp_path, changes, message):
    with begin(tmp_path, [finished_run_dir]):
        pass
    requested = summarize_selection_setup(config(**changes), [finished_run_dir])
    with pytest.raises(RecordError, match=f"holds another selection .*{message}.*; choose"):
        with open_selection(tmp_path, requested):
            pass


def test_workers_and_the_path_of_a_run_are_no_part_of_a_selection(finished_run_dir, tmp_path):
    moved = (tmp_path / "elsewhere").absolute()
    moved.symlink_to(finished_run_dir)
    with begin(tmp_path / "s", [finished_run_dir]) as records:
        recorded = records.info()
        result = finish(records, make_pool())
    evaluation = {"workers": 7, "candidate_seconds": 1.0}
    requested = summarize_selection_setup(config(evaluation=evaluation), [moved])
    # Their names differ.
    assert recorded["candidates"] != requested["candidates"]
    with open_selection(tmp_path / "s", requested) as records:
        assert records.info() == recorded and finish(records, make_pool()) == result


def test_a_selection_of_an_earlier_version_continues_as_it_began(finished_run_dir, tmp_path):
    tunings = [stage["tuning"] | {"num_extensions": 0} for stage in RAW["stages"]]
    stages = [
        stage | {"tuning": tuning} for stage, tuning in zip(RAW["stages"], tunings, strict=True)
    ]
    requested = summarize_selection_setup(config(stages=stages), [finished_run_dir])
    earlier = copy.deepcopy(requested)
    del earlier["config"]["winners"]
    for stage in earlier["config"]["stages"]:
        del stage["tuning"]["num_extensions"]
    with SelectionStore.create(tmp_path, earlier):
        pass
    with open_selection(tmp_path, requested) as records:
        first = finish(records, make_pool()).stages[0]
    assert [len(entry.trials) for entry in first.entries] == [4] * 6
    extending = summarize_selection_setup(config(), [finished_run_dir])
    with pytest.raises(RecordError, match=r"num_extensions is 0 there and 4 here.*; choose"):
        with open_selection(tmp_path, extending):
            pass
