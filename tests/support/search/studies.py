"""Small studies whose scores come from a formula of program and seed."""

from contextlib import contextmanager

from lionhunt.search.config import parse_config
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.paper.replication.config import StudyConfig
from lionhunt.search.paper.replication.loop import Study
from tests.support.search.runs import RAW, FormulaPool, score, score_job

STUDY = {"run": RAW | {"num_programs": 60}, "num_repeats": 2}


def config(**changes) -> StudyConfig:
    return parse_config(STUDY | changes, "test", StudyConfig)


def score_with(job) -> Measurement:
    """A measurement that depends on the seed too."""
    found = score_job(job, score)
    if found.status is not Status.OK:
        return found
    return Measurement(found.status, (found.scores[0] + 0.01 * job.seed,), found.curves, 0.25)


class SeedPool(FormulaPool):
    """Gives back what was submitted in a random order, a few at a time."""

    def start(self, reference):
        return score_with(reference)

    def wait(self, seconds):
        self.rng.shuffle(self.queue)
        count = self.rng.randrange(min(4, len(self.queue)) + 1)
        taken, self.queue = self.queue[:count], self.queue[count:]
        return [(job.name, score_with(job)) for job in taken]


class Pools:
    """Opens pools, and keeps them."""

    def __init__(self):
        self.opened: list[SeedPool] = []

    @contextmanager
    def open(self):
        self.opened.append(SeedPool(len(self.opened)))
        yield self.opened[-1]


def finish(folder, pools, **changes):
    """Makes a study, or goes on with it, to its end."""
    events = Study(config(**changes), folder, pools.open).run()
    while True:
        try:
            next(events)
        except StopIteration as stop:
            return stop.value
