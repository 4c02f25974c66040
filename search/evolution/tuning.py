"""Constants of a program, tuned by CMA-ES from the programs that were tried before.

Nothing is kept but the history. A tuner hears of the programs that came from its own, in order of
birth. Then it draws the constants of the next one.

Hansen, 2016 (arXiv:1604.00772): the CMA evolution strategy. The implementation is `cmaes`.
"""

import math

import numpy as np
from cmaes import CMA

from lionhunt.dsl.analysis.liveness import find_live
from lionhunt.dsl.edits.statements import replace_argument
from lionhunt.dsl.float32 import shortest
from lionhunt.dsl.program import Const, Program, Var
from lionhunt.search.evolution.step import INSIDE, Step

SPREAD = 0.5
"""Standard deviation of the first draws. In a scaling mutation it is log(2) = 0.69."""
LEAST_SPREAD = 0.02
"""Range of a generation, on every axis, below which a program is tuned: 2 % of a constant."""
MAX_TRIALS = 100
"""Children per constant after which a program is not tuned any longer."""
_LARGEST = 60.0
"""Largest logarithm of a constant; float32 ends at 88."""
_LARGEST_LOGIT = 16.0
"""Largest logit of a decay; float32 has 1 at 17."""

Place = tuple[int, int]
"""The positions of a statement and of its argument."""


class Tuner:
    """CMA-ES over the constants of one program.

    Equal constants are one, as a decay that stands in two places. Left alone are constants of
    redundant statements and of the step, 0, 1 and -1, and whole or half exponents.
    The coordinate of a constant from 0.5 to 1 is its logit, so that decays near 1 stay below it.
    The coordinate of another is the logarithm of its size, and its sign stays.

    Args:
        program: to tune.
        step: protected end of the program.
    """

    def __init__(self, program: Program, step: Step = INSIDE):
        self._program = program
        self._places = tunable_places(program, step)
        self._values = list(self._places)
        self._is_decay = np.array([0.5 <= value < 1 for value in self._values], bool)
        self._sign = np.sign(self._values)
        self._generation: list[tuple[np.ndarray, float]] = []
        self._num_told = 0
        self._spread = math.inf
        if self._values:
            self._cma = CMA(self._coordinates(program), SPREAD, seed=0)

    @property
    def is_done(self) -> bool:
        """Return whether further children are of no use."""
        is_over = self._num_told >= MAX_TRIALS * len(self._values)
        return is_over or self._spread < LEAST_SPREAD

    def tell(self, program: Program, rank: float) -> None:
        """Tell the rank of a program that differs in the constants alone.

        Args:
            program: the program; tell the older first.
            rank: minus infinity for a failure.

        Raises:
            ValueError: the program differs otherwise.
        """
        if _skeleton(program) != _skeleton(self._program):
            raise ValueError("the program differs in more than its constants")
        self._num_told += 1
        self._generation.append((self._coordinates(program), -rank))
        # Draws of earlier generations count too: waiting for the present one would take the lag.
        if len(self._generation) == self._cma.population_size:
            self._spread = float(np.ptp([x for x, _ in self._generation], axis=0).max())
            self._cma.tell(self._generation)
            self._generation = []

    def ask(self, seed: int) -> Program:
        """Return the program with new constants.

        Args:
            seed: of the draw.
        """
        self._cma.reseed_rng(seed)
        x = self._cma.ask()
        program = self._program
        for new, places in zip(self._constants(x), self._places.values(), strict=True):
            for place in places:
                program = replace_argument(program, *place, Const(shortest(float(new))))
        return program

    def _coordinates(self, program: Program) -> np.ndarray:
        places = [places[0] for places in self._places.values()]
        values = [program.statements[i].args[position] for i, position in places]
        size = np.abs([value.value for value in values if isinstance(value, Const)])
        with np.errstate(divide="ignore"):
            logs = np.clip(np.log(size), -_LARGEST, _LARGEST)
            rest = np.log1p(-np.where(self._is_decay, size, 0.0))
        logits = np.clip(logs - rest, -_LARGEST_LOGIT, _LARGEST_LOGIT)
        return np.where(self._is_decay, logits, logs)

    def _constants(self, x: np.ndarray) -> np.ndarray:
        logits = np.clip(x, -_LARGEST_LOGIT, _LARGEST_LOGIT)
        sizes = np.exp(np.clip(x, -_LARGEST, _LARGEST))
        return self._sign * np.where(self._is_decay, 1 / (1 + np.exp(-logits)), sizes)


def _skeleton(program: Program) -> list[object]:
    """Return the program without its constants."""
    return [
        (statement.target, statement.op, *[arg for arg in statement.args if isinstance(arg, Var)])
        for statement in program.statements
    ]


def tunable_places(program: Program, step: Step = INSIDE) -> dict[float, list[Place]]:
    """Return the constants of a program that `Tuner` tunes, each with its places."""
    needed, _ = find_live(program)
    places: dict[float, list[Place]] = {}
    for index in range(len(program.statements) - step.num_statements):
        statement = program.statements[index]
        for position, arg in enumerate(statement.args if needed[index] else ()):
            if not isinstance(arg, Const) or arg.value in (0.0, 1.0, -1.0):
                continue
            is_exponent = statement.op == "power" and position == 1
            if not (is_exponent and (2 * arg.value).is_integer()):
                places.setdefault(arg.value, []).append((index, position))
    return places
