"""Start and continue searches from Python."""

import contextlib
import os
import shlex
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lionhunt.dsl.op_table import active_table
from lionhunt.search.api.configs import Settings, resolve_config
from lionhunt.search.api.runs import Run
from lionhunt.search.driver.config import RunConfig
from lionhunt.search.driver.progress import RunProgress, is_at_end
from lionhunt.search.driver.setup import load_initial, load_run, summarize_setup
from lionhunt.search.errors import ConfigError
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.schema import RUN
from lionhunt.search.user_code.functions import load_functions
from lionhunt.search.user_code.recorded_code import (
    check_data,
    check_known,
    check_unchanged,
    current_digests,
    remember,
)
from lionhunt.search.user_code.task_options import load_tasks, with_tables
from lionhunt.search.workers.cluster.ray_cluster import AUTO, LOCAL
from lionhunt.search.workers.xla_environment import set_xla_environment

MAX_WORKERS_A_CORE = 4
"""Workers for each core that a recorded config starts by itself; more only wait for each other."""

OnProgress = Callable[[RunProgress], bool | None]
"""Receives the counts of a run several times a second; returning True ends the run."""
OnStart = Callable[[Run], None]
"""Receives the run when its folder exists and its workers are about to start."""


def run(
    config: str | Path | Mapping[str, Any] | RunConfig,
    out: str | Path | None = None,
    workers: int | None = None,
    settings: Settings = None,
    on_progress: OnProgress | None = None,
    ray_address: str | None = None,
    on_start: OnStart | None = None,
    tasks: Sequence[Any] | None = None,
) -> Run:
    """Run a search to its end and return it.

    Ctrl-C stops it; `resume` continues it. The same config and seed give the same history with
    any number of workers.

    Args:
        config: path of a TOML file, name of a bundled config, mapping of keys, or RunConfig.
        out: folder of the run; the first free one of runs/NAME, runs/NAME-2, ... by default.
        workers: processes that score, one core each; 0 scores in this process. None: as the
            config says.
        settings: values that replace those of the config, such as `{"evolution.lag": 8}`.
        on_progress: called with the counts so far; a call that returns True ends the run, which
            can be resumed later.
        ray_address: "local", or a cluster as "auto" or host:port. None: as the config says.
        on_start: called with the run before its workers start.
        tasks: tasks in place of the config's: instances of task classes, `Task` or mappings.

    Raises:
        LionhuntError: the config is wrong, the folder holds a run, or workers cannot start.

    Example:
        >>> tiny = {"population_size": 10, "tournament_size": 3, "lag": 4}
        >>> task = {"kind": "digits_mlp", "num_steps": 10, "batch_size": 4, "width": 4}
        >>> config = {"num_programs": 30, "tasks": [task], "evolution": tiny}
        >>> found = run(config, out=folder / "tiny", workers=0)
        >>> found.is_complete, len(found.programs())
        (True, 30)
    """
    set_xla_environment()
    name, run_config = resolve_config(config, RunConfig, settings, tasks)
    folder = free_run_folder(Path("runs") / name) if out is None else Path(out)
    with load_functions(run_config.functions_from):
        initial = load_initial(run_config.initial)
        RUN.check_free(folder)
        info = summarize_setup(run_config, initial)
        remember(info.get("sources", {}))
        with RunStore.create(folder, info) as store:
            # Who gives a config chooses its address, too.
            address = ray_address or run_config.evaluation.ray_address
            return _run_to_end(store, workers, address, on_progress, on_start)


def resume(
    folder: str | Path | Run,
    workers: int | None = None,
    on_progress: OnProgress | None = None,
    ray_address: str | None = None,
    on_start: OnStart | None = None,
    tasks: Sequence[Any] = (),
    allow_code: bool = False,
) -> Run:
    """Continue a run that was stopped or killed, and return it when it is complete.

    Args:
        folder: of the run.
        workers: see `run`; the history does not depend on it.
        on_progress: see `run`.
        ray_address: see `run`. None: this machine, or the recorded cluster if `RAY_ADDRESS` names
            it too; the file of a run, which may come from somebody else, does not choose.
        on_start: see `run`; not called for a run that is complete.
        tasks: the same objects again, if the run was given tasks as Python objects of a notebook.
        allow_code: True executes files of tasks that no search of yours began with.

    Raises:
        LionhuntError: the folder holds no run, another process writes it, or programs score
            differently on this machine.
    """
    set_xla_environment()
    with_tables(list(tasks))
    with RunStore.open_to_write(_to_folder(folder)) as store:
        if not is_at_end(store):
            _check_code(store, allow_code)
        return _run_to_end(store, workers, ray_address, on_progress, on_start)


