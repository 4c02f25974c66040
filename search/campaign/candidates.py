"""Candidates of a run for its selection, and the choice among them."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.analysis.state_size import measure_state
from lionhunt.dsl.op_table import WORDS
from lionhunt.dsl.program import Program
from lionhunt.dsl.text.parser import parse
from lionhunt.search.campaign.config import AimConfig, CampaignConfig
from lionhunt.search.errors import RecordError
from lionhunt.search.selection.candidates import Candidate, first_of_kind, to_candidate
from lionhunt.search.storage.run_store import RunStore


def is_eligible(program: Program, aim: AimConfig) -> bool:
    """Return whether a program has the state and the functions of an aim."""
    counts = count_functions(program)
    return (aim.max_state is None or count_state(program) <= aim.max_state) and all(
        counts[WORDS[name].name] >= least for name, least in aim.functions.items()
    )


def count_state(program: Program) -> int:
    """Return the numbers of state a parameter that a program needs."""
    return measure_state(program).per_parameter


def count_functions(program: Program) -> Counter[str]:
    """Return the number of needed statements with each function."""
    return Counter(statement.op for statement in simplify(program).statements)


def find_candidates(run: Path, config: CampaignConfig) -> tuple[Candidate, ...]:
    """Return the candidates of a run: first of each kind, then of all, the fittest first.

    Args:
        run: folder of the run.
        config: of the campaign.

    Raises:
        RecordError: no program of the run has a fitness.
    """
    with RunStore.open_to_read(run) as records:
        found = [to_candidate(run, row) for row in records.fittest()]
    if not found:
        raise RecordError(f"{run} has no program with a fitness; change the tasks of the search")
    skip_equivalent = config.select.skip_equivalent

    def first(candidates: Iterable[Candidate], count: int) -> Iterable[Candidate]:
        return first_of_kind(candidates, count, skip_equivalent)

    kinds: dict[int, list[Candidate]] = {}
    for candidate in found:
        kinds.setdefault(count_state(candidate.program), []).append(candidate)
    eligible = [c for c in found if is_eligible(c.program, config.aim)]
    of_kinds = (eligible, *(kinds[number] for number in sorted(kinds)))
    of_each = (first(kind, config.candidates_by_kind) for kind in of_kinds)
    return tuple(first(itertools.chain(*of_each, found), config.select.stages[0].num_candidates))


def choose(selection: dict[str, Any], aim: AimConfig) -> dict[str, Any] | None:
    """Return the best candidate of a selection; None if none trains.

    It is of the last stage that has a candidate with the state and the functions of the aim. If
    no stage has one, it is the best of all. The scores with the tuning seeds decide: those with the
    final seeds then have no bias.

    Args:
        selection: the summary of the selection.
        aim: of the campaign.
    """

    def has_all(entry: dict[str, Any]) -> bool:
        return is_eligible(parse(entry["program"]), aim)

    rules: tuple[Callable[[dict[str, Any]], bool], ...] = (has_all, lambda entry: True)
    for rule, stage in itertools.product(rules, reversed(selection["stages"])):
        entries = [
            e for e in stage["contenders"] if not e["is_baseline"] and e["tuning"] and rule(e)
        ]
        if entries:
            return min(entries, key=lambda e: (-e["tuning"]["fitness"], e["name"]))
    return None
