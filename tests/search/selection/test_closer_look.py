"""The closer look: planted parts are called what they are, and planted speeds are found."""

import itertools
import json
from contextlib import contextmanager

import pytest

from lionhunt import dsl
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.selection.loop import SelectionLoop
from lionhunt.search.selection.report import tables, to_report
from lionhunt.search.selection.store import SelectionStore
from lionhunt.search.selection.summary import summarize_selection
from lionhunt.search.selection.winners.summary import gain_lost
from tests.support.search.runs import INITIAL, key_of
from tests.support.search.selections import (
    TASK,
    SeededPool,
    begin,
    config,
    finish,
    make_pool,
    plant_run,
    selected,
)

WINNERS = {
    "num_seeds": 4,
    "num_tuning_seeds": 1,
    "tasks": [TASK | {"num_steps": 100}, TASK | {"num_steps": 200}],
    "horizons": [0.5, 0.75],
    "tuning": {"learning_rates": [1.0], "num_extensions": 0, "num_variations": 0},
}


def planted_pools(order_seed=0):
    """Open pools whose scores grow evenly, by 1 over all steps of a task.

    With arctan, a program is as good as in 20 % more steps. With sinh, it is as good as in 5 %
    fewer.
    """

    @contextmanager
    def make(tasks, seed, functions):
        def scorer(bytecode, seed):
            rests = 0.01 * (seed % 5)
            quality = 0.2 * ("arctan" in bytecode.functions)
            quality -= 0.05 * ("sinh" in bytecode.functions)
            # Tuning changes next to nothing.
            factor = 1.0 if key_of(bytecode) == INITIAL else 0.9999999
            shares = (task.num_steps / (100 * 2**i) for i, task in enumerate(tasks))
            scores = (factor * (share + quality) + rests for share in shares)
            return Measurement(Status.OK, tuple(scores), ((1.0,),) * len(tasks))

        yield SeededPool(order_seed, scorer, seed)

    return make


def relative(*functions):
    """Return AdamW with its update passed through functions."""
    lines = "".join(f"  update = {name}(update)\n" for name in functions)
    text = str(dsl.library.load("adamw_initial"))
    return dsl.parse(text.replace("  lr = lr", f"{lines}  lr = lr"))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    programs = [(relative("arctan", "sinh"), 0.9)]
    return plant_run(tmp_path_factory.mktemp("planted") / "run", programs)


def summarized(folder, run, pools, **changes):
    baselines = [{"program": "adamw_initial"}]
    with begin(folder, [run], baselines=baselines, winners=WINNERS | changes) as records:
        return summarize_selection(records, finish(records, pools))


@pytest.fixture(scope="module")
def summary(run, tmp_path_factory):
    return summarized(tmp_path_factory.mktemp("look") / "s", run, planted_pools())


def test_each_part_gets_its_planted_verdict(summary):
    parts = summary["closer_look"]["drop_one"]
    for part in parts:
        has = {name: name in part["program"] for name in ("arctan", "sinh")}
        expected = "does nothing" if has["sinh"] else "hurts"
        assert part["verdict"] == (expected if has["arctan"] else "needed")
        assert part["still_wins"] == (part["verdict"] != "needed")
        assert part["without"].startswith("state") or part["without"] not in part["program"]
    removed = {part["without"]: part["verdict"] for part in parts}
    assert removed["update = arctan(update)"] == "needed"
    assert removed["update = sinh(update)"] == "hurts"
    assert removed["state m"] == removed["state v"] == "does nothing"


def test_the_planted_speed_is_found_on_both_tasks(summary):
    (steps,) = summary["closer_look"]["steps"]
    assert steps["baseline"] == "adamw_initial" and steps["winner"].endswith(":9")
    assert [task["ratio"]["mean"] for task in steps["tasks"]] == pytest.approx([0.85, 0.85])
    assert steps["ratio"]["mean"] == pytest.approx(0.85, rel=1e-3)
    assert [task["num_not_reached"] for task in steps["tasks"]] == [0, 0]


