"""The outcome of scoring a candidate: its status, its measurement and its fitness."""

import dataclasses
import enum
import itertools
import math
from typing import NamedTuple


class Status(enum.StrEnum):
    """The end of an evaluation; all but `OK` are failures, without a fitness."""

    OK = "ok"
    NOT_FINITE = "not_finite"
    """The loss or the score became NaN or infinite."""
    HURDLE = "hurdle"
    """The loss was above a hurdle, and training stopped early."""
    REJECTED = "rejected"
    """The program lacks a required property, and was not trained."""
    CRASHED = "crashed"
    """The worker died, four times."""
    OUT_OF_MEMORY = "out_of_memory"
    """Memory ran out, four times."""
    TIMED_OUT = "timed_out"
    """The wall clock ran out, twice: the only status that is not reproducible."""
    RAISED = "raised"
    """Training raised an error, four times, while the reference trained in between."""
    UNFIT = "unfit"
    """The program trained, and the user's function of fitness returned None."""


class EvaluationId(NamedTuple):
    """The name of an evaluation: FINGERPRINT, or FINGERPRINT#NUMBER for a later one.

    Attributes:
        owner: the fingerprint of the evaluated program.
        number: of the evaluation, from 1; each has a seed of its own.
    """

    owner: str
    number: int = 1

    @classmethod
    def parse(cls, text: str) -> "EvaluationId":
        """Parse the text of a name."""
        owner, _, number = text.partition("#")
        return cls(owner, int(number or 1))

    def up_to(self, first: int = 1) -> list["EvaluationId"]:
        """Return the evaluations of the same program from number `first` to this one."""
        return [self._replace(number=number) for number in range(first, self.number + 1)]

    @property
    def of_fitness(self) -> list["EvaluationId"]:
        """Return the evaluations that fitness is a mean of, where this is the last one.

        The first one made the program train further, so its gain is too high.
        """
        return self.up_to(2) or [self]

    def __str__(self) -> str:
        return self.owner if self.number == 1 else f"{self.owner}#{self.number}"


@dataclasses.dataclass(frozen=True)
class Measurement:
    """The scores and losses that a worker measured for a candidate.

    Attributes:
        status: the end of the evaluation.
        scores: one validation metric for each task, in order; empty unless the status is OK.
        curves: training losses of each task that was begun, by chunk.
        seconds: wall clock; in a batch, its share of that of the batch.
        error: type and first line of the error it raised; not recorded.
        multiples: of the update, for each task that was begun the best one; empty where it trained
            with the update as it is.
        num_chunks: chunks of training that all multiples ran together.
    """

    status: Status
    scores: tuple[float, ...] = ()
    curves: tuple[tuple[float, ...], ...] = ()
    seconds: float = 0.0
    error: str = dataclasses.field(default="", compare=False)
    multiples: tuple[float, ...] = ()
    num_chunks: int = dataclasses.field(default=0, compare=False)

    @property
    def status_text(self) -> str:
        """Return the status in words, with the error if there was one."""
        return f"{self.status.value}: {self.error}" if self.error else self.status.value

    def __post_init__(self):
        if (self.status is Status.OK) != bool(self.scores):
            raise ValueError(f"{len(self.scores)} scores with status {self.status}")
        if not all(map(math.isfinite, self.scores)):
            raise ValueError(f"scores {self.scores} must be finite")


class Difference(NamedTuple):
    """The first difference between two trainings of one program.

    Attributes:
        verb: the words between the program and a number.
        recorded: the number, or numbers, of the older training.
        current: those of the newer training.
    """

    verb: str
    recorded: str
    current: str


def first_difference(recorded: Measurement, current: Measurement) -> Difference | None:
    """Return where two measurements of one program differ, or None if they agree to the bit.

    Losses are compared too: scores that are counts out of a few hundred may agree by chance.
    """
    losses = itertools.zip_longest(*(itertools.chain(*m.curves) for m in (recorded, current)))
    pairs = [
        ("ends", recorded.status.value, current.status.value),
        ("scores", list(recorded.scores), list(current.scores)),
        *(("has a training loss of", *pair) for pair in losses),
    ]
    for verb, *pair in pairs:
        # As text, NaN equals NaN.
        old, new = map(str, pair)
        if old != new:
            return Difference(verb, old, new)
    return None


@dataclasses.dataclass(frozen=True)
class Outcome:
    """A measurement with its fitness in a run.

    Attributes:
        measurement: of the candidate.
        fitness: higher is better; None unless the status is OK.
        objectives: further numbers of the user's function of fitness; higher is better.
    """

    measurement: Measurement
    fitness: float | None
    objectives: tuple[float, ...] = ()

    def __post_init__(self):
        is_ok = self.measurement.status is Status.OK
        if is_ok != (self.fitness is not None):
            raise ValueError(f"fitness {self.fitness} with status {self.measurement.status}")
        if self.fitness is not None and not math.isfinite(self.fitness):
            raise ValueError(f"fitness {self.fitness} must be finite")
