"""Mutations of the user: functions of a program, a random generator and the mutation space.

They return a program. One that is invalid, or outside the space, is drawn again.
"""

import random
from typing import TYPE_CHECKING, Any

from lionhunt.dsl.program import InvalidProgram, Program, Var
from lionhunt.dsl.text.parser import ProgramError, parse
from lionhunt.dsl.validation import infer
from lionhunt.errors import LionhuntError
from lionhunt.search.errors import OutOfTimeError, UserCodeError
from lionhunt.search.user_code.user_function import UserFunction

if TYPE_CHECKING:
    from lionhunt.search.evolution.mutation_space import MutationSpace

CHECK_EVERY = 50
"""Calls from one that is made twice, with equal generators, to the next."""

MAX_FAULTS = 20
"""Calls in a row that may raise, or return no program; after them the run stops."""


class InvalidMutant(LionhuntError):
    """A mutant that cannot run, or is outside the mutation space."""


class ExtraMutation:
    """A mutation of the user.

    Args:
        reference: names the function.
        seconds: longest time of a call.

    Attributes:
        name: of the mutation, as `my_mutation.graft`.

    Raises:
        SourceError: there is no such function, or it takes other arguments.
    """

    def __init__(self, reference: str, seconds: float):
        self._function = UserFunction(reference, ("program", "rng", "space"), seconds)
        self.name = self._function.name
        self._num_calls = 0
        self._num_faults = 0

    def __call__(self, program: Program, rng: random.Random, space: "MutationSpace") -> Program:
        """Return a mutant, which may be the program itself.

        Raises:
            InvalidMutant: this one cannot be used; draw again.
            UserCodeError: the function failed too often in a row, draws from another source of
                randomness, or takes too long.
        """
        before = rng.getstate()
        returned = self._try(program, rng, space)
        if self._num_calls % CHECK_EVERY == 0:
            after, again = rng.getstate(), random.Random()
            again.setstate(before)
            if self._try(program, again, space) != returned or again.getstate() != after:
                raise self._function.fault(
                    "returns two programs for one state of the random generator; draw from the "
                    "generator it gets alone"
                )
        self._num_calls += 1
        if isinstance(returned, str):
            self._num_faults += 1
            if self._num_faults == MAX_FAULTS:
                raise UserCodeError(f"{returned}, {MAX_FAULTS} times in a row")
            raise InvalidMutant(returned)
        self._num_faults = 0
        check_mutant(returned, program, space)
        return returned

    def _try(self, program: Program, rng: random.Random, space: "MutationSpace") -> Program | str:
        """Return what the function returns if that is a program, else its fault."""
        try:
            returned: Any = self._function(program, rng, space)
        except OutOfTimeError:
            raise
        except UserCodeError as error:
            return str(error)
        if isinstance(returned, Program):
            return returned
        kind = type(returned).__name__
        return str(self._function.fault(f"returns {kind}, where a Program belongs"))


def check_mutant(mutant: Program, program: Program, space: "MutationSpace") -> None:
    """Check a mutant that comes from elsewhere.

    Args:
        mutant: any value of the class.
        program: the parent.
        space: the allowed mutations.

    Raises:
        InvalidMutant: it cannot run, cannot be read again from its text, is too long, applies a
            function that neither the space nor the parent has, or changes the step.
    """
    try:
        infer(mutant)
        if parse(str(mutant)) != mutant:
            raise InvalidMutant("it reads otherwise than it is written")
    except InvalidProgram as error:
        raise InvalidMutant(error.reason) from None
    except ProgramError as error:
        raise InvalidMutant(error.reason) from None
    # A program of the user may hold values of any types.
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise InvalidMutant(str(error)) from None
    most = space.max_statements
    if most is not None and len(mutant.statements) > max(most, len(program.statements)):
        raise InvalidMutant(f"it has {len(mutant.statements)} statements, more than {most}")
    known = {*space.functions, *(statement.op for statement in program.statements)}
    if others := {statement.op for statement in mutant.statements} - known:
        raise InvalidMutant(f"{min(others)} is not in the functions of the space")
    if space.step.num_statements:
        _check_step(mutant, program, space)


def _check_step(mutant: Program, program: Program, space: "MutationSpace") -> None:
    """Raise `InvalidMutant` if a mutant does not end with the step of its parent."""
    step, end = space.step, len(mutant.statements) - space.step.num_statements
    own, of_parent = (
        (
            each.statements[-step.num_statements :],
            each.outputs[0],
            each.weights,
            each.gradient,
            each.schedule,
        )
        for each in (mutant, program)
    )
    if own != of_parent:
        raise InvalidMutant("it changes the step")
    for statement in mutant.statements[: max(end, 0)]:
        read = {arg.name for arg in statement.args if isinstance(arg, Var)}
        if read & step.unread or statement.target in step.unassigned:
            raise InvalidMutant("it reads or assigns a variable of the step before it")
    late = {Var(statement.target) for statement in mutant.statements[end:]}
    if (late | {Var(mutant.schedule)}).intersection(mutant.outputs[1:]):
        raise InvalidMutant("it keeps a part of its step as a state")
