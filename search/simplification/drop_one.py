"""The drop-one check of a program: each function and each state is removed in turn, and measured.

Nothing is removed for good, so all removals are compared with the same program.
"""

from typing import Any

from lionhunt.dsl.edits.ablations import Removal, list_ablations
from lionhunt.search.activity import OnActivity, ignore
from lionhunt.search.drop_one import judge_part
from lionhunt.search.environment import summarize_environment
from lionhunt.search.errors import ConfigError
from lionhunt.search.simplification.config import SimplifyConfig
from lionhunt.search.simplification.measure import (
    BaseFailed,
    ChangeVerdict,
    Evidence,
    Measurer,
)
from lionhunt.search.simplification.open_measurer import open_measurer
from lionhunt.search.simplification.summary import summarize_evidence, summarize_measuring
from lionhunt.search.storage.program_ref import Source


def drop_each(
    source: Source, config: SimplifyConfig, num_workers: int, on_activity: OnActivity = ignore
) -> dict[str, Any]:
    """Measure a program without each of its functions and states, and summarize the losses.

    Args:
        source: the program.
        config: tasks, seeds and tolerance.
        num_workers: Ray workers; 0 trains in this process.
        on_activity: called with what is being done, and with the trainings of each look.

    Raises:
        ConfigError: the program does not learn on the tasks.
    """
    removals = list_ablations(source.program)
    try:
        with open_measurer(source.program, config, num_workers, on_activity) as measurer:
            evidence = measure_removals(source, removals, measurer)
            measuring = summarize_measuring(measurer)
    except BaseFailed as error:
        raise ConfigError(str(error)) from None
    parts = [_summarize(*pair) for pair in zip(removals, evidence, strict=True)]
    return {
        "name": source.name,
        "program": str(source.program),
        "parts": parts,
        "measuring": measuring,
    } | summarize_environment()


def measure_removals(source: Source, removals: list[Removal], measurer: Measurer) -> list[Evidence]:
    """Measure removals with the fewest seeds, and with more those that are not yet harmful."""
    measurer.announce(f"a first look at {len(removals)} functions and states")
    looks = measurer.screen(source.program, [removal.program for removal in removals])
    found = []
    for number, (removal, look) in enumerate(zip(removals, looks, strict=True), start=1):
        if look.verdict is not ChangeVerdict.HARMFUL:
            place = f"{number} of {len(removals)}"
            measurer.announce(f"a closer look, {place}: without {removal.statement}")
            look = measurer.confirm(source.program, removal.program)
        found.append(look)
    return found


def _summarize(removal: Removal, evidence: Evidence) -> dict[str, Any]:
    losses = [task.loss for task in evidence.tasks]
    is_harmless = evidence.verdict is ChangeVerdict.HARMLESS
    return {
        "without": removal.statement,
        "kept": removal.kept,
        "verdict": judge_part(losses, is_harmless),
        "evidence": summarize_evidence(evidence),
        "program": str(removal.program),
    }
