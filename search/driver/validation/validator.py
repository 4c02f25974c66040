"""The validator of a run: it trains the programs of the validation curve, and records them.

In a run with step sizes, a program trains with grids of multiples of its update. The first grid is
around its multiple in the search. Further ones are around the best so far, until that stays. The
reference is treated alike, so no program gains by a step size.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

from lionhunt.dsl.analysis.canonical import canonicalize
from lionhunt.dsl.execution.bytecode import Bytecode, assemble_canonical
from lionhunt.dsl.program import Program
from lionhunt.search.driver.config import RunConfig
from lionhunt.search.driver.run_log import log_stopped
from lionhunt.search.driver.validation.curve import ValidationCurve
from lionhunt.search.environment import check_same_machine
from lionhunt.search.errors import ConfigError, command_line
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.evaluation.step_sizes import MAX_ROUNDS, Multiples, common_multiple, grids
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.workers.pool import Pool

Measured = list[tuple[str, Measurement]]


@dataclasses.dataclass
class _ValidationTraining:
    """A program that trains on one validation task.

    Attributes:
        owner: its fingerprint.
        task: number of the task, among those of validation.
        bytecode: of the program.
        center: multiple in the middle of the grid.
        num_rounds: grids so far.
        recorded: the measurement of the same training by an earlier session, to compare with.
    """

    owner: str
    task: int
    bytecode: Bytecode
    center: float
    num_rounds: int = 0
    recorded: Measurement | None = None


class Validator:
    """The trainings of a validation curve, in the pool of the run.

    Args:
        config: configuration of the run.
        curve: of the run; None if it has no validation tasks.
        records: store of the run.
        pool: of the run; it also scores its children.
        current_setup: builds the setup of the run on this machine.
    """

    def __init__(
        self,
        config: RunConfig,
        curve: ValidationCurve | None,
        records: RunStore,
        pool: Pool,
        current_setup: Callable[[], dict[str, Any]],
    ):
        self._config = config
        self._curve = curve
        self._records = records
        self._pool = pool
        self._current_setup = current_setup
        self._in_flight: dict[str, _ValidationTraining] = {}
        """By the name of the job."""
        self._is_reference_done = False

    @property
    def is_waiting(self) -> bool:
        """Return True while a training is in flight."""
        return bool(self._in_flight)

    @property
    def is_pending(self) -> bool:
        """Return True while no further individual may be recorded."""
        return self._curve is not None and self._curve.is_pending

    def begin(self, multiples: Multiples) -> None:
        """Train the reference; where its trainings are recorded, compare them with new ones.

        Args:
            multiples: of the reference's update, in the search.
        """
        if self._curve is None:
            return
        reference = self._records.reference()
        for task in range(len(self._config.validation.tasks)):
            recorded = self._curve.measured.get((self._curve.reference, task))
            found = multiples if recorded is None else recorded.multiples
            self._start(self._curve.reference, task, reference, found, recorded)

    def submit(self) -> None:
        """Train the program of the last point, once the reference is done."""
        if self._curve is None or not self._is_reference_done or not self._curve.points:
            return
        best = self._curve.points[-1].best
        for task in self._curve.lacks(best.fingerprint):
            self._start(best.fingerprint, task, best.individual.program, best.multiples)

    def take(self, measured: Measured) -> Measured:
        """Take the measurements that are of validations, and return the others.

        Raises:
            ConfigError: the reference does not train on a validation task.
            RecordError: it trains otherwise than in an earlier session.
        """
        others = []
        for name, measurement in measured:
            if (validation := self._in_flight.pop(name, None)) is None:
                others.append((name, measurement))
            else:
                log_stopped(name, measurement)
                self._end_round(validation, measurement)
        return others

    def end(self) -> None:
        """Add the point at the end of the run, and train its program."""
        if self._curve is not None:
            self._curve.end()
            self.submit()

    def _start(
        self,
        owner: str,
        task: int,
        program: Program,
        multiples: Multiples,
        recorded: Measurement | None = None,
    ) -> None:
        if _name(owner, task) not in self._in_flight:
            bytecode = assemble_canonical(canonicalize(program))
            center = common_multiple(multiples)
            self._submit(_ValidationTraining(owner, task, bytecode, center, recorded=recorded))

    def _submit(self, validation: _ValidationTraining) -> None:
        step_sizes = self._config.evaluation.step_sizes
        if step_sizes and validation.recorded is not None:
            # The recorded training is that of the best multiple alone.
            step_sizes = (1.0,)
        multiples = grids((validation.center,), step_sizes) if step_sizes else ()
        name = _name(validation.owner, validation.task)
        number = len(self._config.tasks) + validation.task
        self._in_flight[name] = validation
        job = Job(name, validation.bytecode, task=number, multiples=multiples, is_urgent=True)
        self._pool.submit(job)

    def _end_round(self, validation: _ValidationTraining, measurement: Measurement) -> None:
        """Record a measurement, or train with the next grid."""
        assert self._curve is not None
        validation.num_rounds += 1
        is_ok = measurement.status is Status.OK
        is_reference = validation.owner == self._curve.reference
        if is_reference and not is_ok:
            name = self._config.validation.tasks[validation.task].name
            raise ConfigError(
                f"the initial program does not train on the validation task {name} "
                f"({measurement.status_text}); choose another task"
            )
        if validation.recorded is not None:
            anew = command_line("resume", self._records.path.parent, "--rescore")
            check_same_machine(
                validation.recorded,
                measurement,
                subject="the initial program, on a validation task,",
                noun="run",
                recorded_setup=self._records.info(),
                current_setup=self._current_setup,
                instead=f"run it anew here with: {anew}",
            )
        elif (
            is_ok
            and measurement.multiples not in ((), (validation.center,))
            and validation.num_rounds < MAX_ROUNDS
        ):
            (validation.center,) = measurement.multiples
            self._submit(validation)
            return
        else:
            self._curve.record(validation.owner, validation.task, measurement)
            self._records.add_validation(validation.owner, validation.task, measurement)
        if is_reference and not self._in_flight_of(self._curve.reference):
            self._is_reference_done = True
            self.submit()

    def _in_flight_of(self, owner: str) -> bool:
        return any(validation.owner == owner for validation in self._in_flight.values())


def _name(owner: str, task: int) -> str:
    """Return the name of a job; that of no evaluation is like it."""
    return f"validation {task + 1} of {owner}"
