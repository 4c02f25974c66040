"""Functions of the user in workers: known while they score, and missing modules in one line."""

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false

import cloudpickle

from lionhunt import dsl
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.dsl.op_table import OPS, OpTable
from lionhunt.search.workers.open_pool import ScorerWithFunctions, open_pool_of
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
    text = "def f(w, g, lr): return twice(g) * lr"
    with OpTable((own_op(digest="1"),)):
        name = dsl.fingerprint(dsl.parse(text))
    with cloudpickle.loads(cloudpickle.dumps(OpTable((own_op(digest="1"),)))):
        program = dsl.parse(text)
        assert dsl.fingerprint(program) == name
        assert assemble(program).functions == {"twice", "multiply"}
