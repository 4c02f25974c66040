"""What is known of a program or a run, in plain dictionaries: `--json` prints them as they are."""

import difflib
import math
import statistics
from typing import Any

from lionhunt.dsl import library
from lionhunt.dsl.analysis import liveness
from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.dsl.program import Program, to_line
from lionhunt.dsl.validation import infer
from lionhunt.proxy_tasks.training import NUM_CHUNKS
from lionhunt.search.driver.hall_of_fame import summarize_hall_of_fame
from lionhunt.search.driver.progress import RunProgress
from lionhunt.search.evaluation.fitness import task_fitness
from lionhunt.search.evaluation.outcome import EvaluationId
from lionhunt.search.storage.database import damaged
from lionhunt.search.storage.program_ref import Source
from lionhunt.search.storage.run_store import RunStore, StoredProgram

NEEDED, WITHIN_STEP, REDUNDANT = "needed", "needed only within the step", "redundant"


def summarize_program(source: Source) -> dict[str, Any]:
    """Everything that is known of a program without running it."""
    program = source.program
    kinds = infer(program)
    alive = liveness.analyse(program)
    marks = [
        NEEDED if needed else WITHIN_STEP if within else REDUNDANT
        for needed, within in zip(alive.needed, alive.needed_within_step, strict=True)
    ]
    states = zip(program.states, alive.live_states, strict=True)
    described: dict[str, Any] = {
        "name": source.name,
        "summary": source.notes.summary,
        "program": str(program),
        "valid": True,
        "statements": len(program.statements),
        "needed_within_step": sum(alive.needed_within_step),
        "needed": sum(alive.needed),
        "states": list(program.states),
        "live_state": [name for name, is_live in states if is_live],
        "fingerprint": fingerprint(program),
        "simplified": str(liveness.simplify(program)),
        "listing": [
            {"statement": to_line(statement), "kind": kind.name.lower(), "mark": mark}
            for statement, kind, mark in zip(program.statements, kinds, marks, strict=True)
        ],
    }
    if source.row is not None:
        described |= _describe_row(source.row) | {
            "run": str(source.run),
            "improvements": _improvements(source.lineage),
        }
    return described


def summarize_library() -> list[dict[str, str]]:
    """The programs of the library, with one line each."""
    return [{"name": name, "summary": library.doc(name).summary} for name in library.names()]


def _describe_row(row: StoredProgram) -> dict[str, Any]:
    return {
        "index": row.individual.index,
        "fitness": row.fitness,
        "reason": row.status.value,
        "parent": row.individual.parent,
        "mutation": row.individual.mutation,
        "statements": row.num_statements,
        "needed": row.num_needed,
        "fingerprint": row.fingerprint,
        "outcome_of": row.outcome.owner,
        "evaluation": row.outcome.number,
    }


def _improvements(lineage: tuple[StoredProgram, ...]) -> list[dict[str, Any]]:
    """The ancestors that were fitter than all before them in the line, and what was changed."""
    steps = []
    best = -math.inf
    before = lineage[0]
    for row in lineage:
        if row.fitness is not None and row.fitness > best:
            changed = _changes(before.individual.program, row.individual.program)
            steps.append(
                {
                    "index": row.individual.index,
                    "fitness": row.fitness,
                    "mutation": row.individual.mutation,
                    "changes": changed,
                }
            )
            best = row.fitness
            before = row
    return steps


def _changes(old: Program, new: Program) -> list[str]:
    """Lines taken away (-) and added (+), of the needed statements."""

    def lines(program: Program) -> list[str]:
        return [to_line(statement) for statement in liveness.simplify(program).statements]

    return [line for line in difflib.ndiff(lines(old), lines(new)) if line[0] in "+-"]


def summarize_run(records: RunStore) -> dict[str, Any]:
    """The summary of a run, after a look for damage."""
    records.check()
    info = records.info()
    config = info["config"]
    progress = RunProgress.of_records(records)
    summary: dict[str, Any] = {
        "run": str(records.path),
        "complete": progress.is_done,
        "programs": progress.num_programs,
        "total": progress.total,
        "evaluated": progress.num_evaluated,
        "cache_hits": progress.num_hits,
        "cache_hit_rate": progress.num_hits / max(1, progress.num_children),
        "functional_hits": progress.num_equivalent,
        "reevaluated": progress.num_reevaluated,
        "redundant_share": progress.redundant_share,
        "outcomes": {reason.value: count for reason, count in progress.statuses.items()},
        "evaluation_seconds": records.seconds(),
        "training_saved": _training_saved(records, len(info["tasks"])),
        "history_digest": records.history_digest(),
        "tasks": info["tasks"],
        "versions": info["versions"],
        "machine": info["machine"],
        "config": config,
        "initial": None,
        "best": None,
        "hall": summarize_hall_of_fame(records),
    }
    if progress.first is None:
        return summary
    best = progress.best or progress.first
    averages = config["evaluation"].get("reevaluate") == "average"
    reference = fingerprint(records.reference())
    for name, row in (("initial", progress.first), ("best", progress.best)):
        if row is not None:
            owner = row.outcome.owner
            last = (best if owner == reference else row).outcome.number
            numbers = range(1 if averages else last, last + 1)
            is_known = row.fitness is not None
            seen = (
                _describe_scores(records, owner, reference, numbers, info["tasks"])
                if is_known
                else {}
            )
            program = str(liveness.simplify(row.individual.program))
            summary[name] = _describe_row(row) | {"program": program, "scores": seen}
    return summary


def _training_saved(records: RunStore, num_tasks: int) -> float:
    """The share of training that was not done since candidates stopped early."""
    whole = len(records.outcome_names()) * num_tasks * NUM_CHUNKS
    return 1 - records.num_chunks() / whole if whole else 0.0


def _describe_scores(
    records: RunStore, owner: str, initial: str, numbers: range, tasks: list[dict[str, Any]]
) -> dict[str, Any]:
    """Score and fitness by task, the means over evaluations of these numbers."""
    pairs = [
        list(zip(_scores(records, owner, n), _scores(records, initial, n), strict=True))
        for n in numbers
    ]
    described = {}
    for index, task in enumerate(tasks):
        seen = [pair[index] for pair in pairs]
        gains = [task_fitness(*pair, task["higher_is_better"]) for pair in seen]
        described[task["name"]] = {
            "score": statistics.fmean(score for score, _ in seen),
            "fitness": statistics.fmean(gains),
        }
    return described


def _scores(records: RunStore, owner: str, number: int) -> tuple[float, ...]:
    measurement = records.measurement(EvaluationId(owner, number))
    if measurement is None:
        raise damaged(records.path, "an outcome is missing")
    return measurement.scores
