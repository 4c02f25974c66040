"""Training curves of the best program beside the reference and the known optimizers."""

from typing import Any

from lionhunt.dsl import library
from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.search.driver.judging.config import KNOWN
from lionhunt.search.evaluation.outcome import EvaluationId
from lionhunt.search.reporting import finite_or_none
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.stored_program import StoredProgram

BEST, REFERENCE = "best", "reference"


def read_curves(records: RunStore, best: StoredProgram) -> list[dict[str, Any]]:
    """Return the training losses of programs on each task, all with the seed of the best.

    Returns:
        For each task its `name` and `lines`, which have a `name` and the `losses` by chunk. The
        lines are those of the best, of the reference, and of known optimizers in the records.
    """
    last = best.outcome.of_fitness[-1]
    owners = {BEST: last.owner, REFERENCE: fingerprint(records.reference())}
    for name in KNOWN:
        known = fingerprint(library.load(name))
        if known not in owners.values():
            owners[name] = known
    measured = {
        name: measurement.curves
        for name, owner in owners.items()
        if (measurement := records.measurement(EvaluationId(owner, last.number))) is not None
    }
    return [
        {
            "name": task["name"],
            "lines": [
                {"name": name, "losses": list(map(finite_or_none, curves[number]))}
                for name, curves in measured.items()
                if number < len(curves)
            ],
        }
        for number, task in enumerate(records.info()["tasks"])
    ]
