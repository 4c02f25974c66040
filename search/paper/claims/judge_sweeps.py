"""Judges of the claims about sweeps: batch sizes, hyperparameter grids and their best points."""

import itertools
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from lionhunt.search.comparison.result import (
    ComparedTask,
    Comparison,
    GridTrial,
    Hyperparameters,
    Tuned,
)
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.paper.claims.best_point_interval import factor_between
from lionhunt.search.paper.claims.claim import (
    ClaimNumber,
    ClaimRow,
    Finding,
    Verdict,
    count_words,
    of_interval,
    of_none,
)
from lionhunt.search.paper.claims.judge_comparisons import ADAMW, LION, score_advantage
from lionhunt.search.paper.claims.paired_optimizers import pair, with_difference
from lionhunt.search.statistics import Interval, interval, paired_difference

SMALL_BATCH = 64
"""Batch size below which the paper sees no advantage."""
FACTORS = (3.0, 10.0)
"""Range of the factor between best learning rates, and between best weight decays."""
MIN_FAILURES = 2
"""Failed points of a square that decide a verdict."""
ROUNDING = 0.01
"""Tolerance of factors, since points of a grid have few digits."""


def judge_batch_size(comparison: Comparison) -> Finding:
    """Judge if Lion's advantage grows with the batch size, by its slope per doubling."""
    rows = []
    for _, family in itertools.groupby(_by_batch_size(comparison), lambda task: task.kind):
        rows.append(_slope(comparison, list(family)))
    words = count_words(rows, "tasks", "grows", "shrinks")
    return Finding(f"With the batch size, Lion's advantage {words}.", tuple(rows))


def _slope(comparison: Comparison, tasks: list[ComparedTask]) -> ClaimRow:
    pairs = [pair(comparison, task, LION, ADAMW) for task in tasks]
    used = [both for both in pairs if both.advantage()]
    seeds = [s for s in comparison.final_seeds if all(s in both.finals for both in used)]
    slope, verdict = None, Verdict.NOT_MEASURED
    if len(used) == len(pairs) > 1 and len(seeds) > 1:
        doublings = np.log2([both.task.batch_size for both in used])
        slope = interval(
            [float(np.polyfit(doublings, [both.gain(s) for both in used], 1)[0]) for s in seeds]
        )
        verdict = of_interval(slope)
        for both in used:
            verdict = both.judged(verdict)
    numbers = tuple(
        ClaimNumber.of(f"better by, at {both.task.batch_size}", advantage)
        for both in used
        if (advantage := both.advantage())
    )
    numbers = with_difference(numbers, "a doubling", slope)
    note = "; ".join(f"{both.task.name}: {both.note}" for both in pairs if both.note)
    return ClaimRow(f"{tasks[0].kind}, {tasks[0].metric}", verdict, numbers, note)


def judge_small_batches(comparison: Comparison) -> Finding:
    """Judge if Lion has no advantage at batch sizes below 64."""
    rows = []
    for task in _by_batch_size(comparison):
        if task.batch_size >= SMALL_BATCH:
            continue
        both = pair(comparison, task, LION, ADAMW)
        advantage, numbers, margin = score_advantage(both)
        numbers += (ClaimNumber("none is below", margin),)
        case = f"{task.kind} at {task.batch_size}, {task.metric}"
        verdict = both.judged(of_none(advantage, margin), if_better=Verdict.REVERSED)
        rows.append(ClaimRow(case, verdict, numbers, both.note))
    words = count_words(rows, "cases", "ruled out", "present")
    return Finding(f"Below a batch of {SMALL_BATCH}, an advantage of Lion is {words}.", tuple(rows))


def _by_batch_size(comparison: Comparison) -> list[ComparedTask]:
    return sorted(comparison.tasks, key=lambda task: (task.kind, task.batch_size))


def judge_robustness(comparison: Comparison) -> Finding:
    """Judge if a square of learning rates and weight decays spreads Lion's scores less."""
    rows = tuple(_spreads(comparison, task) for task in comparison.tasks)
    words = count_words(rows, "tasks", "smaller", "larger")
    return Finding(f"Over a 3 x 3 square by a factor of 2, Lion's spread is {words}.", rows)


def _spreads(comparison: Comparison, task: ComparedTask) -> ClaimRow:
    case = f"{task.name}, {task.metric}"
    cells = {name: comparison.cells[name, task.name] for name in (LION, ADAMW)}
    squares = [cell.sensitivity_grid for cell in cells.values()]
    numbers, notes = [], _edge_notes(cells)
    is_at_edge = bool(notes)
    for name, square in zip(cells, squares, strict=True):
        means = [float(np.mean(trial.scores)) for trial in square if trial.status is Status.OK]
        if means:
            numbers.append(ClaimNumber(f"lowest of {name}", min(means)))
            numbers.append(ClaimNumber(f"highest of {name}", max(means)))
        if failed := len(square) - len(means):
            notes.append(f"{name} fails at {failed} of {len(square)} points")
    failures = [sum(trial.status is not Status.OK for trial in square) for square in squares]
    if not all(squares) or all(failures) or is_at_edge:
        return ClaimRow(case, Verdict.NOT_MEASURED, tuple(numbers), "; ".join(notes))
    # A point that fails has no score. Nothing is less robust than a failure.
    if any(failures):
        verdict = Verdict.SEEN if failures[1] else Verdict.REVERSED
        if max(failures) < MIN_FAILURES:
            verdict = Verdict.NOT_SEEN
        return ClaimRow(case, verdict, tuple(numbers), "; ".join(notes))
    mine, theirs = (ranges_by_seed(square) for square in squares)
    smaller = paired_difference(mine, theirs, higher_is_better=False)
    numbers += [
        ClaimNumber.of(f"spread of {LION}", interval(mine)),
        ClaimNumber.of(f"spread of {ADAMW}", interval(theirs)),
        ClaimNumber.of("smaller by", smaller),
        ClaimNumber.of("ratio", ratio_of_means(mine, theirs)),
    ]
    return ClaimRow(case, of_interval(smaller), tuple(numbers))


