"""Children in PyGlove: regularized evolution over a list of statements (Peng et al., 2020)."""

import random
from typing import Any

import pyglove

from lionhunt.search.evolution.mutation_space import DRAWN_FUNCTIONS

INPUTS = ("w", "g", "m", "v", "lr")
NUM_VARIABLES = 10
"""Variables that statements may assign, beside the inputs."""
LARGEST_CONSTANT = 3.0


class DnaBreeder:
    """PyGlove's own algorithm, fed with random fitness; its children join the population.

    Args:
        population_size: individuals of the population.
        num_statements: statements of each program; the number is fixed.
        tournament_size: contestants, drawn without replacement.
    """

    def __init__(self, population_size: int, num_statements: int, tournament_size: int):
        self._template = pyglove.template(make_space(num_statements))
        self._rng = random.Random(0)
        self._algorithm: Any = pyglove.evolution.regularized_evolution(
            population_size=population_size, tournament_size=tournament_size, seed=0
        )
        self._algorithm.setup(self._template.dna_spec())
        # The first ones are random, not children.
        for number in range(population_size):
            self(number)

    def __call__(self, number: int) -> Any:
        """Propose a child, and feed back a fitness."""
        dna = self._algorithm.propose()
        self._algorithm.feedback(dna, self._rng.random())
        return dna

    def decode(self, number: int) -> Any:
        """Propose a child, and build its program."""
        return self._template.decode(self(number))


def make_space(num_statements: int) -> Any:
    """Return the space of programs: five choices for each statement.

    A function that takes fewer than three arguments ignores the others.
    """
    names = [*INPUTS, *(f"v{number}" for number in range(1, NUM_VARIABLES + 1))]

    def argument() -> Any:
        constant = pyglove.floatv(-LARGEST_CONSTANT, LARGEST_CONSTANT)
        return pyglove.oneof([*names, constant])

    return pyglove.List(
        [
            pyglove.Dict(
                target=pyglove.oneof(names),
                function=pyglove.oneof(list(DRAWN_FUNCTIONS)),
                x=argument(),
                y=argument(),
                a=argument(),
            )
            for _ in range(num_statements)
        ]
    )
