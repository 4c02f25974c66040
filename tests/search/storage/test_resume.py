"""Resuming a store: the same experiment is continued, another one is refused."""

import json

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lionhunt.proxy_tasks import FAMILIES
from lionhunt.search.errors import RecordError
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.fields import TaskOptions
from lionhunt.search.selection.store import SelectionStore
from lionhunt.search.storage.resume import create_or_resume, with_all_options

TASKS = pydantic.TypeAdapter(TaskOptions)
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


@given(st.sampled_from(sorted(FAMILIES)), st.data())
def test_records_without_newer_options_of_tasks_are_completed(kind, data):
    task = json.loads(TASKS.dump_json(FAMILIES[kind]()))
    lacking = [name for name in ("target_loss", "horizons", "reparametrization") if name in task]
    removed = data.draw(st.sets(st.sampled_from(lacking)))
    old = {key: value for key, value in task.items() if key not in removed}
    info = {"config": {"stages": [{"tasks": [old]}]}, "kind": "digits"}
    assert with_all_options(info) == {"config": {"stages": [{"tasks": [task]}]}, "kind": "digits"}
    changed = {"tasks": [task | {"target_loss": 2.0}]}
    assert with_all_options(changed) == changed
