"""What came of scoring a candidate: a fitness, or the reason why there is none."""

import dataclasses
import enum
import itertools
import math
from typing import NamedTuple


class Status(enum.StrEnum):
    """Why an outcome is what it is."""

    OK = "ok"
    NOT_FINITE = "not_finite"
    """The loss or the score became NaN or infinite."""
    HURDLE = "hurdle"
    """Its loss was above a hurdle of its run, and training stopped early."""
    CRASHED = "crashed"
    """Its workers died, four times."""
    OUT_OF_MEMORY = "out_of_memory"
    """There was not enough for it, four times."""
    TIMED_OUT = "timed_out"
    """It was stopped by the wall clock, twice: the one reason that is not reproducible."""
    RAISED = "raised"
    """Its training raised an error, four times, where the reference trained in between."""


class EvaluationId(NamedTuple):
    """The name of an outcome, as text FINGERPRINT, or FINGERPRINT#NUMBER of a later evaluation.

    Attributes:
        owner: the fingerprint of the program that it is the outcome of.
        number: of the evaluation, from 1; each has a seed of its own.
    """

    owner: str
    number: int = 1

    @classmethod
    def parse(cls, text: str) -> "EvaluationId":
        """The name that reads so."""
        owner, _, number = text.partition("#")
        return cls(owner, int(number or 1))

    def __str__(self) -> str:
        return self.owner if self.number == 1 else f"{self.owner}#{self.number}"


@dataclasses.dataclass(frozen=True)
class Measurement:
    """What a worker saw of a candidate.

    Attributes:
        reason: whether it ran to its end.
        scores: one validation metric for each task, in order; empty unless the reason is OK.
        curves: training losses of each task that was begun, by chunk.
        seconds: wall clock; in a batch, its share of that of the batch.
        error: type and first line of what it raised; not recorded.
    """

    status: Status
    scores: tuple[float, ...] = ()
    curves: tuple[tuple[float, ...], ...] = ()
    seconds: float = 0.0
    error: str = dataclasses.field(default="", compare=False)

    @property
    def status_text(self) -> str:
        """The reason in words: with the error, if there was one."""
        return f"{self.status.value}: {self.error}" if self.error else self.status.value

    def __post_init__(self):
        if (self.status is Status.OK) != bool(self.scores):
            raise ValueError(f"{len(self.scores)} scores with reason {self.status}")
        if not all(map(math.isfinite, self.scores)):
            raise ValueError(f"scores {self.scores} must be finite")


class Difference(NamedTuple):
    """Where two trainings of one program part.

    Attributes:
        verb: what it does to get a number.
        there: the number, or numbers, of one.
        here: those of the other.
    """

    verb: str
    there: str
    here: str


def first_difference(there: Measurement, here: Measurement) -> Difference | None:
    """Where two measurements of one program part; None if the trainings are alike to the bit.

    Scores alone may be alike by chance: some are a count out of some hundred.
    """
    losses = itertools.zip_longest(*(itertools.chain(*m.curves) for m in (there, here)))
    pairs = [
        ("ends", there.status.value, here.status.value),
        ("scores", list(there.scores), list(here.scores)),
        *(("has a training loss of", *pair) for pair in losses),
    ]
    for verb, *pair in pairs:
        old, new = map(str, pair)  # as text NaN is like NaN
        if old != new:
            return Difference(verb, old, new)
    return None


@dataclasses.dataclass(frozen=True)
class Outcome:
    """A measurement, and the fitness that it means in its run.

    Attributes:
        measurement: what was seen.
        fitness: higher is better; None unless the reason is OK.
    """

    measurement: Measurement
    fitness: float | None

    def __post_init__(self):
        is_ok = self.measurement.status is Status.OK
        if is_ok != (self.fitness is not None):
            raise ValueError(f"fitness {self.fitness} with reason {self.measurement.status}")
        if self.fitness is not None and not math.isfinite(self.fitness):
            raise ValueError(f"fitness {self.fitness} must be finite")
