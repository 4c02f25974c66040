"""The check of a task as a dictionary, and as text."""

import math
from typing import Any

import numpy as np
from rich.console import Console
from rich.text import Text

from lionhunt.search.reporting.tables import Table, to_rich
from lionhunt.search.reporting.text import finite_or_none
from lionhunt.search.task_check.findings import find_all
from lionhunt.search.task_check.measure import TaskTrainings, TunedOptimizer
from lionhunt.search.visible_text import visible


def summarize_check(measured: TaskTrainings) -> dict[str, Any]:
    """Return what was measured and found, for `--json`."""
    task, found = measured.task, find_all(measured)
    return {
        "task": task.name,
        "digest": task.digest,
        "metric": task.metric,
        "higher_is_better": task.higher_is_better,
        "parameters": measured.num_parameters,
        "steps": int(task.num_steps),
        "measured_steps": measured.num_steps,
        "evaluation_seconds": measured.evaluation_seconds,
        "compile_seconds": measured.compile_seconds,
        "score_before": finite_or_none(float(np.mean(measured.before))),
        "optimizers": [_summarize_optimizer(tuned) for tuned in measured.tuned],
        "has_losses": measured.has_losses,
        "findings": [finding._asdict() for finding in found],
        "is_sound": all(finding.is_sound for finding in found),
    }


def _summarize_optimizer(tuned: TunedOptimizer) -> dict[str, Any]:
    first, last = (tuned.trained[0].curve[i] for i in (0, -1))
    return {
        "name": tuned.name,
        "learning_rate": tuned.rate,
        "is_at_edge": tuned.is_at_edge,
        "scores": [finite_or_none(score) for score in tuned.scores],
        "first_loss": finite_or_none(first),
        "last_loss": finite_or_none(last),
    }


def print_check(console: Console, summary: dict[str, Any]) -> None:
    """Print the result of `summarize_check`."""
    direction = "higher" if summary["higher_is_better"] else "lower"
    head = (
        f"{summary['task']}: {summary['parameters']:,} parameters, {summary['steps']:,} steps, "
        f"{summary['metric']} ({direction} is better)"
    )
    console.print(Text(visible(head)))
    rows = []
    for each in summary["optimizers"]:
        scores = np.array([math.nan if s is None else s for s in each["scores"]])
        edge = ", at the edge" if each["is_at_edge"] else ""
        spread = f"{scores.mean():.4g} ± {scores.std(ddof=1):.2g}"
        losses = [each["first_loss"], each["last_loss"]]
        loss = " to ".join("not finite" if x is None else f"{x:.4g}" for x in losses)
        loss = loss if summary["has_losses"] else ""
        failed = "fails" if np.isnan(scores).any() else spread
        rows.append((each["name"], f"{each['learning_rate']:g}{edge}", failed, loss))
    num_seeds = len(summary["optimizers"][0]["scores"])
    heads = ("optimizer", "learning rate", f"score on {num_seeds} seeds", "loss, seed 0")
    console.print(to_rich(Table("", heads, rows)))
    for finding in summary["findings"]:
        sign = "ok    " if finding["is_sound"] else "change"
        console.print(Text(visible(f"{sign}  {finding['about']}: {finding['text']}")))
        if finding["advice"]:
            console.print(Text(visible(f"        {finding['advice']}")))
