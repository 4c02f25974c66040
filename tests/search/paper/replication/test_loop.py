"""The runs of a study: their configs, resuming, and refused folders."""

import dataclasses
import json
import shutil
from contextlib import closing, nullcontext

import pytest

from lionhunt import dsl
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.proxy_tasks import NUM_CHUNKS
from lionhunt.search.driver.search_loop import Search
from lionhunt.search.driver.setup import load_initial, load_run, summarize_setup
from lionhunt.search.errors import ConfigError, RecordError
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.paper.replication.loop import SeededPool, Study, open_study_pool
from lionhunt.search.paper.replication.plan import plan_restart
from lionhunt.search.storage.run_store import RunStore
from tests.support.search.studies import STUDY, Pools, SeedPool, config, finish

NAMES = ["evolution_0", "evolution_1", "random_0", "constants_0", "restart_0"]


def digests(finished):
    by_name = {}
    for run in finished:
        with RunStore.open_to_read(run.folder) as records:
            by_name[run.name] = records.history_digest()
    return by_name


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make a study without interruption; return its runs and its only pool."""
    pools = Pools()
    finished = finish(tmp_path_factory.mktemp("study"), pools)
    (pool,) = pools.opened
    return finished, pool


@pytest.fixture(scope="module")
def runs(made):
    """Return config, rows, trainings and setup of each run, by name."""
    by_name = {}
    for run in made[0]:
        with RunStore.open_to_read(run.folder) as records:
            rows = list(records.rows())
            chunks = records.num_chunks()
            by_name[run.name] = load_run(records)[0], rows, chunks / NUM_CHUNKS, records.info()
    return by_name


def test_every_run_has_a_folder_and_a_seed_of_its_repeat(runs):
    assert list(runs) == NAMES
    seeds = [run.seed for run, *_ in runs.values()]
    assert seeds[:4] == [1, 2, 1, 1]
    methods = [run.evolution.method for run, *_ in runs.values()]
    assert methods == ["evolution", "evolution", "random", "constants", "evolution"]


def test_one_pool_measures_the_reference_once_with_every_seed(made):
    # The pool was started with seed 1.
    _, pool = made
    assert [job.seed for job in pool.jobs if job.name == "reference"] == [2]


def test_a_repeat_is_the_search_that_its_config_asks_for(tmp_path, runs):
    repeat, rows, *_ = runs["evolution_1"]
    info = summarize_setup(repeat, load_initial(repeat.initial))
    with RunStore.create(tmp_path, info) as records:
        loaded, initial = load_run(records)
        pool = SeededPool(SeedPool(), repeat.seed)
        reference = pool.start(Job("reference", assemble(initial), repeat.seed))
        for _ in Search(loaded, initial, records, pool, reference).run():
            pass
        assert list(records.rows()) == rows


def test_baselines_have_four_times_the_training_of_an_evolution(runs):
    # This evolution has the seed of both baselines.
    limit = 4 * runs["evolution_0"][2]
    for name in NAMES[2:4]:
        run, rows, trainings, _ = runs[name]
        assert run.num_programs == 4 * 60 and run.max_trainings == pytest.approx(limit)
        assert len(rows) == 240 or limit <= trainings < limit + 1
    assert any(len(runs[name][1]) < 240 for name in NAMES[2:4])


def test_restart_begins_with_the_best_and_is_measured_by_the_first(runs):
    best = {
        name: max(rows, key=lambda row: row.fitness_or_neg_inf)
        for name, (_, rows, *_) in runs.items()
    }
    winner = max(NAMES[:2], key=lambda name: best[name].fitness_or_neg_inf)
    restart, rows, _, info = runs["restart_0"]
    assert restart.seed == runs[winner][0].seed
    assert rows[0].individual.program == best[winner].individual.program
    assert rows[0].fitness == best[winner].fitness > 0
    assert info["reference"] == str(dsl.library.load("adamw_initial"))


def test_resumed_study_equals_uninterrupted_one(made, tmp_path):
    pools = Pools()
    for stop in (1, 20, 45, 60):
        with closing(Study(config(), tmp_path, pools.open).run()) as events:
            for _ in range(stop):
                next(events)
    assert digests(finish(tmp_path, pools)) == digests(made[0])
    trained = [(job.name, job.seed) for pool in pools.opened for job in pool.jobs]
    assert len(trained) < 1.5 * len(made[1].jobs)


def test_finished_study_opens_no_pool(made):
    finished, _ = made
    pools = Pools()
    assert finish(finished[0].folder.parent, pools) == finished
    assert not pools.opened


def test_every_run_has_a_log(made):
    for run in made[0]:
        with RunStore.open_to_read(run.folder) as records:
            events = [json.loads(line)["event"] for line in records.log.read_text().splitlines()]
        assert events[0] == "started" and events[-1] == "ended"


def test_without_baselines_and_restart_there_are_repeats_alone(tmp_path):
    finished = finish(
        tmp_path, Pools(), num_repeats=1, num_random=0, num_constants=0, restart=False
    )
    assert [run.name for run in finished] == ["evolution_0"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"run": {"seed": 9}}, "evolution_0 is of another study .config.seed is 1 there and 9"),
        ({"run": {"num_programs": 130}}, "num_programs is 60 there and 130 here"),
        ({"run": {"initial": "lion"}}, "initial differs.; choose another --out"),
        ({"run": {"evaluation": {"functional_cache": True}}}, "functional_cache is False there"),
    ],
)
def test_folder_of_another_study_is_refused(changes, message, made):
    raw = config().model_dump(mode="json")
    raw["run"] |= changes["run"]
    with pytest.raises(RecordError, match=message):
        finish(made[0][0].folder.parent, Pools(), run=raw["run"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_random": 4}, r"num_random \(4\) and num_constants \(1\) must be at most"),
        ({"run": {"method": "random"}}, "run.evolution.method must be 'evolution', got 'random'"),
    ],
)
def test_invalid_config_is_refused(changes, message):
    raw = config().model_dump(mode="json")
    raw["run"]["evolution"] |= changes.pop("run", {})
    with pytest.raises(ConfigError, match=message):
        config(**raw | changes)


def test_initial_program_that_does_not_train_is_refused(tmp_path):
    class FailingPool(SeedPool):
        def start(self, reference):
            return Measurement(Status.NOT_FINITE)

    study = Study(config(), tmp_path, lambda: nullcontext(FailingPool()))
    with pytest.raises(ConfigError, match="does not train on the tasks .not_finite. with seed 1"):
        list(study.run())
    # No run is left that would fix the seed.
    assert not list(tmp_path.iterdir())


def test_restart_is_measured_as_the_evolutions_are(tmp_path):
    changes = {"initial": "lion", "reference": "adamw_initial"}
    run = config(**{"run": STUDY["run"] | changes})
    restart = plan_restart(run, tmp_path, 1)
    assert restart.config.reference == "adamw_initial"


def test_workers_have_the_functions_of_the_reference(tmp_path):
    """Train a reference whose functions neither the initial program nor mutation has."""
    raw = STUDY["run"] | {
        "num_programs": 12,
        "initial": "sgd",
        "reference": "adamw_initial",
        "mutation": {"functions": ["multiply"]},
        "evaluation": {"workers": 0},
        "tasks": [{"kind": "digits_mlp", "num_steps": 10, "batch_size": 4, "width": 4}],
    }
    study = config(run=raw, num_repeats=1, num_random=0, num_constants=0, restart=False)
    (*_, _) = Study(study, tmp_path, open_study_pool(study, 0)).run()
    run = tmp_path / "evolution_0"
    with RunStore.open_to_read(run) as records:
        assert records.count() == 12 and records.row(0).fitness != 0


def test_another_repeat_keeps_existing_runs(made, tmp_path):
    shutil.copytree(made[0][0].folder.parent, tmp_path / "more")
    pools = Pools()
    more = digests(finish(tmp_path / "more", pools, num_repeats=3, restart=False))
    assert more.items() >= {name: digests(made[0])[name] for name in NAMES[:4]}.items()
    (pool,) = pools.opened
    seeds = {job.seed for job in pool.jobs if job.name == "reference"}
    # Recorded runs are compared with the pool, which starts with seed 3.
    assert seeds == {1, 2}


def test_runs_that_were_scored_elsewhere_are_refused(made, tmp_path):
    def rounded(measurement):
        return dataclasses.replace(measurement, curves=((0.5,) * 4,))

    class Elsewhere(SeedPool):
        """A pool with equal scores and other losses."""

        def start(self, reference):
            return rounded(super().start(reference))

        def wait(self, seconds):
            return [(name, rounded(measurement)) for name, measurement in super().wait(seconds)]

    shutil.copytree(made[0][0].folder.parent, tmp_path / "copy")
    study = Study(config(num_repeats=3), tmp_path / "copy", lambda: nullcontext(Elsewhere()))
    with pytest.raises(RecordError, match="evolution_[01] has a training loss .* another --out"):
        list(study.run())


def test_machine_on_which_the_reference_fails_is_refused(made, tmp_path):
    class Failing(SeedPool):
        def wait(self, seconds):
            return [(name, Measurement(Status.NOT_FINITE)) for name, _ in super().wait(seconds)]

    shutil.copytree(made[0][0].folder.parent, tmp_path / "copy")
    study = Study(config(num_repeats=3), tmp_path / "copy", lambda: nullcontext(Failing()))
    with pytest.raises(RecordError, match="choose another --out"):
        list(study.run())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"initial": "signsgd"}, "num_constants must be 0: signsgd has no constant"),
        ({"seed": 2**32 - 1}, "evolution_1: seed: "),
        ({"num_programs": 500_000_000}, "random_0: num_programs: "),
        ({"reference": "none_such"}, "reference: "),
    ],
)
def test_late_errors_are_raised_before_the_start(changes, message, tmp_path):
    study = config(run=STUDY["run"] | changes)
    with pytest.raises(ConfigError, match=message):
        open_study_pool(study, 0)
        Study(study, tmp_path, Pools().open)
