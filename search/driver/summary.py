"""Summaries of programs and runs as plain dictionaries, which `--json` prints."""

import difflib
import math
import statistics
from typing import Any

from lionhunt.dsl import library
from lionhunt.dsl.analysis import liveness
from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.dsl.analysis.properties import describe, known_properties
from lionhunt.dsl.analysis.state_size import measure_state
from lionhunt.dsl.analysis.work import measure_work
from lionhunt.dsl.program import Program, to_line
from lionhunt.dsl.validation import infer
from lionhunt.proxy_tasks import NUM_CHUNKS
from lionhunt.search.driver.hall_of_fame import summarize_hall_of_fame
from lionhunt.search.driver.objectives.front import summarize_front
from lionhunt.search.driver.progress import RunProgress
from lionhunt.search.driver.racing.fresh import missing_trainings
from lionhunt.search.driver.validation.report import summarize_validation
from lionhunt.search.evaluation.fitness import task_fitness
from lionhunt.search.evaluation.outcome import EvaluationId
from lionhunt.search.storage.database import damaged
from lionhunt.search.storage.program_ref import Source
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.stored_program import StoredProgram
from lionhunt.search.user_code.functions import RECORDED

NEEDED, WITHIN_STEP, REDUNDANT = "needed", "needed only within the step", "redundant"


def summarize_program(source: Source) -> dict[str, Any]:
    """Return all facts about a program that need no training."""
    program = source.program
    kinds = infer(program)
    found = known_properties(program)
    alive = liveness.find_liveness(program)
    marks = [
        NEEDED if needed else WITHIN_STEP if within else REDUNDANT
        for needed, within in zip(alive.needed, alive.needed_within_step, strict=True)
    ]
    states = zip(program.states, alive.live_states, strict=True)
    summary: dict[str, Any] = {
        "name": source.name,
        "summary": source.notes.summary,
        "program": str(program),
        "valid": True,
        "statements": len(program.statements),
        "needed_within_step": sum(alive.needed_within_step),
        "needed": sum(alive.needed),
        "states": list(program.states),
        "live_state": [name for name, is_live in states if is_live],
        "state_size": measure_state(program)._asdict(),
        "work": measure_work(program)._asdict(),
        "fingerprint": fingerprint(program),
        "properties": found and found._asdict() | {"in_words": list(describe(found))},
        "simplified": str(liveness.simplify(program)),
        "listing": [
            {"statement": to_line(statement), "kind": kind.name.lower(), "mark": mark}
            for statement, kind, mark in zip(program.statements, kinds, marks, strict=True)
        ],
    }
    if source.row is not None:
        summary |= _summarize_row(source.row) | {
            "run": str(source.run),
            "improvements": _improvements(source.improvements),
        }
    return summary


def summarize_library() -> list[dict[str, Any]]:
    """Return the name, the size of the states and one line about each program of the library."""
    return [
        {
            "name": name,
            "state_size": measure_state(library.load(name))._asdict(),
            "summary": library.doc(name).summary,
        }
        for name in library.names()
    ]


def _summarize_row(row: StoredProgram) -> dict[str, Any]:
    return {
        "index": row.individual.index,
        "fitness": row.fitness,
        "rank": row.rank,
        "multiples": list(row.multiples),
        "reason": row.status.value,
        "parent": row.individual.parent,
        "second_parent": row.individual.second_parent,
        "mutation": row.individual.mutation,
        "statements": row.num_statements,
        "needed": row.num_needed,
        "fingerprint": row.fingerprint,
        "outcome_of": row.outcome.owner,
        "evaluation": row.outcome.number,
    }


def _improvements(line: tuple[StoredProgram, ...]) -> list[dict[str, Any]]:
    """Return the ancestors of a higher rank than all before them, with their changes."""
    steps = []
    best = -math.inf
    before = line[0]
    for row in line:
        if row.rank_or_neg_inf > best:
            changed = _changes(before.program, row.program)
            steps.append(
                {
                    "index": row.individual.index,
                    "fitness": row.fitness,
                    "mutation": row.individual.mutation,
                    "changes": changed,
                }
            )
            best = row.rank_or_neg_inf
            before = row
    return steps


