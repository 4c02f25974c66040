"""The loop of an ablation: the searches of each variant, and one comparison of what they found.

Each part has a folder in that of the ablation, and resumes where it stopped:

    VARIANT/evolution_N  a search of a variant
    comparison           the best program of every search beside known optimizers
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from pathlib import Path

from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.search.activity import OnActivity, ignore
from lionhunt.search.campaign.ablation.config import AblationConfig
from lionhunt.search.campaign.ablation.result import AblationResult, FoundProgram
from lionhunt.search.campaign.found import compare_found
from lionhunt.search.comparison.setup import PreparedComparison
from lionhunt.search.paper.replication.config import StudyConfig
from lionhunt.search.paper.replication.loop import FinishedRun, OpenPool, Study, StudyProgress
from lionhunt.search.storage.run_store import RunStore

Searches = Generator[StudyProgress, None, list[FinishedRun]]
"""Searches that run; it yields their progress, and returns them once they are finished."""


class AblationLoop:
    """An ablation in one folder. Existing parts are resumed, and finished parts are kept.

    Args:
        name: name of the ablation.
        config: of the ablation.
        folder: each part has a folder in it.
        num_workers: Ray workers; 0 trains in this process.
        open_searches: returns the function that opens the pool of a variant's searches.

    Raises:
        ConfigError: the config, an optimizer or the initial program is invalid.
        DataError: a task lacks its data.
        RecordError: the folder holds another ablation, or cannot be used.
    """

    def __init__(
        self,
        name: str,
        config: AblationConfig,
        folder: Path,
        num_workers: int,
        open_searches: Callable[[StudyConfig], OpenPool],
    ):
        self.name = name
        self.config = config
        self.folder = folder
        self._num_workers = num_workers
        studies = map(config.to_study, config.variants)
        self._studies = [
            Study(study, folder / variant.folder, open_searches(study))
            for variant, study in zip(config.variants, studies, strict=True)
        ]
        # An error in the comparison would stop the ablation only after hours.
        PreparedComparison(name, config.to_comparison({}))

    def search(self) -> Generator[StudyProgress, None, list[list[FinishedRun]]]:
        """Run the searches of all variants; all yielded progress is recorded.

        Returns:
            The finished searches, a list for each variant.
        """
        runs = []
        for number, variant in enumerate(self.config.variants):
            runs.append((yield from self._number(variant.name, number)))
        return runs

    def _number(self, name: str, number: int) -> Searches:
        """Run the searches of one variant; they are counted among those of all variants."""
        num_repeats = self.config.num_repeats
        with closing(self._studies[number].run()) as events:
            while True:
                try:
                    event = next(events)
                except StopIteration as stop:
                    return stop.value
                yield event._replace(
                    name=f"{name}, {event.name}",
                    number=number * num_repeats + event.number,
                    total=len(self._studies) * num_repeats,
                )

    def judge(
        self, runs: Sequence[Sequence[FinishedRun]], on_activity: OnActivity = ignore
    ) -> AblationResult:
        """Compare the best program of each search.

        Args:
            runs: the finished searches, in order, of each variant.
            on_activity: called with what is being done.
        """
        found = tuple(
            tuple(
                _find(self.config.found_name(variant, number), run)
                for number, run in enumerate(of_variant)
            )
            for variant, of_variant in zip(self.config.variants, runs, strict=True)
        )
        programs = {
            each.name: str(each.program)
            for of_variant in found
            for each in of_variant
            if each.program is not None
        }
        if not programs:
            return AblationResult(found, None, 0.0)
        compare = self.config.to_comparison(programs)
        compared = compare_found(self.name, compare, self.folder, self._num_workers, on_activity)
        return AblationResult(found, *compared)


def _find(name: str, run: FinishedRun) -> FoundProgram:
    """Return the best program of a search, as it is shown."""
    with RunStore.open_to_read(run.folder) as records:
        best = records.best()
    return FoundProgram(name, run, None if best is None else simplify(best.program))
