"""The loop of `lionhunt simplify` and `lionhunt derive`: simplify, measure, summarize."""

import functools
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from lionhunt.dsl.rewriting import Justification
from lionhunt.search.activity import Activity, OnActivity, ignore
from lionhunt.search.environment import summarize_environment
from lionhunt.search.errors import ConfigError
from lionhunt.search.simplification import summary
from lionhunt.search.simplification.config import SimplifyConfig
from lionhunt.search.simplification.deletion_search import delete_by_search
from lionhunt.search.simplification.measure import BaseFailed, Measurer
from lionhunt.search.simplification.open_measurer import open_measurer
from lionhunt.search.simplification.simplifier import SimplificationEvent, Simplifier, final_program
from lionhunt.search.simplification.store import SimplificationStore
from lionhunt.search.storage.program_ref import Source

PROVEN = (Justification.EXACT, Justification.ALGEBRAIC)
"""Justifications of rewriting that need no measurement."""


def derive(
    source: Source,
    config: SimplifyConfig,
    num_workers: int,
    *,
    exact_only: bool = False,
    by_search: int = 0,
    in_full: bool = True,
    records: SimplificationStore | None = None,
    on_activity: OnActivity = ignore,
    on_event: Callable[[SimplificationEvent], None] = lambda event: None,
) -> dict[str, Any]:
    """Simplify a program and summarize the steps in a plain dictionary.

    Args:
        source: the program.
        config: tasks, seeds and limits.
        num_workers: Ray workers; 0 trains in this process.
        exact_only: take exact and algebraic steps alone, and measure nothing.
        by_search: programs of a search without insertion, which comes first; 0 for none.
        in_full: also summarize the parts of a derivation beyond its steps.
        records: keeps the trainings, so that an interrupted simplification continues.
        on_activity: called with what is being done, and with the trainings of each look.
        on_event: called with every step and every refused change, as it is made.
    """
    start = time.monotonic()
    with ExitStack() as stack:
        measurer, reason = None, "only exact and algebraic steps were asked for"
        if not exact_only:
            measurer, reason = _open(stack, source, config, num_workers, on_activity, records)
        simplifier = _make_simplifier(config, measurer, exact_only, by_search)
        events: list[SimplificationEvent] = []
        try:
            for event in simplifier.run(source.program):
                events.append(event)
                on_event(event)
        except BaseFailed as error:
            # A later look has more seeds, and the unchanged program may fail with one of them.
            reason = str(error)
        result = final_program(source.program, events)
        described = {
            "name": source.name,
            **summary.summarize_steps(source.program, events),
            "classification": summary.summarize_classification(result),
        }
        if measurer is not None:
            measurer.announce("the whole way, with all seeds")
        described["whole"] = summary.summarize_change(source.program, result, measurer)
        if in_full:
            described |= _summarize_in_full(
                source, config, simplifier, events, described, on_activity
            )
        described["measuring"] = summary.summarize_measuring(measurer)
        described["not_measured"] = reason
        described["seconds"] = round(time.monotonic() - start, 1)
        return described | summarize_environment()


def _summarize_in_full(
    source: Source,
    config: SimplifyConfig,
    simplifier: Simplifier,
    events: list[SimplificationEvent],
    described: dict[str, Any],
    on_activity: OnActivity,
) -> dict[str, Any]:
    """Summarize the known optimizer, its constants, the differences and what is left to believe."""
    measurer = simplifier.measurer
    known = described["classification"]["equals"]
    constants = differences = None
    if known is not None:
        result = final_program(source.program, events)
        constants = summary.summarize_constants(result, events, known, measurer)
    if measurer is not None:
        on_activity(Activity("where the rewritten program differs in training"))
        differences = summary.summarize_differences(
            source.program, config, measurer.learning_rate, simplifier.justifications
        )
    full = {"equals": known, "against_known": constants, "differences_in_training": differences}
    return full | {"obligations": summary.summarize_obligations(described | full)}


def _open(
    stack: ExitStack,
    source: Source,
    config: SimplifyConfig,
    num_workers: int,
    on_activity: OnActivity,
    records: SimplificationStore | None,
) -> tuple[Measurer | None, str]:
    """Open a measurer; return it, or the reason for having none."""
    try:
        opened = open_measurer(source.program, config, num_workers, on_activity, records)
        return stack.enter_context(opened), ""
    except BaseFailed as error:
        return None, str(error)


def _make_simplifier(
    config: SimplifyConfig, measurer: Measurer | None, exact_only: bool, by_search: int
) -> Simplifier:
    justifications = PROVEN if exact_only else tuple(Justification)
    suggest = None
    if by_search and measurer is not None:
        if measurer.learning_rate != 1.0:
            raise ConfigError(
                "--by-search needs a program with its learning rate within it; multiply its update "
                f"by {measurer.learning_rate:g}"
            )
        suggest = functools.partial(
            delete_by_search,
            pool=measurer.pool,
            config=config,
            num_programs=by_search,
            on_activity=measurer.on_activity,
        )
    return Simplifier(justifications, measurer, config.rewrite_seconds, suggest)
