"""The optimism of a run: what its best program has in search above its gain on fresh seeds."""

from collections.abc import Sequence
from typing import Any

from lionhunt.search.driver.racing.fresh import racing_of
from lionhunt.search.evaluation.outcome import EvaluationId
from lionhunt.search.reporting import finite_or_none
from lionhunt.search.statistics import interval
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.stored_program import StoredProgram


def summarize_luck(records: RunStore, best: StoredProgram | None) -> dict[str, Any] | None:
    """Return the gains of the best in search and on fresh seeds, and the optimism of the run.

    Args:
        records: store of the run.
        best: of the run.

    Returns:
        None for a run without races, or without a best program.
    """
    racing = racing_of(records)
    if not racing.num_best or best is None:
        return None
    search = _summarize_gains(records, best.outcome.of_fitness)
    fresh_names = [best.outcome._replace(number=number) for number in racing.fresh_numbers]
    fresh = _summarize_gains(records, fresh_names)
    optimism = None
    if fresh["gain"] is not None and not fresh["failed"]:
        optimism = search["gain"] - fresh["gain"]
    return {"margin": best.discount.margin, "search": search, "fresh": fresh, "optimism": optimism}


def _summarize_gains(records: RunStore, names: Sequence[EvaluationId]) -> dict[str, Any]:
    """Return the mean gain over evaluations, its interval, and how many there are."""
    outcomes = [outcome for name in names if (outcome := records.summary(name)) is not None]
    gains = [gain for gain, _ in outcomes if gain is not None]
    found = interval(gains) if gains else None
    return {
        "seeds": len(outcomes),
        "failed": len(outcomes) - len(gains),
        "gain": None if found is None else found.mean,
        "low": None if found is None else finite_or_none(found.low),
        "high": None if found is None else finite_or_none(found.high),
    }
