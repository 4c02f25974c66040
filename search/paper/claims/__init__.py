"""Claims of the paper about Lion and AdamW, each judged by an experiment.

May import `search.comparison`, `search.paper.costs`, `search.paper.toy_problems` and packages below
them. The figures are in `search.paper.claims.figures`, which imports matplotlib.
"""

from lionhunt.search.paper.claims.config import ClaimsConfig
from lionhunt.search.paper.claims.loop import choose_claims, judge_claims, run_claims
from lionhunt.search.paper.claims.registry import CLAIMS
from lionhunt.search.paper.claims.report import overview_blocks, report_blocks, summarize_claims

__all__ = [
    "CLAIMS",
    "ClaimsConfig",
    "choose_claims",
    "judge_claims",
    "overview_blocks",
    "report_blocks",
    "run_claims",
    "summarize_claims",
]
