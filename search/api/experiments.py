"""Compare optimizers and select among the programs of runs, from Python."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lionhunt.search.activity import exhaust
from lionhunt.search.api.configs import Settings, resolve_config, to_texts
from lionhunt.search.api.runs import Run
from lionhunt.search.config import Config
from lionhunt.search.errors import command_line
from lionhunt.search.workers.xla_environment import set_xla_environment

OnEvent = Callable[[Any], object]
"""Receives the progress of an experiment several times a second."""


@dataclasses.dataclass(frozen=True)
class Report:
    """The result of a comparison or a selection.

    Attributes:
        folder: holds the records, report.json, report.md and pictures.
        summary: the content of report.json.
    """

    folder: Path
    summary: dict[str, Any] = dataclasses.field(repr=False)

    @property
    def markdown(self) -> str:
        """Return the report as Markdown."""
        return (self.folder / "report.md").read_text("utf-8")

    def _repr_markdown_(self) -> str:
        return self.markdown


def compare(
    config: str | Path | Mapping[str, Any] | Config,
    out: str | Path | None = None,
    workers: int | None = None,
    settings: Settings = None,
    on_progress: OnEvent | None = None,
    on_start: Callable[[Path, str], object] | None = None,
    tasks: Sequence[Any] | None = None,
) -> Report:
    """Compare optimizers, each tuned on the same budget, on fresh seeds.

    The same call continues a comparison that was stopped or killed.

    Args:
        config: path of a TOML file, name of a bundled config ("compare_quick"), or mapping.
        out: folder of the comparison; runs/NAME by default.
        workers: processes that train; 0 trains in this process. None: as the config says.
        settings: values that replace those of the config.
        on_progress: called with a `ComparisonProgress`.
        on_start: called with the folder, and a line on what is compared.
        tasks: tasks in place of the config's; see `lionhunt.run`.

    Raises:
        LionhuntError: the config is wrong, or the folder holds another comparison.
    """
    from lionhunt.search.comparison.config import CompareConfig
    from lionhunt.search.comparison.report import write_comparison_report
    from lionhunt.search.comparison.setup import PreparedComparison, open_comparisons
    from lionhunt.search.comparison.summary import summarize_comparison

    set_xla_environment()
    name, compare_config = resolve_config(config, CompareConfig, settings, tasks)
    folder = Path("runs") / name if out is None else Path(out)
    num_workers = compare_config.evaluation.workers if workers is None else workers
    prepared = PreparedComparison(name, compare_config)
    with prepared.functions:
        with open_comparisons(folder, [prepared]) as store:
            if on_start is not None:
                sizes = f"{len(prepared.optimizers)} optimizers on {len(prepared.tasks)} tasks"
                on_start(folder, f"{sizes}, {_place(num_workers)}")
            events = prepared.make_loop(store, compare_config.evaluation, num_workers).run()
            comparison = exhaust(events, on_progress)
        summary = summarize_comparison(comparison)
    named = config if isinstance(config, str | Path) else name
    command = command_line("compare", named, settings=to_texts(settings))
    write_comparison_report(folder, comparison, summary, command)
    return Report(folder, summary)


def select(
    runs: Sequence[str | Path | Run],
    config: str | Path | Mapping[str, Any] | Config = "select_quickstart",
    out: str | Path | None = None,
    workers: int | None = None,
    settings: Settings = None,
    on_progress: OnEvent | None = None,
    on_start: Callable[[Path, str], object] | None = None,
) -> Report:
    """Select the programs of runs that beat tuned baselines on larger tasks.

    The same call continues a selection that was stopped or killed.

    Args:
        runs: runs or their folders; all must have the same initial program and tasks.
        config: path of a TOML file, name of a bundled config, or mapping.
        out: folder of the selection; runs/NAME by default.
        workers: processes that train; 0 trains in this process. None: as the config says.
        settings: values that replace those of the config.
        on_progress: called with a `SelectionProgress`.
        on_start: called with the folder, and a line on what is selected from.

    Raises:
        LionhuntError: the config is wrong, the runs do not go together, or the folder holds
            another selection.
    """
    from lionhunt.search.selection.config import SelectConfig
    from lionhunt.search.selection.loop import SelectionLoop, open_pools
    from lionhunt.search.selection.report import write_selection_report
    from lionhunt.search.selection.setup import open_selection, summarize_selection_setup
    from lionhunt.search.selection.summary import summarize_selection

    set_xla_environment()
    name, select_config = resolve_config(config, SelectConfig, settings)
    folder = Path("runs") / name if out is None else Path(out)
    num_workers = select_config.evaluation.workers if workers is None else workers
    info = summarize_selection_setup(
        select_config, [each.folder if isinstance(each, Run) else Path(each) for each in runs]
    )
    with open_selection(folder, info) as store:
        if on_start is not None:
            on_start(folder, f"{len(info['candidates'])} candidates, {_place(num_workers)}")
        events = SelectionLoop(store, open_pools(select_config, num_workers)).run()
        summary = summarize_selection(store, exhaust(events, on_progress))
    write_selection_report(folder, summary)
    return Report(folder, summary)


def _place(num_workers: int) -> str:
    return f"{num_workers} workers" if num_workers else "in this process"
