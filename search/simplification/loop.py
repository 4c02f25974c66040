"""The work of `lionhunt simplify` and `lionhunt derive`: simplifies, measures, and describes it."""

import functools
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from lionhunt.dsl.rewriting import Justification
from lionhunt.search.environment import summarize_environment
from lionhunt.search.errors import ConfigError
from lionhunt.search.simplification import summary as derivation
from lionhunt.search.simplification.config import SimplifyConfig
from lionhunt.search.simplification.deletion_search import delete_by_search
from lionhunt.search.simplification.measure import BaseFailed, Measurer, open_measurer
from lionhunt.search.simplification.simplifier import Event, Simplifier, final
from lionhunt.search.storage.program_ref import Source

PROVEN = (Justification.EXACT, Justification.ALGEBRAIC)
"""The warrants of rewriting where nothing is to be measured."""

Say = Callable[[str], None]


def derive(
    source: Source,
    config: SimplifyConfig,
    num_workers: int,
    *,
    exact_only: bool = False,
    by_search: int = 0,
    in_full: bool = True,
    say: Say = lambda text: None,
    tell: Callable[[Event], None] = lambda event: None,
) -> dict[str, Any]:
    """Simplifies a program; what came of it in a plain dictionary.

    Args:
        source: the program.
        config: what changes are measured on.
        num_workers: Ray workers; 0 trains in this process.
        exact_only: exact and algebraic steps alone; nothing is measured.
        by_search: first a search of so many programs that inserts no statement.
        in_full: also what a derivation says beyond its steps.
        say: told what is going on.
        tell: told every step as it is made, and every change that is not.
    """
    start = time.monotonic()
    with ExitStack() as stack:
        measurer, reason = None, "only exact and algebraic steps were asked for"
        if not exact_only:
            measurer, reason = _open(stack, source, config, num_workers, say)
        simplifier = _simplifier(config, measurer, exact_only, by_search)
        events: list[Event] = []
        try:
            for event in simplifier.run(source.program):
                events.append(event)
                tell(event)
        except BaseFailed as error:  # with a seed of a later look
            reason = str(error)
        result = final(source.program, events)
        described = {
            "name": source.name,
            **derivation.summarize_steps(source.program, events),
            "classification": derivation.summarize_classification(result),
        }
        say("the whole way, with all seeds")
        described["whole"] = derivation.summarize_change(source.program, result, measurer)
        if in_full:
            described |= _in_full(source, config, simplifier, events, described, say)
        described["measuring"] = derivation.summarize_measuring(measurer)
        described["not_measured"] = reason
        described["seconds"] = round(time.monotonic() - start, 1)
        return described | summarize_environment()


def _in_full(
    source: Source,
    config: SimplifyConfig,
    simplifier: Simplifier,
    events: list[Event],
    described: dict[str, Any],
    say: Say,
) -> dict[str, Any]:
    """What a sceptic asks beyond the steps."""
    measurer = simplifier.measurer
    known = described["classification"]["equals"]
    constants = differences = None
    if known is not None:
        result = final(source.program, events)
        constants = derivation.summarize_constants(result, events, known, measurer)
    if measurer is not None:
        say("where the rewritten program differs in training")
        differences = derivation.summarize_differences(
            source.program, config, measurer.learning_rate, simplifier.warrants
        )
    full = {"equals": known, "against_known": constants, "differences_in_training": differences}
    return full | {"obligations": derivation.summarize_obligations(described | full)}


def _open(
    stack: ExitStack, source: Source, config: SimplifyConfig, num_workers: int, say: Say
) -> tuple[Measurer | None, str]:
    """What measures, or why nothing does."""
    try:
        opened = open_measurer(source.program, config, num_workers, say)
        return stack.enter_context(opened), ""
    except BaseFailed as error:
        return None, str(error)


def _simplifier(
    config: SimplifyConfig, measurer: Measurer | None, exact_only: bool, by_search: int
) -> Simplifier:
    warrants = PROVEN if exact_only else tuple(Justification)
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
            say=measurer.say,
        )
    return Simplifier(warrants, measurer, config.rewrite_seconds, suggest)