def rescore(
    folder: str | Path | Run,
    out: str | Path | None = None,
    workers: int | None = None,
    on_progress: OnProgress | None = None,
    ray_address: str | None = None,
    on_start: OnStart | None = None,
    tasks: Sequence[Any] = (),
    allow_code: bool = False,
) -> Run:
    """Run the search of a recorded run again, on this machine and in a new folder.

    Scores made on two machines are never mixed: use this where `resume` refuses.

    Args:
        folder: of the recorded run, which is left alone.
        out: the new folder; RUN-rescored by default.
        workers: see `run`.
        on_progress: see `run`.
        ray_address: see `resume`.
        on_start: see `run`.
        tasks: see `resume`.
        allow_code: see `resume`.
    """
    set_xla_environment()
    with_tables(list(tasks))
    with RunStore.open_to_read(_to_folder(folder)) as store:
        config, initial = load_run(store)
        if not allow_code:
            check_known(config.code, store.path.parent)
        reference, old = store.reference(), store.path.parent.resolve()
    new = free_run_folder(old.with_name(f"{old.name}-rescored")) if out is None else Path(out)
    RUN.check_free(new)
    with load_functions(config.functions_from):
        info = summarize_setup(config, initial, reference)
        remember(info.get("sources", {}))
        info["rescored_from"] = str(old)
        with RunStore.create(new, info) as store:
            return _run_to_end(store, workers, ray_address, on_progress, on_start)


def free_run_folder(folder: Path) -> Path:
    """Return the folder, or the first of folder-2, folder-3, ... that holds no run."""
    number, free = 1, folder
    while (free / RUN.file_name).exists():
        number += 1
        free = folder.with_name(f"{folder.name}-{number}")
    return free


@contextmanager
def open_search(
    store: RunStore, workers: int | None = None, ray_address: str | None = None
) -> Iterator[Generator[RunProgress, None, None]]:
    """Start the workers of a run and yield its events; closing them stops the run cleanly.

    Args:
        store: of the run, open to write.
        workers: see `run`.
        ray_address: see `resume`.
    """
    from lionhunt.search.driver.run_log import log_progress, log_run
    from lionhunt.search.driver.scoring import start_pool
    from lionhunt.search.driver.search_loop import Search
    from lionhunt.search.trackers.tracking import require_trackers, track

    config, initial = load_run(store)
    # Workers get the code from this process.
    load_tasks(config.all_tasks)
    require_trackers(config)
    num_workers = config.evaluation.workers if workers is None else workers
    if ray_address is None:
        recorded = config.evaluation.ray_address if num_workers else LOCAL
        ray_address = _check_chosen(recorded, store.path.parent)
        most = MAX_WORKERS_A_CORE * (os.cpu_count() or 1)
        if workers is None and ray_address == LOCAL and num_workers > most:
            raise ConfigError(
                f"{store.path.parent} asks for {num_workers:,} workers, and this machine has "
                f"{os.cpu_count()} cores; give --workers"
            )
    with contextlib.ExitStack() as stack:
        stack.enter_context(active_table().loaded())
        stack.enter_context(log_run(store.log, store.count(), workers=num_workers))
        started = start_pool(config, initial, num_workers, store.reference(), ray_address)
        pool, reference = stack.enter_context(started)
        events = log_progress(Search(config, initial, store, pool, reference).run())
        events = track(events, config, store.path.parent)
        yield stack.enter_context(contextlib.closing(events))


def _check_chosen(recorded: str, folder: Path) -> str:
    """Return the recorded address; raise `ConfigError` if the file alone chooses it."""
    chosen = os.environ.get("RAY_ADDRESS")
    # Ray finds the head of "auto" by the variable.
    if recorded == LOCAL or chosen and recorded in (AUTO, chosen):
        return recorded
    raise ConfigError(
        f"{folder} names the Ray cluster {recorded}, to which a file alone connects nobody; "
        f"give --ray-address {shlex.quote(recorded)}, or --ray-address {LOCAL} for this machine"
    )


def _run_to_end(
    store: RunStore,
    workers: int | None,
    ray_address: str | None,
    on_progress: OnProgress | None,
    on_start: OnStart | None,
) -> Run:
    run = Run(store.path.parent)
    if is_at_end(store):
        return run
    if on_start is not None:
        on_start(run)
    with open_search(store, workers, ray_address) as events:
        for progress in events:
            if on_progress is not None and on_progress(progress):
                break
    return run


def _check_code(store: RunStore, allow_code: bool) -> None:
    """Check the code of the user that a run names, before any of it is executed."""
    config, folder = load_run(store)[0], store.path.parent
    check_unchanged(config.code, store.info(), folder)
    if not allow_code:
        check_known(config.code, folder)
    remember(current_digests(config.code))
    check_data(config.all_tasks, store.info(), folder)


def _to_folder(run: str | Path | Run) -> Path:
    return run.folder if isinstance(run, Run) else Path(run)
