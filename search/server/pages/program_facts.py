"""Facts about a program of a run for its page, of the records and of the index."""

from typing import Any

from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.errors import LionhuntError
from lionhunt.search.api.programs import OptimizerProgram
from lionhunt.search.driver.summary import summarize_scores
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.stored_program import StoredProgram


def score_rows(records: RunStore, row: StoredProgram) -> list[dict[str, Any]]:
    """Return the score on each task beside that of the reference; nothing for a failure.

    Args:
        records: of the run.
        row: of the program.
    """
    if row.fitness is None:
        return []
    reference, tasks = fingerprint(records.reference()), records.info()["tasks"]
    beside = row.outcome._replace(owner=reference)
    own, other = (
        summarize_scores(records, outcome, reference, tasks) for outcome in (row.outcome, beside)
    )
    return [
        {
            "task": task["name"],
            "metric": task["metric"],
            "better": "higher" if task["higher_is_better"] else "lower",
            "reference": other[task["name"]]["score"],
            "score": own[task["name"]]["score"],
            "gain": own[task["name"]]["fitness"],
        }
        for task in tasks
    ]


def refuse_own_code(found: OptimizerProgram) -> None:
    """Raise `LionhuntError` if a program has functions of a user, whose file would be executed.

    A run may come from a stranger, and an address may come from any page.
    """
    if found.source.functions.own:
        raise LionhuntError(
            f"{found.name} has functions of a file, which is not executed here; use the command "
            "line: lionhunt export, classify or simplify"
        )