def _changes(old: Program, new: Program) -> list[str]:
    """Return the needed statements removed (-) and added (+)."""

    def lines(program: Program) -> list[str]:
        return [to_line(statement) for statement in liveness.simplify(program).statements]

    return [line for line in difflib.ndiff(lines(old), lines(new)) if line[0] in "+-"]


def summarize_run(records: RunStore) -> dict[str, Any]:
    """Return the summary of a run, after a check of its file for damage."""
    summary = {"run": str(records.path)}
    # Before anything is read: a walk through damaged tables might never end.
    records.check()
    # What is known of a program depends on functions of the user, which are in other files.
    if RECORDED in records.info():
        return summary | _summarize(records)
    return summary | records.remembered("summary", lambda: _summarize(records))


def _summarize(records: RunStore) -> dict[str, Any]:
    """Return all of the summary but the path."""
    # It imports scipy, which takes half a second.
    from lionhunt.search.driver.racing.optimism import summarize_luck

    info = records.info()
    config = info["config"]
    progress = RunProgress.of_records(records)
    if (curve := progress.validation) is not None and progress.is_done:
        curve.end()
    is_validated = curve is None or not curve.is_pending
    is_complete = progress.is_done and is_validated and not missing_trainings(records)
    summary: dict[str, Any] = {
        "complete": is_complete,
        "programs": progress.num_programs,
        "total": progress.total,
        "evaluated": progress.num_evaluated,
        "cache_hits": progress.num_hits,
        "cache_hit_rate": progress.num_hits / max(1, progress.num_children),
        "functional_hits": progress.num_equivalent,
        "raced": progress.num_raced,
        "race_trainings": progress.num_race_trainings,
        "luck": summarize_luck(records, progress.best),
        "redundant_share": progress.redundant_share,
        "outcomes": {status.value: count for status, count in progress.statuses.items()},
        "invalid_mutants": dict(progress.invalid_mutants),
        "evaluation_seconds": records.seconds(),
        "training_saved": _training_saved(records, len(info["tasks"])),
        "history_digest": records.history_digest(),
        "tasks": info["tasks"],
        "versions": info.get("versions", {}),
        "machine": info.get("machine", ""),
        "config": config,
        "initial": None,
        "best": None,
        "hall": summarize_hall_of_fame(records),
        "front": summarize_front(records),
        "validation": summarize_validation(curve, info.get("validation_tasks", [])),
    }
    if progress.first is None:
        return summary
    reference = fingerprint(records.reference())
    best = progress.best or progress.first
    for name, row in (("initial", progress.first), ("best", progress.best)):
        if row is not None:
            scores = {}
            if row.fitness is not None:
                # The reference stands beside the best, on the same seeds.
                last = (best if row.outcome.owner == reference else row).outcome.number
                outcome = row.outcome._replace(number=last)
                scores = summarize_scores(records, outcome, reference, info["tasks"])
            program = str(liveness.simplify(row.program))
            summary[name] = _summarize_row(row) | {"program": program, "scores": scores}
    return summary


def _training_saved(records: RunStore, num_tasks: int) -> float:
    """Return the share of training that early stopping saved.

    The whole is the first evaluation of every program at all step sizes, and its later ones at one.
    """
    num_step_sizes = len(records.info()["config"]["evaluation"].get("step_sizes", ())) or 1
    num_first, num_later = records.count_evaluations()
    whole = NUM_CHUNKS * num_tasks * (num_step_sizes * num_first + num_later)
    return 1 - records.num_chunks() / whole if whole else 0.0


def summarize_scores(
    records: RunStore, outcome: EvaluationId, reference: str, tasks: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return the score and the fitness on each task, as means over the evaluations."""
    pairs = [
        list(zip(_scores(records, name), _scores(records, of_reference), strict=True))
        for name in outcome.of_fitness
        for of_reference in [name._replace(owner=reference)]
    ]
    summaries = {}
    for task, of_task in zip(tasks, zip(*pairs, strict=True), strict=True):
        gains = [task_fitness(*pair, higher_is_better=task["higher_is_better"]) for pair in of_task]
        summaries[task["name"]] = {
            "score": statistics.fmean(score for score, _ in of_task),
            "fitness": statistics.fmean(gains),
        }
    return summaries


def _scores(records: RunStore, name: EvaluationId) -> tuple[float, ...]:
    measurement = records.measurement(name)
    if measurement is None:
        raise damaged(records.path, "an outcome is missing")
    return measurement.scores
