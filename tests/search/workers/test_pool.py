"""The measurement of a single job by a pool."""

from lionhunt import dsl
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.search.evaluation.job import Job
from lionhunt.search.workers.pool import measure_once
from tests.support.search.runs import FormulaPool, score


def test_single_job_is_waited_for():
    bytecode = assemble(dsl.library.load("lion"))
    for seed in range(5):
        assert measure_once(FormulaPool(seed), Job("lion", bytecode)) == score(bytecode)
