"""Judges of the claims about one comparison of trained optimizers."""

from collections.abc import Sequence

from lionhunt.search.comparison.result import (
    ABSOLUTE_NOISES,
    RELATIVE_NOISES,
    ComparedTask,
    Comparison,
    Final,
)
from lionhunt.search.paper.claims.claim import (
    ClaimNumber,
    ClaimRow,
    Finding,
    Verdict,
    count_words,
    of_interval,
    of_none,
    of_small,
)
from lionhunt.search.paper.claims.paired_optimizers import (
    OptimizerPair,
    pair,
    score,
    training_loss,
    with_difference,
)
from lionhunt.search.statistics import Interval

ADAMW, LION = "adamw", "lion"
ABLATIONS = ("one_beta1", "one_beta2")
"""Lion with one beta: its beta1 alone, its beta2 alone."""
AS_PUBLISHED, AS_FOUND = "lion_0.99", "lion_0.998"
"""Lion with beta1 0.9, and beta2 as in the paper or as in the raw program."""
SMALL = 0.005
"""Negligible advantage, as a share of the opponent's score."""


def judge_flatness(comparison: Comparison) -> Finding:
    """Judge if Lion's training loss is lower where the same noise is added to the weights."""
    rows = _rows_under_noise(comparison, ABSOLUTE_NOISES, relative=False)
    words = count_words(rows, "cases", "lower", "higher")
    return Finding(f"Lion's loss under the same noise is {words}.", rows)


def judge_relative_flatness(comparison: Comparison) -> Finding:
    """Judge the same, with noise in proportion to the weights."""
    rows = _rows_under_noise(comparison, RELATIVE_NOISES, relative=True)
    words = count_words(rows, "cases", "lower", "higher")
    return Finding(f"With noise in proportion to the weights, Lion's loss is {words}.", rows)


def _rows_under_noise(
    comparison: Comparison, noises: Sequence[float], *, relative: bool
) -> tuple[ClaimRow, ...]:
    """Return a row for each task and noise."""
    unit = " of the weights" if relative else ""
    return tuple(
        _under_noise(comparison, task, f"noise {noise:g}{unit}", level, relative=relative)
        for task in comparison.tasks
        for level, noise in enumerate(noises)
    )


def _under_noise(
    comparison: Comparison, task: ComparedTask, noise: str, level: int, *, relative: bool
) -> ClaimRow:
    def noisy_loss(final: Final) -> float:
        return (final.relative_noise if relative else final.absolute_noise)[level]

    both = pair(comparison, task, LION, ADAMW)
    lower = both.difference(noisy_loss, higher_is_better=False)
    clean = both.means(training_loss, "loss without noise")
    numbers = (*both.means(noisy_loss, "loss"), *clean)
    return ClaimRow(
        f"{task.name}, {noise}",
        both.judged(of_interval(lower)),
        with_difference(numbers, "lower by", lower),
        both.note,
    )


def judge_training_loss(comparison: Comparison) -> Finding:
    """Judge if Lion ends with a higher training loss and a better validation score."""
    rows, higher, better = [], [], []
    for task in comparison.tasks:
        both = pair(comparison, task, LION, ADAMW)
        loss = both.difference(training_loss, higher_is_better=True)
        advantage = both.advantage()
        verdicts = of_interval(loss), of_interval(advantage)
        numbers = with_difference(both.means(training_loss, "training loss"), "higher by", loss)
        numbers += both.means(score, "validation")
        numbers = with_difference(numbers, "better by", advantage)
        higher.append(ClaimRow(task.name, verdicts[0]))
        better.append(ClaimRow(task.name, verdicts[1]))
        rows.append(ClaimRow(_case(task), both.judged(_conjunction(*verdicts)), numbers, both.note))
    loss_words = count_words(higher, "tasks", "higher", "lower")
    score_words = count_words(better, "tasks", "better", "worse")
    sentence = f"Lion's training loss is {loss_words}; its validation is {score_words}."
    return Finding(sentence, tuple(rows))


