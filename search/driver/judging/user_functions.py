"""The user's functions that the driver calls: fitness and mutations."""

from lionhunt.search.driver.config import RunConfig
from lionhunt.search.driver.judging.config import EvaluationConfig
from lionhunt.search.evolution.extra import ExtraMutation
from lionhunt.search.user_code.user_function import UserFunction


def load_fitness(config: EvaluationConfig) -> UserFunction | None:
    """Load the user's function of fitness; None if the config names none.

    Raises:
        SourceError: there is no such function, or it takes other arguments.
    """
    if config.fitness is None:
        return None
    return UserFunction(config.fitness, ("evaluated",), config.candidate_seconds)


def load_mutations(config: RunConfig) -> tuple[ExtraMutation, ...]:
    """Load the user's mutations.

    Raises:
        SourceError: there is no such function, or it takes other arguments.
    """
    seconds = config.evaluation.candidate_seconds
    return tuple(ExtraMutation(reference, seconds) for reference in config.mutation.extra)


def check_user_functions(config: RunConfig) -> None:
    """Load all of the user's functions, so that a fault shows before the workers start."""
    load_fitness(config.evaluation)
    load_mutations(config)
