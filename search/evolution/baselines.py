"""Baselines of evolution: programs drawn at random, and evolution of the constants alone."""

import random

from lionhunt.dsl.edits.statements import replace_argument
from lionhunt.dsl.program import Const, Program
from lionhunt.search.errors import MutationError
from lionhunt.search.evolution.mutation import add_counts, draw_constant, mutate, scale
from lionhunt.search.evolution.mutation_space import Mutant, MutationSpace
from lionhunt.search.evolution.regularized import Individual

END_OF_MUTATIONS = 64
"""The number of mutations of a random program stays below it.

The last programs of a quickstart are 63 to 73 mutations away from the initial one. That is with
10,000 programs, population 200 and tournament 4.
"""


def vary_constant(
    program: Program,
    rng: random.Random,
    space: MutationSpace,
    identity: object = None,
    mate: object = None,
) -> Mutant:
    """Change one constant of a program, as mutation changes a constant.

    The new constant is drawn from N(0, 1), or is the old one times 2^a, a ~ N(0, 1). Chen et al.,
    2023 (arXiv:2302.06675) tuned the hyperparameters of AdamW in this way, as a baseline.

    Args:
        program: the parent; the constants of redundant statements count too.
        rng: the source of all randomness.
        space: its step keeps its constants.
        identity, mate: unused; they give the function the signature of
            `search.evolution.mutation.mutate`.

    Returns:
        "constant", the mutant, and the number of draws.

    Raises:
        MutationError: the program has no constant.
    """
    end = len(program.statements) - space.step.num_statements
    places = [place for place in constant_places(program) if place[0] < end]
    if not places:
        raise MutationError(
            "the initial program has no constant to vary; choose another initial program"
        )
    num_draws = 0
    while True:
        num_draws += 1
        index, position, old = rng.choice(places)
        new = scale(old, rng) if rng.random() < 0.5 else draw_constant(rng)
        if new != old:
            mutant = replace_argument(program, index, position, new)
            return Mutant("constant", mutant, num_draws)


def constant_places(program: Program) -> list[tuple[int, int, Const]]:
    """Return all constants of a program, each with the positions of its statement and argument."""
    return [
        (index, position, arg)
        for index, statement in enumerate(program.statements)
        for position, arg in enumerate(statement.args)
        if isinstance(arg, Const)
    ]


def draw_individual(
    history: object,
    fitness: object,
    index: int,
    *,
    initial: Program,
    seed: int,
    space: MutationSpace,
    identities: object = None,
) -> Individual:
    """Draw individual `index` of a random search: the initial program after random mutations.

    The individual depends on the run's seed and its own number, and on no other individual. The
    number of mutations is log-uniform below `END_OF_MUTATIONS`: one mutation is as likely as 32 to
    63. The programs have the lengths that evolution visits, and lack only its selection. The
    "random programs" of Chen et al., 2023 (arXiv:2302.06675) make a weaker baseline: 2 million of
    them do not reach AdamW.

    Args:
        history, fitness, identities: unused; they give the function the signature of
            `search.evolution.regularized.breed`.
        index: of the individual.
        initial: the initial program of the run.
        seed: of the run.
        space: the allowed mutations.

    Raises:
        MutationError: a program on the way has no valid mutation.
    """
    rng = random.Random((seed << 64) | index)
    num_mutations = int(END_OF_MUTATIONS ** rng.random())
    last = Mutant("random", initial, 0)
    for _ in range(num_mutations):
        drawn = mutate(last.program, rng, space)
        num_draws, invalid = last.num_draws + drawn.num_draws, last.invalid
        last = Mutant("random", drawn.program, num_draws, None, add_counts(invalid, drawn.invalid))
    return Individual(index, 0, "random", last.program, last.num_draws, invalid=last.invalid)
