"""What evolution is compared with: programs drawn at random, and evolution of constants alone."""

import random

from lionhunt.dsl.edits import statements as edit
from lionhunt.dsl.program import Const, Program
from lionhunt.search.errors import MutationError
from lionhunt.search.evolution.mutation import Mutant, MutationSpace, draw_constant, mutate, scale
from lionhunt.search.evolution.regularized import Individual

END_OF_MUTATIONS = 64
"""A random program has fewer; about as many separate the end of a quickstart from its beginning, 63
to 73 (10,000 programs, population 200, tournament 4)."""


def vary_constant(
    program: Program, rng: random.Random, space: object, identity: object = None
) -> Mutant:
    """Changes one constant, and nothing else, as mutation changes it where it comes upon one.

    A new one from N(0, 1), or the old one times 2^a, a ~ N(0, 1). Chen et al., 2023, tuned the
    hyper-parameters of AdamW in this way, as a baseline of its search.

    Args:
        program: any; its constants are those of all statements, also of redundant ones.
        rng: the source of all randomness.
        space, identity: not looked at; there so that it can take the place of
            `search.evolution.mutation.mutate`.

    Returns:
        "constant", the mutant, and the number of draws it took.

    Raises:
        MutationError: the program has no constant.
    """
    places = constant_places(program)
    if not places:
        raise MutationError("the initial program has no constant to vary; begin with another")
    num_draws = 0
    while True:
        num_draws += 1
        index, position, old = rng.choice(places)
        new = scale(old, rng) if rng.random() < 0.5 else draw_constant(rng)
        if new != old:
            return "constant", edit.replace_argument(program, index, position, new), num_draws


def constant_places(program: Program) -> list[tuple[int, int, Const]]:
    """All constants of a program: statement, argument, and the constant."""
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
    """Individual `index` of a random search: mutations of the initial program, and no selection.

    It depends on the run's seed and its own number, and on no other individual. The number of
    mutations is log-uniform below `END_OF_MUTATIONS`: as many programs are one mutation away as are
    32 to 63. So its programs are of the lengths that evolution visits, and it knows what evolution
    knows but for the fitness. The "random programs" of Chen et al., 2023, of which 2 million do not
    reach AdamW, know less, and would make a weaker baseline.

    Args:
        history, fitness, identities: not looked at; there so that it can take the place of
            `search.evolution.regularized.breed`.
        index: of the individual.
        initial: the program that the run begins with.
        seed: of the run.
        space: what mutation may do.

    Raises:
        MutationError: a program on the way has no valid mutation.
    """
    rng = random.Random((seed << 64) | index)
    num_mutations = int(END_OF_MUTATIONS ** rng.random())
    program, num_draws = initial, 0
    for _ in range(num_mutations):
        _, program, draws = mutate(program, rng, space)
        num_draws += draws
    return Individual(index, 0, "random", program, num_draws)
