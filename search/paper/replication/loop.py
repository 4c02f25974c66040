"""Loop of a study: makes its runs, one after the other, in one pool of workers."""

import functools
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.dsl.program import Program
from lionhunt.proxy_tasks import NUM_CHUNKS
from lionhunt.search.driver.config import parse_run_config
from lionhunt.search.driver.progress import RunProgress, is_at_end
from lionhunt.search.driver.run_log import log_progress, log_run
from lionhunt.search.driver.scoring import candidate_functions, measure_reference, open_pool
from lionhunt.search.driver.search_loop import Search
from lionhunt.search.driver.setup import load_initial, load_run, summarize_setup
from lionhunt.search.environment import check_same_machine, differences
from lionhunt.search.errors import ConfigError, RecordError
from lionhunt.search.evaluation.job import AnyJob, Job
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.evolution.baselines import constant_places
from lionhunt.search.paper.replication.config import StudyConfig
from lionhunt.search.paper.replication.plan import (
    PlannedRun,
    plan_baselines,
    plan_evolutions,
    plan_restart,
)
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.schema import RUN
from lionhunt.search.trackers.tracking import require_trackers, track
from lionhunt.search.workers.pool import Pool

OpenPool = Callable[[], AbstractContextManager[Pool]]


class StudyProgress(NamedTuple):
    """Progress of a study.

    Attributes:
        name: name of the current run.
        number, total: position of the run in the study, from 1, and the number of runs.
        progress: progress of the run.
    """

    name: str
    number: int
    total: int
    progress: RunProgress


class SeededPool:
    """A pool for one run: jobs without a seed train with the seed of the run."""

    def __init__(self, pool: Pool, seed: int):
        self._pool = pool
        self._seed = seed
        self.start, self.wait, self.close = pool.start, pool.wait, pool.close

    def submit(self, job: AnyJob) -> None:
        """Submit a job."""
        assert isinstance(job, Job)
        self._pool.submit(job if job.seed is not None else job._replace(seed=self._seed))


class FinishedRun(NamedTuple):
    """A finished run of a study.

    Attributes:
        group: one of `search.paper.replication.plan.GROUPS`.
        name: name of its folder.
        folder: path of its folder.
    """

    group: str
    name: str
    folder: Path


class Study:
    """A set of runs in one folder. Existing runs are resumed, and finished runs are kept.

    Args:
        config: of the study.
        folder: each run has a folder in it.
        open_pool: opens the pool for all runs, once a run needs it.

    Raises:
        ConfigError: the config or the programs of a run are invalid.
        RecordError: the folder holds other runs, or runs that were scored elsewhere, or it cannot
            be used.
    """

    def __init__(self, config: StudyConfig, folder: Path, open_pool: OpenPool):
        self._config = config
        self._folder = folder
        self._open_pool = open_pool
        self._pool: Pool | None = None
        self._finished: list[FinishedRun] = []
        # Measurements of references, by fingerprint and seed.
        self._measured: dict[tuple[str, int], Measurement] = {}
        # Recorded runs that were not yet compared with the pool.
        self._uncompared: list[Path] = []
        _check(config)
        num_baselines = config.num_random + config.num_constants
        self.num_runs = config.num_repeats + num_baselines + config.restart

    def run(self) -> Generator[StudyProgress, None, list[FinishedRun]]:
        """Run to the end and yield the progress now and then. All yielded progress is recorded."""
        with ExitStack() as self._stack:
            for planned in plan_evolutions(self._config):
                yield from self._finish(planned)
            evolutions = list(self._finished)
            num_trainings = list(map(_num_trainings, evolutions))
            for planned in plan_baselines(self._config, num_trainings):
                yield from self._finish(planned)
            if self._config.restart:
                fitness, seeds = zip(*map(_best_rank_and_seed, evolutions), strict=True)
                best = fitness.index(max(fitness))
                planned = plan_restart(self._config, evolutions[best].folder, seeds[best])
                yield from self._finish(planned)
        return self._finished

    def _finish(self, planned: PlannedRun) -> Generator[StudyProgress, None, None]:
        """Make or resume one run, unless it is finished."""
        folder = self._folder / planned.name
        info = summarize_setup(planned.config, load_initial(planned.config.initial))
        self._finished.append(FinishedRun(planned.group, planned.name, folder))
        is_done = _is_done(folder, info)
        if (folder / RUN.file_name).is_file():
            self._uncompared.append(folder)
        if is_done and self._pool is not None:
            self._compare(self._pool, info)
        elif not is_done:
            with _open_records(folder, info) as records:
                config, initial = load_run(records)
                pool = self._start_pool(records.reference(), config.seed)
                self._compare(pool, info)
                reference = self._measure(pool, records.reference(), config.seed)
                if reference.status is not Status.OK:
                    raise ConfigError(
                        "the initial program does not train on the tasks "
                        f"({reference.status_text}) with seed {config.seed}; choose others"
                    )
                seeded = SeededPool(pool, config.seed)
                search = Search(config, initial, records, seeded, reference)
                with log_run(records.log, records.count(), study=str(self._folder)):
                    events = log_progress(search.run())
                    for progress in track(events, config, folder):
                        yield StudyProgress(
                            planned.name, len(self._finished), self.num_runs, progress
                        )

    def _start_pool(self, reference: Program, seed: int) -> Pool:
        """Return the pool; at first open it and start it with a reference."""
        if self._pool is None:
            self._pool = self._stack.enter_context(self._open_pool())
            measurement = self._pool.start(Job("reference", assemble(reference), seed))
            if not self._config.run.evaluation.step_sizes:
                self._measured[fingerprint(reference), seed] = measurement
        return self._pool

    def _measure(self, pool: Pool, program: Program, seed: int) -> Measurement:
        """Measure a reference, once per seed, on a pool without other jobs."""
        key = fingerprint(program), seed
        if key not in self._measured:
            job = Job("reference", assemble(program), seed)
            self._measured[key] = measure_reference(pool, job, self._config.run)
        return self._measured[key]

    def _compare(self, pool: Pool, info: dict[str, Any]) -> None:
        """Compare recorded runs with the arithmetic of the pool.

        Args:
            pool: without other jobs.
            info: setup of a run that starts on this machine.

        Raises:
            RecordError: a run was scored where arithmetic differs.
        """
        while self._uncompared:
            folder = self._uncompared.pop()
            with RunStore.open_to_read(folder) as records:
                recorded_info, reference = records.info(), records.reference()
                recorded = records.measurement(fingerprint(reference))
            if recorded is None:
                continue
            measured = self._measure(pool, reference, recorded_info["config"]["seed"])
            check_same_machine(
                recorded,
                measured,
                subject=f"the initial program of {folder.name}",
                noun="study",
                recorded_setup=recorded_info,
                current_setup=lambda: info,
                instead="choose another --out",
            )


