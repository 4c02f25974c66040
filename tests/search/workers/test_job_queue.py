"""The queue of jobs: its batches and their order."""

import numpy as np

from lionhunt import dsl
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.search.evaluation.job import Job
from lionhunt.search.workers.job_queue import JobQueue

SMALL = assemble(dsl.library.load("lion"))
LARGE = SMALL._replace(vector_registers=np.zeros((16, 0), np.float32))


def queue(batch_size: int, names: str) -> JobQueue:
    """Make a queue of jobs; a capital letter names a large job."""
    jobs = JobQueue(batch_size)
    for name in names:
        jobs.put(Job(name, LARGE if name.isupper() else SMALL))
    return jobs


def take_all(jobs: JobQueue, **options) -> list[str]:
    taken = []
    while batch := jobs.take(**options):
        taken.append("".join(job.name for job in batch))
    return taken


def test_one_by_one_in_order():
    assert take_all(queue(1, "aBcD"), only_full=True) == ["a", "B", "c", "D"]


def test_batch_holds_one_size_and_others_keep_their_order():
    assert take_all(queue(3, "aBcDeFgh")) == ["ace", "BDF", "gh"]


def test_batch_that_may_grow_is_left():
    jobs = queue(3, "abcd")
    assert take_all(jobs, only_full=True) == ["abc"]
    jobs.put(Job("e", SMALL))
    assert take_all(jobs, only_full=True) == []
    jobs.put(Job("f", SMALL))
    assert take_all(jobs, only_full=True) == ["def"]


def test_batch_to_be_scored_without_others_stays_so():
    jobs = queue(3, "a")
    jobs.put_batch([Job("x", SMALL)])
    jobs.put(Job("b", SMALL))
    assert take_all(jobs) == ["ab", "x"]
    jobs.put_batch([Job("y", SMALL)])
    assert take_all(jobs, only_full=True) == ["y"]
    jobs.put(Job("z", SMALL))
    jobs.clear()
    assert take_all(jobs) == []
