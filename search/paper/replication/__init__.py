"""Studies: repeated searches, their baselines and a restart, as in Figure 2 of the paper.

May import `search.driver`, `search.dry_run` and packages below them. The figures are in
`search.paper.replication.figures`, which imports matplotlib.
"""

from lionhunt.search.paper.replication.config import StudyConfig
from lionhunt.search.paper.replication.dry_run import plan_study, print_study_plan
from lionhunt.search.paper.replication.loop import (
    FinishedRun,
    Study,
    StudyProgress,
    open_study_pool,
)
from lionhunt.search.paper.replication.report import print_study, to_activity, to_report
from lionhunt.search.paper.replication.summary import summarize_study

__all__ = [
    "FinishedRun",
    "Study",
    "StudyConfig",
    "StudyProgress",
    "open_study_pool",
    "plan_study",
    "print_study",
    "print_study_plan",
    "summarize_study",
    "to_activity",
    "to_report",
]
