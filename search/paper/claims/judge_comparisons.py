"""What one comparison says of each claim about the optimizers that it trained."""

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
    pair,
    score,
    training_loss,
    with_difference,
)

ADAMW, LION = "adamw", "lion"
ABLATIONS = ("one_beta1", "one_beta2")
"""Lion with one beta: its beta1 alone, its beta2 alone."""
AS_PUBLISHED, AS_FOUND = "lion_0.99", "lion_0.998"
"""Lion with beta1 0.9, and beta2 as in the paper or as the raw program has it."""
SMALL = 0.005
"""What is no advantage worth the name: less than this share of AdamW's score."""


def flatness(comparison: Comparison) -> Finding:
    """Whether Lion's training loss is lower where the same noise is added to the weights."""
    rows = _rows_under_noise(comparison, ABSOLUTE_NOISES, relative=False)
    words = count_words(rows, "cases", "lower", "higher")
    return Finding(f"Lion's loss under the same noise is {words}.", rows)


def relative_flatness(comparison: Comparison) -> Finding:
    """The same with noise as large as a share of the weights."""
    rows = _rows_under_noise(comparison, RELATIVE_NOISES, relative=True)
    words = count_words(rows, "cases", "lower", "higher")
    return Finding(f"With noise in proportion to the weights, Lion's loss is {words}.", rows)


def _rows_under_noise(
    comparison: Comparison, noises: Sequence[float], *, relative: bool
) -> tuple[ClaimRow, ...]:
    """A row for each task and noise."""
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


def higher_loss_better_validation(comparison: Comparison) -> Finding:
    """Whether Lion ends with a higher training loss and validates better all the same."""
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
        rows.append(ClaimRow(_case(task), both.judged(_both(*verdicts)), numbers, both.note))
    loss_words = count_words(higher, "tasks", "higher", "lower")
    score_words = count_words(better, "tasks", "better", "worse")
    sentence = f"Lion's training loss is {loss_words}; its validation is {score_words}."
    return Finding(sentence, tuple(rows))


def _both(one: Verdict, other: Verdict) -> Verdict:
    """Of a case that claims two things."""
    if Verdict.NOT_MEASURED in (one, other):
        return Verdict.NOT_MEASURED
    return one if one is other else Verdict.NOT_SEEN


def one_beta(comparison: Comparison) -> Finding:
    """Whether Lion is better than the sign of one momentum, whichever of its betas that has."""
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
        rows.append(ClaimRow(_case(task), _worse_with_either(verdicts), numbers, "; ".join(notes)))
    words = count_words(rows, "tasks", "better than with either beta", "worse than with one")
    return Finding(f"Against the sign of one momentum, Lion is {words}.", tuple(rows))


def _worse_with_either(verdicts: Sequence[Verdict]) -> Verdict:
    """Of a claim that holds against each: seen if all are, reversed if one is."""
    if Verdict.NOT_MEASURED in verdicts:
        return Verdict.NOT_MEASURED
    if Verdict.REVERSED in verdicts:
        return Verdict.REVERSED
    return Verdict.NOT_SEEN if Verdict.NOT_SEEN in verdicts else Verdict.SEEN


def convolutions(comparison: Comparison) -> Finding:
    """Whether the difference on convolutional nets is small."""
    rows = []
    for task in comparison.tasks:
        both = pair(comparison, task, LION, ADAMW)
        if not task.kind.endswith("_conv"):
            continue
        advantage = both.advantage()
        margin = SMALL * abs(both.their_score())
        numbers = with_difference(both.means(score, "validation"), "better by", advantage)
        numbers += (ClaimNumber("small is below", margin),)
        verdict = of_small(advantage, margin)
        if verdict is Verdict.SEEN and both.note:
            verdict = Verdict.NOT_SEEN  # that one fails is no small difference
        rows.append(ClaimRow(_case(task), verdict, numbers, both.note))
    words = count_words(rows, "tasks", "small or none", "larger")
    return Finding(f"The difference on convolutional nets is {words}.", tuple(rows))


def constants(comparison: Comparison) -> Finding:
    """Whether nothing is lost with a beta2 of 0.99 in the place of the raw program's 0.998."""
    rows = []
    for task in comparison.tasks:
        both = pair(comparison, task, AS_FOUND, AS_PUBLISHED)
        advantage = both.advantage()
        margin = SMALL * abs(both.their_score())
        numbers = with_difference(both.means(score, "validation"), "0.998 better by", advantage)
        verdict = both.judged(of_none(advantage, margin), mine_is_better=Verdict.REVERSED)
        rows.append(ClaimRow(_case(task), verdict, numbers, both.note))
    words = count_words(rows, "tasks", "loses nothing", "is worse")
    return Finding(f"Against 0.998, a beta2 of 0.99 {words}.", tuple(rows))


def _mean_score(
    comparison: Comparison, task: ComparedTask, name: str, shown: str = ""
) -> tuple[ClaimNumber, ...]:
    """Its validation metric over all its seeds."""
    means = pair(comparison, task, name, name).means(score, "validation")[:1]
    return tuple(mean._replace(name=f"validation of {shown or name}") for mean in means)


def _case(task: ComparedTask) -> str:
    return f"{task.name}, {task.metric}"