def _conjunction(first: Verdict, second: Verdict) -> Verdict:
    """Return the verdict on a case that claims two things."""
    if Verdict.NOT_MEASURED in (first, second):
        return Verdict.NOT_MEASURED
    return first if first is second else Verdict.NOT_SEEN


def judge_one_beta(comparison: Comparison) -> Finding:
    """Judge if Lion is better than the sign of one momentum, with either of its betas."""
    rows = []
    for task in comparison.tasks:
        numbers = _mean_score(comparison, task, LION) + _mean_score(comparison, task, ADAMW)
        verdicts, notes = [], []
        for ablation in ABLATIONS:
            both = pair(comparison, task, LION, ablation)
            advantage = both.advantage()
            beta = ablation.removeprefix("one_")
            numbers += _mean_score(comparison, task, ablation, f"{beta} alone")
            numbers = with_difference(numbers, f"Lion better than {beta} alone by", advantage)
            verdicts.append(both.judged(of_interval(advantage)))
            notes += [both.note] if both.note else []
        rows.append(ClaimRow(_case(task), _against_each(verdicts), numbers, "; ".join(notes)))
    words = count_words(rows, "tasks", "better than with either beta", "worse than with one")
    return Finding(f"Against the sign of one momentum, Lion is {words}.", tuple(rows))


def _against_each(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict on a claim against several: seen if all are, reversed if one is."""
    for verdict in (Verdict.NOT_MEASURED, Verdict.REVERSED, Verdict.NOT_SEEN):
        if verdict in verdicts:
            return verdict
    return Verdict.SEEN


def judge_convolutions(comparison: Comparison) -> Finding:
    """Judge if the difference on convolutional nets is small."""
    rows = []
    for task in comparison.tasks:
        if not task.kind.endswith("_conv"):
            continue
        both = pair(comparison, task, LION, ADAMW)
        advantage, numbers, margin = score_advantage(both)
        numbers += (ClaimNumber("small is below", margin),)
        verdict = of_small(advantage, margin)
        # A failed training is no small difference.
        if verdict is Verdict.SEEN and both.note:
            verdict = Verdict.NOT_SEEN
        rows.append(ClaimRow(_case(task), verdict, numbers, both.note))
    words = count_words(rows, "tasks", "small or none", "larger")
    return Finding(f"The difference on convolutional nets is {words}.", tuple(rows))


def judge_beta2(comparison: Comparison) -> Finding:
    """Judge if a beta2 of 0.99 loses nothing against 0.998, that of the raw program."""
    rows = []
    for task in comparison.tasks:
        both = pair(comparison, task, AS_FOUND, AS_PUBLISHED)
        advantage, numbers, margin = score_advantage(both, "0.998 better by")
        verdict = both.judged(of_none(advantage, margin), if_better=Verdict.REVERSED)
        rows.append(ClaimRow(_case(task), verdict, numbers, both.note))
    words = count_words(rows, "tasks", "loses nothing", "is worse")
    return Finding(f"Against 0.998, a beta2 of 0.99 {words}.", tuple(rows))


def score_advantage(
    both: OptimizerPair, name: str = "better by"
) -> tuple[Interval | None, tuple[ClaimNumber, ...], float]:
    """Return the advantage in validation, its numbers, and the margin of negligible ones."""
    advantage = both.advantage()
    numbers = with_difference(both.means(score, "validation"), name, advantage)
    return advantage, numbers, SMALL * abs(both.opponent_score())


def _mean_score(
    comparison: Comparison, task: ComparedTask, name: str, label: str = ""
) -> tuple[ClaimNumber, ...]:
    """Return the validation metric of an optimizer over all its seeds."""
    means = pair(comparison, task, name, name).means(score, "validation")[:1]
    return tuple(mean._replace(name=f"validation of {label or name}") for mean in means)


def _case(task: ComparedTask) -> str:
    return f"{task.name}, {task.metric}"
