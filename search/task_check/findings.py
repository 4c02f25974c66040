"""Findings about a task, from short trainings: what is sound, and what to change."""

import itertools
import math
from typing import NamedTuple

import numpy as np

from lionhunt.proxy_tasks.pytorch.task import TorchTask
from lionhunt.search.task_check.measure import TaskTrainings, TunedOptimizer

ERROR_QUANTILES = 1.96 + 0.84
"""Quantiles of the normal distribution for errors of 5 % and a power of 80 %."""
MANY_SEEDS = 16
"""More seeds than that make a search slow."""
SLOW_SECONDS = 5.0
"""A search trains thousands of programs."""


class TaskFinding(NamedTuple):
    """One finding.

    Attributes:
        about: a word or two.
        is_sound: False if the task should be changed.
        text: one sentence.
        advice: the change; empty if there is none.
    """

    about: str
    is_sound: bool
    text: str
    advice: str = ""


def find_all(measured: TaskTrainings) -> list[TaskFinding]:
    """Return all findings about a task, in the order in which to mend it."""
    found = [
        _find_randomness(measured),
        _find_gradients(measured),
        _find_learning(measured),
        _find_spread(measured),
        _find_distinction(measured),
        _find_cost(measured),
    ]
    return found


def _find_randomness(measured: TaskTrainings) -> TaskFinding:
    about = "repeats"
    if not measured.has_same_data:
        return TaskFinding(
            about,
            False,
            "two builds of the task have different data",
            "draw what build makes from a fixed seed, as numpy.random.default_rng(0)",
        )
    if not measured.repeats and isinstance(measured.task, TorchTask):
        return TaskFinding(
            about,
            False,
            "two trainings with one seed differ",
            "draw all random numbers from the global generators of torch, NumPy and Python, or "
            "from the argument seed",
        )
    if not measured.repeats:
        return TaskFinding(
            about,
            False,
            "two trainings with one key differ",
            "take all randomness from the key, by jax.random; random and numpy.random draw anew "
            "each time that the task is compiled",
        )
    return TaskFinding(about, True, "two builds train alike, to the bit")


def _find_gradients(measured: TaskTrainings) -> TaskFinding:
    about = "gradients"
    if not all(gradient.is_finite for gradient in measured.gradients):
        return TaskFinding(
            about,
            False,
            "the first gradient is not finite",
            "look for a division by zero, a logarithm of zero or a square root at zero in the loss",
        )
    still = set.intersection(*(set(gradient.still) for gradient in measured.gradients))
    if still:
        names = ", ".join(f"params{place}" for place in sorted(still))
        return TaskFinding(
            about,
            False,
            f"the gradient of {names} is zero for every seed",
            "let the loss depend on it, start it elsewhere, or take it out of the parameters",
        )
    return TaskFinding(about, True, "the first gradients are finite")


def _find_learning(measured: TaskTrainings) -> TaskFinding:
    about = "learning"
    best = measured.best
    if not all(map(math.isfinite, best.scores)):
        return TaskFinding(
            about,
            False,
            "every optimizer fails on some seed",
            "scale the inputs and the loss, so that it is about 1 at the start",
        )
    first, last = (float(np.mean([each.curve[i] for each in best.trained])) for i in (0, -1))
    start, end = float(np.mean(measured.before)), float(np.mean(best.scores))
    is_better = end > start if measured.task.higher_is_better else end < start
    loss = f"loss from {first:.4g} to {last:.4g}, the " if measured.has_losses else ""
    text = f"{best.name} takes the {loss}score from {start:.4g} to {end:.4g}"
    if is_better and (last < first or not measured.has_losses):
        return TaskFinding(about, True, text)
    return TaskFinding(
        about,
        False,
        text,
        "train longer, or look whether loss and score measure the same thing and "
        "higher_is_better is right",
    )


def _find_spread(measured: TaskTrainings) -> TaskFinding:
    about = "seeds"
    scores = measured.best.scores
    deviation = float(np.std(scores, ddof=1))
    text = f"scores of {len(scores)} seeds deviate by {deviation:.3g} from their mean"
    if deviation == 0 and math.isfinite(scores[0]):
        return TaskFinding(
            about,
            False,
            "all seeds give one score",
            "let init or batch use the key, or validate on more examples",
        )
    return TaskFinding(about, math.isfinite(deviation), text)


def _find_distinction(measured: TaskTrainings) -> TaskFinding:
    about = "distinction"
    values = {score for tuned in measured.tuned for score in tuned.scores}
    num_scores = sum(len(tuned.scores) for tuned in measured.tuned)
    pairs = {
        (a.name, b.name): seeds_needed(a, b) for a, b in itertools.combinations(measured.tuned, 2)
    }
    needed = min(pairs.values())
    text = "; ".join(
        f"{a} and {b}: {'no difference' if math.isinf(n) else f'{n:,.0f} seeds'}"
        for (a, b), n in pairs.items()
    )
    text = f"seeds that tell apart {text}"
    if len(values) < num_scores / 2:
        return TaskFinding(
            about,
            False,
            f"{num_scores} trainings have only {len(values)} different scores; {text}",
            "score by the loss, or validate on more examples",
        )
    if needed > MANY_SEEDS:
        return TaskFinding(
            about,
            False,
            text,
            "validate on more examples, or make the task harder: the optimizers are alike on it",
        )
    return TaskFinding(about, True, text)


def _find_cost(measured: TaskTrainings) -> TaskFinding:
    about = "cost"
    text = (
        f"an evaluation takes {measured.evaluation_seconds:.3g} s, after compiling for "
        f"{measured.compile_seconds:.2g} s"
    )
    if measured.num_steps < measured.task.num_steps:
        text += f"; it was timed, and all else measured, with {measured.num_steps} steps"
    if measured.evaluation_seconds > SLOW_SECONDS:
        advice = "a search trains thousands of programs: take fewer steps or a smaller model"
        return TaskFinding(about, False, text, advice)
    return TaskFinding(about, True, text)


def seeds_needed(a: TunedOptimizer, b: TunedOptimizer) -> float:
    """Return the seeds that a paired comparison needs to tell two optimizers apart.

    It errs in 5 % of cases where they are equal. Where they differ so much, it errs in 20 %.
    """
    differences = np.array(a.scores) - np.array(b.scores)
    if not np.isfinite(differences).all():
        # One of them fails, and the other may not.
        return 2.0 if np.isfinite(a.scores).all() != np.isfinite(b.scores).all() else math.inf
    mean, deviation = abs(float(differences.mean())), float(differences.std(ddof=1))
    if mean == 0:
        return math.inf
    return max(2.0, math.ceil((ERROR_QUANTILES * deviation / mean) ** 2))
