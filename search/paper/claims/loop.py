"""Loop of the claims: runs the experiments that the chosen claims need, then judges the claims."""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from lionhunt.proxy_tasks.pytorch.task import require_jax
from lionhunt.search.activity import Activity, OnActivity
from lionhunt.search.comparison.result import Comparison
from lionhunt.search.comparison.setup import PreparedComparison, open_comparisons
from lionhunt.search.comparison.store import ComparisonStore
from lionhunt.search.errors import ConfigError, did_you_mean
from lionhunt.search.fields import TaskOptions
from lionhunt.search.paper.claims.claim import Claim, Judged
from lionhunt.search.paper.claims.config import Experiments
from lionhunt.search.paper.claims.registry import CLAIMS, MEMORY, OPTIMIZER_SPEED, SPEED
from lionhunt.search.paper.costs import (
    measure_memory,
    measure_steps,
    measure_training,
    read_or_measure,
)


def choose_claims(keys: Sequence[str] | None) -> list[Claim]:
    """Return the claims with these keys, in the order of `CLAIMS`; all claims without keys.

    Raises:
        ConfigError: a key names no claim.
    """
    for key in keys or ():
        if key not in CLAIMS:
            near = did_you_mean(key, CLAIMS)
            raise ConfigError(f"--only {key}: no such claim{near}; choose from {', '.join(CLAIMS)}")
    return [claim for key, claim in CLAIMS.items() if not keys or key in keys]


def run_claims(
    chosen: Sequence[Claim],
    experiments: Experiments,
    folder: Path,
    *,
    open_display: Callable[[], AbstractContextManager[OnActivity]],
    run_comparison: Callable[[ComparisonStore, PreparedComparison, str], Comparison],
) -> dict[str, Any]:
    """Run the experiments that the chosen claims need, or resume them.

    Args:
        chosen: the claims.
        experiments: the comparisons. Tasks of the main one are timed, too.
        folder: records of the comparisons, and files of measured speeds.
        open_display: opens a display while costs are measured, when nothing else runs.
        run_comparison: runs a comparison to its end and records it; it also gets its place among
            them in words.

    Returns:
        The results of the experiments, by name.

    Raises:
        ConfigError: an optimizer or a task of a comparison is none.
        RecordError: the folder cannot be used.
    """
    needed = {claim.experiment for claim in chosen}
    with open_display() as on_activity:
        on_activity(Activity("finding optimizers and tasks"))
        prepared = [PreparedComparison(name, comparison) for name, comparison in experiments]
    with open_comparisons(folder, prepared) as records:
        with open_display() as on_activity:
            results = _measure_costs(needed, experiments.main.tasks, folder, on_activity)
        compared = [comparison for comparison in prepared if comparison.name in needed]
        for number, comparison in enumerate(compared, start=1):
            place = f"comparison {number} of {len(compared)}"
            results[comparison.name] = run_comparison(records, comparison, place)
    return results


def judge_claims(chosen: Sequence[Claim], results: dict[str, Any]) -> Judged:
    """Judge each claim by the result of its experiment."""
    return {claim.key: (claim, claim.judge(results[claim.experiment])) for claim in chosen}


def _measure_costs(
    needed: Collection[str], tasks: Sequence[TaskOptions], folder: Path, on_activity: OnActivity
) -> dict[str, Any]:
    """Measure the costs that are needed. A folder keeps its speeds."""

    def train():
        built = [require_jax(options.build(), "a judgement of claims") for options in tasks]
        return measure_training(built, on_activity=on_activity)

    def step():
        return measure_steps(on_activity=on_activity)

    measures: dict[str, Callable[[], Any]] = {
        MEMORY: measure_memory,
        SPEED: lambda: read_or_measure(folder / f"{SPEED}.json", train),
        OPTIMIZER_SPEED: lambda: read_or_measure(folder / f"{OPTIMIZER_SPEED}.json", step),
    }
    return {name: measure() for name, measure in measures.items() if name in needed}
