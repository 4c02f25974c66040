"""Results of a campaign: what each seed found, and the comparison of all found programs."""

from typing import Any, NamedTuple

from lionhunt.search.comparison.result import Comparison
from lionhunt.search.paper.replication.loop import FinishedRun


class SeedFinding(NamedTuple):
    """The result of one seed.

    Attributes:
        name: its name in the comparison, as "seed 0".
        run: the search.
        selection: the summary of the selection.
        chosen: the summary of the chosen candidate; None if no candidate trains.
        simplification: the summary of its simplification, with its class; None likewise.
        seconds: seconds of all trainings of the selection and the simplification, by part.
    """

    name: str
    run: FinishedRun
    selection: dict[str, Any]
    chosen: dict[str, Any] | None
    simplification: dict[str, Any] | None
    seconds: dict[str, float]


class CampaignResult(NamedTuple):
    """The result of all seeds.

    Attributes:
        findings: one a seed, in order.
        comparison: found programs and known optimizers on unseen tasks; None if nothing was found.
        comparison_seconds: seconds of all its trainings.
    """

    findings: tuple[SeedFinding, ...]
    comparison: Comparison | None
    comparison_seconds: float