def _check(config: StudyConfig) -> None:
    """Raise `ConfigError` for errors that would stop a study only after hours."""
    # Planning a run checks its config.
    list(plan_evolutions(config))
    list(plan_baselines(config, [1.0] * config.num_repeats))
    initial = load_initial(config.run.initial)
    config.run.space.check(initial)
    config.run.objectives.check(initial)
    require_trackers(config.run)
    if config.num_constants and not constant_places(initial):
        raise ConfigError(f"num_constants must be 0: {config.run.initial} has no constant to vary")


def open_study_pool(config: StudyConfig, num_workers: int) -> OpenPool:
    """Return a function that opens the pool for all runs of a study."""
    run = config.run
    reference = load_initial(run.reference or run.initial, "reference")
    return functools.partial(
        open_pool,
        (*run.tasks, *run.validation.tasks),
        run.seed,
        candidate_functions(run, load_initial(run.initial), reference),
        num_workers=num_workers,
        candidate_seconds=run.evaluation.candidate_seconds,
        batch_size=run.evaluation.batch_size,
        num_extra=len(run.validation.tasks),
        memory_gib=run.evaluation.worker_memory_gib,
        ray_address=run.evaluation.ray_address,
    )


def _is_done(folder: Path, info: dict[str, Any]) -> bool:
    """Return True if a run is finished; raise `RecordError` if it is another run."""
    if not (folder / RUN.file_name).is_file():
        return False
    with RunStore.open_to_read(folder) as records:
        recorded = _identity(records.info(), folder)
        difference = next(differences(recorded, _identity(info, folder)), None)
        if difference is not None:
            raise RecordError(f"{folder} is of another study ({difference}); choose another --out")
        return is_at_end(records)


def _identity(info: dict[str, Any], place: Path) -> dict[str, Any]:
    """Return the part of a setup that decides the result of a run."""
    parsed = parse_run_config(info["config"], str(place), loads_code=False)
    config = parsed.model_dump(mode="json", exclude=_NOT_DECISIVE)
    programs = {key: info[key].splitlines() for key in ("initial", "reference")}
    digests = {
        key: {task["name"]: task["digest"] for task in info.get(key, ())}
        for key in ("tasks", "validation_tasks")
    }
    sources = {"sources": info.get("sources", {})}
    return sources | {"config": config} | digests | programs


_NOT_DECISIVE: Any = {
    "initial": True,
    "reference": True,
    "observability": True,
    "evaluation": {"workers", "candidate_seconds", "worker_memory_gib", "ray_address"},
}
"""Keys of a config without effect on the result. The setup holds the programs themselves."""


@contextmanager
def _open_records(folder: Path, info: dict[str, Any]) -> Iterator[RunStore]:
    is_recorded = (folder / RUN.file_name).is_file()
    opened = RunStore.open_to_write(folder) if is_recorded else RunStore.create(folder, info)
    with opened as records:
        yield records


def _num_trainings(run: FinishedRun) -> float:
    """Return the training of a run, in full trainings."""
    with RunStore.open_to_read(run.folder) as records:
        return records.num_chunks() / (NUM_CHUNKS * len(records.info()["tasks"]))


def _best_rank_and_seed(run: FinishedRun) -> tuple[float, int]:
    with RunStore.open_to_read(run.folder) as records:
        best, seed = records.best(), records.info()["config"]["seed"]
    return -float("inf") if best is None else best.rank_or_neg_inf, seed
