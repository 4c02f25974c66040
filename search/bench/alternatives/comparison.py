"""Lionhunt side by side with other ways to train candidates, and to breed them."""

from typing import Any

from lionhunt.search.activity import OnActivity
from lionhunt.search.bench.alternatives.breeding import bench_breeding
from lionhunt.search.bench.alternatives.packages import missing_packages, versions
from lionhunt.search.bench.alternatives.training import bench_training
from lionhunt.search.bench.language import machine_name
from lionhunt.search.bench.sample_children import Children


def bench_alternatives(children: Children, on_activity: OnActivity) -> dict[str, Any]:
    """Measure Lionhunt and its alternatives on one core; return a plain dictionary.

    Args:
        children: children of a search; the first ones that finish are trained.
        on_activity: called with each measurement.
    """
    return {
        "machine": machine_name(),
        "versions": versions(),
        "missing": missing_packages(),
        "training": bench_training(children, on_activity),
        "breeding": bench_breeding(on_activity),
    }