def test_the_seeds_are_fresh_and_those_of_all_lengths_the_same(summary, run, tmp_path):
    used = [s for stage in summary["stages"] for s in stage["tuning_seeds"] + stage["final_seeds"]]
    look = summary["closer_look"]
    fresh = look["tuning_seeds"] + look["final_seeds"]
    assert len(fresh) == 5 and not {*used, *summary["meta_validation"]["seeds"]} & {*fresh}
    changes = {"baselines": [{"program": "adamw_initial"}], "winners": WINNERS}
    with begin(tmp_path, [run], **changes) as records:
        finish(records, planted_pools())
        names = [part["name"] for part in records.info()["parts"]]
        measured = {name: {s for _, s in records.measurements(name)} for name in names}
    shorter = [name for name in names if name.endswith("of the steps")]
    assert shorter == [f"selected programs, {x} of the steps" for x in (0.5, 0.75)]
    for name in shorter:
        assert measured[name] == {*look["final_seeds"]}


def test_the_report_has_the_tables_and_says_how_to_read_them(summary, tmp_path):
    titles = [table.title for table in tables(summary)]
    (winner,) = summary["winners"]
    assert f"{winner['name']}: does it still win without?" in titles
    assert "steps to the final score of a baseline" in titles
    (fresh,) = (table for table in tables(summary) if "fresh seeds" in table.title)
    assert [row[-1] for row in fresh.rows] == ["beats it", "the threshold"]
    for words in ("no decision saw", "1/1.3", "Does nothing: no loss is seen"):
        assert words in to_report(summary, tmp_path)
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary


def test_every_ablation_is_recorded_also_where_two_have_the_same_words(tmp_path):
    twice = dsl.parse(
        "def f(w, g, lr):\n  x = arctan(g)\n  x = x + g\n  x = x + g\n  x = x * lr\n  return x"
    )
    run = plant_run(tmp_path / "run", [(twice, 0.9)])
    changes = {"baselines": [{"program": "adamw_initial"}], "winners": WINNERS}
    with begin(tmp_path / "s", [run], **changes) as records:
        look = finish(records, planted_pools()).look
        assert look is not None
        query = "SELECT contender FROM verdicts WHERE part = 'selected programs'"
        recorded = [name for (name,) in records._connection.execute(query)]
    removed = [(ablation.removal.statement, ablation.removal.kept) for ablation in look.ablations]
    assert removed.count(("x = x + g", "g")) == 2
    assert sorted(recorded) == sorted(entry.optimizer.name for entry in look.stage.entries)


def test_parts_and_lengths_can_be_left_out(run, tmp_path):
    summary = summarized(tmp_path / "s", run, planted_pools(), drop_one=False, horizons=[])
    look = summary["closer_look"]
    assert look["drop_one"] == look["steps"] == [] and len(look["contenders"]) == 2
    assert not any("without" in table.title for table in tables(summary))


def test_without_winners_or_without_the_key_there_is_no_closer_look(finished_run_dir, tmp_path):
    result, _ = selected(tmp_path / "a", [finished_run_dir], beats="mean")
    assert result.look is None and any(e.is_promoted for e in result.stages[-1].entries)
    worst = {"winners": WINNERS, "baselines": [{"program": "adamw_initial"}]}

    def scorer(bytecode, seed):
        return Measurement(Status.OK, (1.0 if key_of(bytecode) == INITIAL else 0.5,))

    result, _ = selected(tmp_path / "b", [finished_run_dir], make_pool(scorer=scorer), **worst)
    assert result.look is None


@pytest.mark.parametrize("stops", [[40], [9] * 8])
def test_stopped_and_resumed_equals_undisturbed(stops, run, summary, tmp_path):
    changes = {"baselines": [{"program": "adamw_initial"}], "winners": WINNERS}
    with begin(tmp_path, [run], **changes):
        pass
    for order_seed, num_events in enumerate(stops):
        with SelectionStore.open_to_write(tmp_path) as records:
            for _ in itertools.islice(
                SelectionLoop(records, planted_pools(order_seed)).run(), num_events
            ):
                pass
    with SelectionStore.open_to_write(tmp_path) as records:
        resumed = summarize_selection(records, finish(records, planted_pools(99)))
    assert {**resumed, "selection": ""} == {**summary, "selection": ""}


def test_one_seed_shows_no_spread_and_is_refused():
    with pytest.raises(Exception, match=r"num_seeds \(1\) shows no spread"):
        config(winners=WINNERS | {"num_seeds": 1})


def test_the_loss_is_paired_by_seed():
    assert gain_lost((0.5, 0.7), (0.25, 0.45)) == pytest.approx((0.25, 0.25, 0.25))
    assert gain_lost((0.5, 0.7), ()) is None and gain_lost((), (0.5,)) is None
