"""Counts of the suites of torch and optax: for each program, tests run, passed, not applicable.

Run with `python -m tests.support.dsl.suite_counts`; `-m ""` adds the slow tests.
"""

import sys
from collections import Counter, defaultdict

import pytest

from tests.support.dsl.suites import NAMES

_TORCH = ("steps", "inputs", "states", "types", "models")
_OPTAX = ("trees", "wrappers", "values")
SUITES = (
    *(f"tests/dsl/export/python/test_torch_suite_{part}.py" for part in _TORCH),
    *(f"tests/dsl/export/python/test_optax_suite_{part}.py" for part in _OPTAX),
)


class Counts:
    """A pytest plugin that counts the outcomes of tests for each suite and program."""

    def __init__(self):
        self.places: dict[str, tuple[str, str]] = {}
        self.outcomes: dict[tuple[str, str], Counter] = defaultdict(Counter)
        self.reasons: Counter = Counter()

    def pytest_collection_finish(self, session):
        left_out = set()
        for item in session.items:
            suite = item.path.stem.removeprefix("test_").rpartition("_")[0]
            callspec = getattr(item, "callspec", None)
            self.places[item.nodeid] = suite, callspec.params.get("name", "") if callspec else ""
            for name, reason in getattr(item.function, "not_applicable", {}).items():
                left_out.add((suite, item.originalname, name, reason))
        for suite, _, name, reason in left_out:
            self.outcomes[suite, name]["not applicable"] += 1
            self.reasons[suite, reason] += 1

    def pytest_runtest_logreport(self, report):
        counts = self.outcomes[self.places[report.nodeid]]
        if report.when == "call":
            counts["run"] += 1
        if report.when == "call" or not report.passed:
            counts[report.outcome] += 1

    def table(self) -> list[str]:
        """Return the lines of the tables of counts and of reasons."""
        columns = ("run", "passed", "failed", "skipped", "not applicable")
        lines = [f"| suite | program | {' | '.join(columns)} |", "|---" * 7 + "|"]
        for suite in sorted({suite for suite, _ in self.outcomes}):
            total: Counter = Counter()
            for name in (*NAMES, ""):
                counts = self.outcomes[suite, name]
                total += counts
                if counts:
                    lines.append(row(suite, name or "no program", counts, columns))
            lines.append(row(suite, "all", total, columns))
        lines += ["", "| suite | not applicable since | programs and tests |", "|---|---|---|"]
        lines += [f"| {s} | {why} | {n} |" for (s, why), n in sorted(self.reasons.items())]
        return lines


def row(suite: str, name: str, counts: Counter, columns: tuple[str, ...]) -> str:
    """Return a row of the table."""
    return f"| {suite} | {name} | {' | '.join(str(counts[column]) for column in columns)} |"


def main() -> None:
    """Run the suites and print the counts."""
    counts = Counts()
    status = pytest.main([*SUITES, "-q", "-p", "no:cacheprovider", *sys.argv[1:]], plugins=[counts])
    print("\n".join(["", *counts.table()]))
    sys.exit(status)


if __name__ == "__main__":
    main()
