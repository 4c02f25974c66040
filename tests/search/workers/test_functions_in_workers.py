"""Functions of the user in workers: known while they score, and missing modules in one line."""

import importlib
import sys

import pytest

from lionhunt import dsl
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.dsl.op_table import OPS, OpTable
from lionhunt.search.errors import WorkerError
from lionhunt.search.workers.open_pool import ScorerWithFunctions, open_pool_of
from lionhunt.search.workers.ray_cluster import unpickled_by_worker
from tests.support.own_functions import own_op


class Knows:
    """A scorer that returns the known functions of the user."""

    def __init__(self):
        self.made_with = [op.name for op in OPS.values() if op.own]

    def evaluate(self, jobs):
        return [self.made_with, [op.name for op in OPS.values() if op.own]]


def test_scorer_knows_functions_while_it_is_made_and_scores():
    scorer = ScorerWithFunctions(OpTable((own_op(),)), Knows)
    assert scorer.evaluate([]) == [["twice"], ["twice"]]
    assert "twice" not in OPS


def test_pool_gets_the_functions_that_are_known_as_it_opens():
    with OpTable((own_op(),)):
        opened = open_pool_of(Knows, num_workers=0, candidate_seconds=1.0)
        with opened as pool:
            assert pool._scorer.evaluate([]) == [["twice"], ["twice"]]
    with open_pool_of(Knows, num_workers=0, candidate_seconds=1.0) as pool:
        assert pool._scorer.evaluate([]) == [[], []]


def test_functions_come_back_from_pickles():
    cloudpickle = pytest.importorskip("ray.cloudpickle")
    text = "def f(w, g, lr): return twice(g) * lr"
    with OpTable((own_op(digest="1"),)):
        name = dsl.fingerprint(dsl.parse(text))
    with cloudpickle.loads(cloudpickle.dumps(OpTable((own_op(digest="1"),)))):
        program = dsl.parse(text)
        assert dsl.fingerprint(program) == name
        assert assemble(program).functions == {"twice", "multiply"}


def test_a_module_that_a_worker_lacks_is_named_in_one_line(tmp_path, monkeypatch):
    (tmp_path / "only_here.py").write_text("def make():\n    return 3\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    make = unpickled_by_worker(importlib.import_module("only_here").make)
    assert make() == 3
    monkeypatch.delitem(sys.modules, "only_here")
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path != str(tmp_path)])
    importlib.invalidate_caches()
    with pytest.raises(WorkerError, match="No module named 'only_here'") as caught:
        make()
    assert "cannot import what your code needs" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_what_cannot_be_sent_is_one_line():
    with pytest.raises(WorkerError, match="workers cannot get your code") as caught:
        unpickled_by_worker((each for each in ()).__next__)
    assert len(str(caught.value).splitlines()) == 1