def ranges_by_seed(square: Sequence[GridTrial]) -> list[float]:
    """Return each seed's score at the point with the highest mean minus that at the lowest.

    Their mean is the highest mean score minus the lowest. Each seed's own range would be larger, by
    the noise of nine trainings.
    """
    scores = np.array([trial.scores for trial in square])
    means = scores.mean(1)
    return list(map(float, scores[means.argmax()] - scores[means.argmin()]))


def ratio_of_means(numerators: Sequence[float], denominators: Sequence[float]) -> Interval:
    """Divide means of values paired by seed; the interval is by linearization.

    Returns:
        The ratio; infinite ends if the mean of the denominators is 0.
    """
    ours, others = np.asarray(numerators, float), np.asarray(denominators, float)
    if others.mean() == 0:
        return Interval(float("nan"), -np.inf, np.inf)
    ratio = ours.mean() / others.mean()
    return interval(list(ratio + (ours - ratio * others) / others.mean()))


def judge_learning_rate(comparison: Comparison) -> Finding:
    """Judge if Lion's best learning rate is 3 to 10 times smaller."""
    return _factors(comparison, "learning_rate", (ADAMW, LION), "smaller")


def judge_weight_decay(comparison: Comparison) -> Finding:
    """Judge if Lion's best weight decay is 3 to 10 times larger."""
    return _factors(comparison, "weight_decay", (LION, ADAMW), "larger")


def _factors(
    comparison: Comparison, coordinate: str, names: tuple[str, str], direction: str
) -> Finding:
    """Divide best values of the first name by those of the second, task by task."""
    rows = []
    for task in comparison.tasks:
        cells = {name: comparison.cells[name, task.name] for name in names}
        rows.append(_factor(task, cells, coordinate))
    (low, high), opposite = FACTORS, "the other way round"
    words = count_words(rows, "tasks", f"{low:g} to {high:g} times {direction}", opposite)
    return Finding(f"Lion's best {coordinate.replace('_', ' ')} is {words}.", tuple(rows))


def _factor(task: ComparedTask, cells: Mapping[str, Tuned], coordinate: str) -> ClaimRow:
    points = {name: tuned.best for name, tuned in cells.items() if tuned.best is not None}
    if len(points) < len(cells):
        failed = [f"{name} failed at every point" for name in cells if name not in points]
        return ClaimRow(task.name, Verdict.NOT_MEASURED, note="; ".join(failed))
    over, under = cells.values()
    factor = factor_between(over, under, coordinate, higher_is_better=task.higher_is_better)
    step = max(_grid_step(tuned, coordinate) for tuned in cells.values())
    numbers = (
        *(ClaimNumber(f"best of {name}", getattr(p, coordinate)) for name, p in points.items()),
        ClaimNumber.of("factor", factor),
        ClaimNumber("step of the grid", step),
        *(
            ClaimNumber(f"product of {name}", p.learning_rate * p.weight_decay)
            for name, p in points.items()
        ),
    )
    edges = _edge_notes(cells, (coordinate,))
    verdict = Verdict.NOT_MEASURED if edges else _of_factor(factor)
    return ClaimRow(task.name, verdict, numbers, "; ".join(edges))


def _of_factor(factor: Interval) -> Verdict:
    if factor.low >= (1 - ROUNDING) * FACTORS[0] and factor.high <= (1 + ROUNDING) * FACTORS[1]:
        return Verdict.SEEN
    return Verdict.REVERSED if factor.high < 1 - ROUNDING else Verdict.NOT_SEEN


def _edge_notes(
    cells: Mapping[str, Tuned], coordinates: Collection[str] = Hyperparameters._fields
) -> list[str]:
    """Return a note for each best point at an edge of the grid in one of the coordinates."""
    return [
        f"{name} is best at an edge of its {coordinate.replace('_', ' ')}s"
        for name, tuned in cells.items()
        for coordinate in tuned.at_edge
        if coordinate in coordinates
    ]


def _grid_step(tuned: Tuned, coordinate: str) -> float:
    """Return the larger factor from the best value to its neighbours on the grid; 1 if alone."""
    assert tuned.best is not None
    best = getattr(tuned.best, coordinate)
    ratios = sorted({getattr(trial.point, coordinate) / best for trial in tuned.trials})
    below = [1 / ratio for ratio in ratios if ratio < 1]
    above = [ratio for ratio in ratios if ratio > 1]
    return max(below[-1:] + above[:1], default=1.0)
