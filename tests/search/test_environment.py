"""The environment of results, and the differences between two environments."""

import re

import jax
import pytest

from lionhunt.search import environment
from lionhunt.search.environment import (
    check_same_machine,
    environment_differences,
    summarize_environment,
)
from lionhunt.search.errors import RecordError
from lionhunt.search.evaluation.outcome import Measurement, Status, first_difference


def test_source_has_a_name_that_follows_its_text(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "PACKAGES", ("lone",))
    package = tmp_path / "lone"
    package.mkdir()
    digest = environment.source_digest.__wrapped__

    def written(text, name="module.py"):
        (package / name).parent.mkdir(exist_ok=True)
        (package / name).write_bytes(text)
        return digest()

    first = written(b"a = 1\n")
    assert re.fullmatch("[0-9a-f]{16}", first)
    assert written(b"a = 1\r\n") == first == written(b"of no matter", "__pycache__/module.pyc")
    assert written(b"a = 2\n") != first == written(b"a = 1\n")
    assert written(b"", "other.py") != first
    assert len({first, written(b"lion", "lion.py.txt"), written(b"lion", "lions.py.txt")}) == 3


def test_only_what_both_places_tell_is_a_difference():
    current = summarize_environment()
    assert current["jax_device"] == jax.devices()[0].device_kind
    assert list(environment_differences(current, current)) == []
    assert list(environment_differences({"versions": {}}, current)) == []
    recorded = current | {"jax_device": "Abacus", "versions": {"jax": "0.1"}}
    assert list(environment_differences(recorded, current)) == [
        f"jax 0.1 there and {jax.__version__} here",
        f"JAX device Abacus there and {current['jax_device']} here",
    ]


def test_another_machine_is_refused_with_what_differs():
    def check(score):
        first, measured = (Measurement(Status.OK, (s,), ((1.0,),)) for s in (0.5, score))
        check_same_machine(
            first,
            measured,
            subject="the reference",
            noun="selection",
            recorded_setup={"versions": {"jax": "0.1"}},
            current_setup=summarize_environment,
        )

    check(0.5)
    message = r"here the reference scores \[0.25\], where the selection was made \[0.5\] \(jax 0.1"
    with pytest.raises(RecordError, match=message):
        check(0.25)


def test_one_program_on_one_machine_trains_alike_to_the_bit():
    def trained(*curves, scores=(0.5,), status=Status.OK, seconds=1.0):
        return Measurement(status, scores, curves, seconds)

    first = trained((2.0, 1.0), (3.0,))
    assert first_difference(first, trained((2.0, 1.0), (3.0,), seconds=9.0)) is None
    failed = trained((float("nan"),), scores=(), status=Status.NOT_FINITE)
    again = trained((float("nan"),), scores=(), status=Status.NOT_FINITE)
    assert first_difference(failed, again) is None
    others = [
        (failed, ("ends", "ok", "not_finite")),
        (trained((2.0, 1.0), (3.0,), scores=(0.25,)), ("scores", "[0.5]", "[0.25]")),
        (trained((2.0, 1.0), (3.5,)), ("has a training loss of", "3.0", "3.5")),
        (trained((2.0, 1.0)), ("has a training loss of", "3.0", "None")),
    ]
    for other, difference in others:
        assert first_difference(first, other) == difference
