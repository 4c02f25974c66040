"""Resuming a store: the same experiment is continued, another one is refused."""

import pytest

from lionhunt.search.errors import RecordError
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.selection.store import SelectionStore
from lionhunt.search.storage.resume import create_or_resume

INFO = {"seed": 1, "workers": 2, "versions": {}}


def identity(info):
    return {"seed": info["seed"]}


def measurement(score):
    return Measurement(Status.OK, (score,), ((1.0,),))


def open_store(folder, **changes):
    return create_or_resume(SelectionStore, folder, INFO | changes, identity)


@pytest.fixture
def begun(tmp_path):
    with open_store(tmp_path) as records:
        records.add_measurement("stage 1", "name", 0, measurement(0.5))
        records.commit()
    return tmp_path


def test_a_store_is_created_once_and_then_resumed(begun):
    with open_store(begun, workers=9) as records:
        assert records.info() == INFO and records.is_begun()


def test_another_experiment_is_refused_and_left_alone(begun):
    before = (begun / "selection.sqlite").read_bytes()
    message = r"holds another selection \(seed is 1 there and 2 here\); choose another --out"
    with pytest.raises(RecordError, match=message):
        with open_store(begun, seed=2):
            pass
    assert (begun / "selection.sqlite").read_bytes() == before
