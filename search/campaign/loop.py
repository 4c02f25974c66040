"""The loop of a campaign: all searches, what follows each of them, and one comparison.

Each part has a folder in that of the campaign, and resumes where it stopped:

    evolution_N       the search of a seed
    selection_N       the selection among its candidates
    simplification_N  the simplification of the chosen program
    comparison        all simplified programs beside known optimizers, on unseen tasks
"""

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

from lionhunt.dsl.text.parser import parse
from lionhunt.search.activity import Activity, OnActivity, exhaust, ignore
from lionhunt.search.campaign.candidates import choose, find_candidates
from lionhunt.search.campaign.config import CampaignConfig
from lionhunt.search.campaign.found import compare_found, total_seconds
from lionhunt.search.campaign.result import CampaignResult, SeedFinding
from lionhunt.search.comparison.result import Comparison
from lionhunt.search.comparison.setup import PreparedComparison
from lionhunt.search.driver.families import summarize_class
from lionhunt.search.driver.setup import summarize_tasks
from lionhunt.search.paper.replication.loop import (
    FinishedRun,
    OpenPool,
    Study,
    StudyProgress,
)
from lionhunt.search.selection import loop as selection_loop
from lionhunt.search.selection.candidates import load_baseline
from lionhunt.search.selection.report import to_activity as selection_activity
from lionhunt.search.selection.report import write_selection_report
from lionhunt.search.selection.setup import open_selection, summarize_selection_setup
from lionhunt.search.selection.summary import summarize_selection
from lionhunt.search.simplification.loop import derive
from lionhunt.search.simplification.store import open_simplification
from lionhunt.search.storage.program_ref import Source


class Campaign:
    """A campaign in one folder. Existing parts are resumed, and finished parts are kept.

    Args:
        name: name of the campaign.
        config: of the campaign.
        folder: each part has a folder in it.
        num_workers: Ray workers; 0 trains in this process.
        open_searches: opens the pool of all searches.

    Raises:
        ConfigError: the config, an optimizer or the initial program is invalid.
        DataError: a task lacks its data.
        RecordError: the folder holds another campaign, or cannot be used.
    """

    def __init__(
        self,
        name: str,
        config: CampaignConfig,
        folder: Path,
        num_workers: int,
        open_searches: OpenPool,
    ):
        self.name = name
        self.config = config
        self.folder = folder
        self._num_workers = num_workers
        self._study = Study(config.to_study(), folder, open_searches)
        _check(name, config)

    def search(self) -> Generator[StudyProgress, None, list[FinishedRun]]:
        """Run all searches to their end; all yielded progress is recorded."""
        return self._study.run()

    def judge(
        self, runs: Sequence[FinishedRun], on_activity: OnActivity = ignore
    ) -> CampaignResult:
        """Select, simplify and classify a program of each search, then compare all of them.

        Args:
            runs: the finished searches, in order.
            on_activity: called with what is being done.
        """
        names = self.config.found_names
        findings = tuple(
            self._find(number, name, run, on_activity)
            for number, (name, run) in enumerate(zip(names, runs, strict=True))
        )
        return CampaignResult(findings, *self._compare(findings, on_activity))

    def _find(
        self, number: int, name: str, run: FinishedRun, on_activity: OnActivity
    ) -> SeedFinding:
        """Return what one seed has found."""

        def on_part(activity: Activity) -> None:
            on_activity(activity._replace(text=f"{name}, {activity.text}"))

        on_part(Activity("reading the run"))
        selection, seconds = self._select(self.folder / f"selection_{number}", run, on_part)
        times = {"selection": seconds}
        chosen = choose(selection, self.config.aim)
        simplification = None
        if chosen is not None:
            folder = self.folder / f"simplification_{number}"
            simplification, times["simplification"] = self._simplify(folder, chosen, on_part)
        return SeedFinding(name, run, selection, chosen, simplification, times)

    def _select(
        self, folder: Path, run: FinishedRun, on_activity: OnActivity
    ) -> tuple[dict[str, Any], float]:
        """Select among the candidates of a run; return the summary and the training time."""
        config = self.config.select
        candidates = [
            {"name": c.name, "fitness": c.fitness, "program": str(c.program)}
            for c in find_candidates(run.folder, self.config)
        ]
        info = summarize_selection_setup(config, [run.folder]) | {"candidates": candidates}
        with open_selection(folder, info) as store:
            pools = selection_loop.open_pools(config, self._num_workers)
            events = selection_loop.SelectionLoop(store, pools).run()
            result = exhaust(events, lambda event: on_activity(selection_activity(event)))
            summary = summarize_selection(store, result)
            parts = [part["name"] for part in info["parts"]]
            seconds = total_seconds(m for part in parts for m in store.measurements(part).values())
        write_selection_report(folder, summary)
        return summary, seconds

    def _simplify(
        self, folder: Path, chosen: dict[str, Any], on_activity: OnActivity
    ) -> tuple[dict[str, Any], float]:
        """Simplify and classify a program; return the summary and the training time."""
        config = self.config.simplify
        source = Source(chosen["name"], parse(chosen["tuned"]))
        with open_simplification(folder, source.program, config) as records:
            summary = records.result()
            if summary is None:
                summary = derive(
                    source,
                    config,
                    self._num_workers,
                    in_full=False,
                    records=records,
                    on_activity=on_activity,
                )
                simplified = Source(chosen["name"], parse(summary["result"]))
                summary["class"] = summarize_class(simplified, True, on_activity)
                records.add_result(summary)
            return summary, total_seconds(records.trainings().values())

    def _compare(
        self, findings: Sequence[SeedFinding], on_activity: OnActivity
    ) -> tuple[Comparison | None, float]:
        """Compare all found programs, if there are any; return also the training time."""
        programs = {
            finding.name: finding.simplification["result"]
            for finding in findings
            if finding.simplification is not None
        }
        if not programs:
            return None, 0.0
        config = self.config.to_comparison(programs)
        return compare_found(self.name, config, self.folder, self._num_workers, on_activity)


def _check(name: str, config: CampaignConfig) -> None:
    """Raise an error now that would stop a campaign only after hours."""
    for baseline in config.select.baselines:
        load_baseline(baseline)
    summarize_tasks([options.build() for options in config.tasks_before()])
    PreparedComparison(name, config.compare)
