"""Digests of Python objects: equal for equal content in any process, else different."""

import dataclasses
import functools
import subprocess
import sys

import numpy as np
import pytest

from lionhunt.proxy_tasks import TaskError
from lionhunt.search.user_code.content_digest import digest_of_data, digest_of_object

FACTOR = 2


def double(x):
    return FACTOR * x


def twice(x):
    return double(double(x))


def scale(factor):
    return lambda x: factor * x


@dataclasses.dataclass(frozen=True)
class Scale:
    factor: float

    def __call__(self, x):
        return self.factor * x


def digest(value) -> str:
    return digest_of_object(value, "mine")


def test_all_that_a_function_reads_counts(monkeypatch):
    before = {f: digest(f) for f in (double, twice)}
    assert before == {f: digest(f) for f in (double, twice)} and len(set(before.values())) == 2
    monkeypatch.setattr(sys.modules[__name__], "FACTOR", 3)
    assert all(digest(f) != old for f, old in before.items())


PAIRS = [
    (scale(2), scale(3)),
    (Scale(2.0), Scale(3.0)),
    (functools.partial(double, 2), functools.partial(double, 3)),
    (scale(np.ones(3)), scale(np.zeros(3))),
    (scale(np.ones(3)), scale(np.ones(4))),
    ({"a": [1, 2]}, {"a": [2, 1]}),
    ((1,), [1]),
    (1, 1.0),
    (np.float32(1), np.float64(1)),
    (np.sin, np.cos),
    (lambda x, y=1: x, lambda x, y=2: x),
    (Scale(2.0).__call__, Scale(3.0).__call__),
    ({"a", "b"}, {"a", "c"}),
]


@pytest.mark.parametrize("number", range(len(PAIRS)))
def test_different_contents_have_different_digests(number):
    one, other = PAIRS[number]
    assert digest(one) != digest(other)
    assert digest(one) == digest(one)


def test_equal_contents_have_equal_digests():
    assert digest(scale(2)) == digest(scale(2)) and digest(Scale(2.0)) == digest(Scale(2.0))
    assert digest({"b", "a", "c"}) == digest({"c", "a", "b"})

    def again(x):
        return again(x - 1) if x else 0

    assert digest(again) == digest(again)


def test_other_processes_agree():
    code = """
import numpy as np
from lionhunt.search.user_code.content_digest import digest_of_object
FACTOR = 2
def f(x, names=frozenset("abc")):
    return (lambda y: FACTOR * y)(x) + np.sin(x) + (x in {"p", "q", "r"})
print(digest_of_object([f, {"a", "b"}, np.arange(3)], "mine"))
"""
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_what_has_no_content_is_named():
    with pytest.raises(TaskError, match=r"nothing identifies factor, which .*reads: a generator"):
        digest(scale(x for x in ()))


def test_trees_of_data():
    a, b = np.zeros(3), np.ones(2)
    trees = [{"a": a}, {"b": a}, (a,), (a, b), (b, a), ()]
    assert len({digest_of_data(tree) for tree in trees}) == len(trees)
