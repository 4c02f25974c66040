"""Fresh seeds: the gain of the best program on seeds that no decision of the run saw.

The fitness of the best is too high by what selection added to it: the optimism of the run. At the
end the best is trained on fresh seeds, which show its gain without that. They never change which
program is the best: then they would select too, and be as optimistic.
"""

from typing import NamedTuple

import pydantic

from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.search.driver.racing.config import RacingConfig
from lionhunt.search.evaluation.outcome import EvaluationId
from lionhunt.search.storage.database import damaged
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.stored_program import StoredProgram


class FreshTraining(NamedTuple):
    """A training of a finalist on a fresh seed.

    Attributes:
        row: the finalist.
        name: of the evaluation.
    """

    row: StoredProgram
    name: EvaluationId


def racing_of(records: RunStore) -> RacingConfig:
    """Return the rules of racing of a recorded run; raise `RecordError` if there are none such."""
    try:
        return RacingConfig.model_validate(records.info()["config"].get("racing", {}))
    except pydantic.ValidationError as error:
        raise damaged(records.path, error) from None


def find_finalists(records: RunStore) -> list[StoredProgram]:
    """Return the programs that are trained on fresh seeds, once the history is complete."""
    best = records.best()
    # The gain of the reference over itself is 0 with every seed.
    if best is None or best.outcome.owner == fingerprint(records.reference()):
        return []
    return [best]


def missing_trainings(records: RunStore) -> list[FreshTraining]:
    """Return the trainings on fresh seeds that a run with a complete history lacks."""
    numbers = racing_of(records).fresh_numbers
    if not numbers:
        return []
    trainings = (
        FreshTraining(row, EvaluationId(row.outcome.owner, number))
        for row in find_finalists(records)
        for number in numbers
    )
    return [each for each in trainings if records.measurement(each.name) is None]
