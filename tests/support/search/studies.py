"""Small studies, scored by a formula of program and seed."""

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
    """Return a measurement that depends on the seed, too."""
    measurement = score_job(job, score)
    if measurement.status is not Status.OK:
        return measurement
    scores = (measurement.scores[0] + 0.01 * job.seed,)
    return Measurement(measurement.status, scores, measurement.curves, 0.25)


class SeedPool(FormulaPool):
    """A pool that returns jobs in random order, a few at a time."""

    def start(self, reference):
        return score_with(reference)

    def wait(self, seconds):
        self.rng.shuffle(self.queue)
        count = self.rng.randrange(min(4, len(self.queue)) + 1)
        taken, self.queue = self.queue[:count], self.queue[count:]
        return [(job.name, score_with(job)) for job in taken]


class Pools:
    """A list of opened pools."""

    def __init__(self):
        self.opened: list[SeedPool] = []

    @contextmanager
    def open(self):
        self.opened.append(SeedPool(len(self.opened)))
        yield self.opened[-1]


def finish(folder, pools, **changes):
    """Make or resume a study, to its end."""
    events = Study(config(**changes), folder, pools.open).run()
    while True:
        try:
            next(events)
        except StopIteration as stop:
            return stop.value
