"""Records of a simplification: what an interrupted one keeps, and what is refused."""

from contextlib import contextmanager

import pytest

from lionhunt.search.config import parse_config
from lionhunt.search.errors import RecordError
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.simplification import open_measurer
from lionhunt.search.simplification.config import SimplifyConfig
from lionhunt.search.simplification.loop import derive
from lionhunt.search.simplification.store import SimplificationStore, open_simplification
from lionhunt.search.storage.program_ref import Source
from tests.support.search.planted_scores import PROGRAM, PlantedPool, ok, planted

TASK = {"kind": "digits_mlp", "num_steps": 5, "batch_size": 4, "width": 4, "metric": "loss"}
CONFIG = parse_config({"tasks": [TASK], "num_seeds": [3, 6]}, "test", SimplifyConfig)
STILL = Measurement(Status.OK, (9.0,), ((1.0, 0.5),), 0.25)


def score(bytecode, seed, task):
    """Return the planted score; the optimizer that stands still has a bad one."""
    return planted(bytecode, seed, task) if bytecode.functions else STILL


@pytest.fixture
def pools(monkeypatch):
    """Return the pools that are opened, and train with formulas from now on."""
    opened = []

    @contextmanager
    def open_pool(*_, **__):
        opened.append(PlantedPool(score, len(opened)))
        yield opened[-1]

    monkeypatch.setattr(open_measurer, "open_pool", open_pool)
    return opened


def simplified(records, on_activity=lambda activity: None):
    source = Source("planted", PROGRAM)
    summary = derive(source, CONFIG, 0, in_full=False, records=records, on_activity=on_activity)
    return {key: value for key, value in summary.items() if key != "seconds"}


def test_an_interrupted_simplification_repeats_no_training(pools, tmp_path):
    whole = simplified(None)
    num_trainings = len(pools[0].submitted)
    assert whole["measuring"]["trainings"] == num_trainings > 20

    class Stop(Exception):
        pass

    def stop_half_way(_):
        done = sum(len(pool.submitted) - len(pool.queue) for pool in pools[1:])
        if done > num_trainings / 2:
            raise Stop

    with (
        pytest.raises(Stop),
        open_simplification(tmp_path, PROGRAM, CONFIG) as records,
    ):
        simplified(records, stop_half_way)
    with SimplificationStore.open_to_read(tmp_path) as records:
        kept = set(records.trainings())
        assert records.result() is None and len(kept) > num_trainings / 3
    with open_simplification(tmp_path, PROGRAM, CONFIG) as records:
        assert simplified(records) == whole
        assert not kept & {job.name for job in pools[-1].submitted}
        records.add_result(whole)
    with open_simplification(tmp_path, PROGRAM, CONFIG) as records:
        assert records.result() == whole


def test_a_training_that_a_worker_lost_is_repeated(pools, tmp_path):
    with open_simplification(tmp_path, PROGRAM, CONFIG) as records:
        whole = simplified(records)
        (lost, *_) = (job.name for job in pools[0].submitted)
        records.add_training(lost, Measurement(Status.TIMED_OUT))
        records.commit()
        assert simplified(records) == whole
    assert [job.name for job in pools[1].submitted] == [lost]


def test_another_machine_is_refused(pools, tmp_path, monkeypatch):
    with open_simplification(tmp_path, PROGRAM, CONFIG) as records:
        simplified(records)
        monkeypatch.setattr(PlantedPool, "start", lambda *_: ok(1.5))
        with pytest.raises(RecordError, match="scores .1.5., where the simplification was made"):
            simplified(records)


def test_another_simplification_is_refused(pools, tmp_path):
    with open_simplification(tmp_path, PROGRAM, CONFIG) as records:
        simplified(records)
    other = CONFIG.model_copy(update={"tolerance": 0.5})
    with (
        pytest.raises(RecordError, match="config.tolerance is 0.02 there and 0.5 here"),
        open_simplification(tmp_path, PROGRAM, other),
    ):
        pass
    elsewhere = CONFIG.model_copy(update={"workers": 7})
    with open_simplification(tmp_path, PROGRAM, elsewhere) as records:
        assert records.trainings()
