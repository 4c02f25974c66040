"""Seeds of the evaluations of a program that is trained more than once."""

import random


def evaluation_seed(seed: int, number: int) -> int | None:
    """Return the 32-bit seed of an evaluation, or None for the first, which has the run's seed.

    Args:
        seed: of the run.
        number: of the evaluation, from 1.
    """
    if number == 1:
        return None
    return random.Random(f"evaluation {number} of run {seed}").getrandbits(32)
