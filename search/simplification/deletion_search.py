"""Removal of statements by a search without insertion, as in the paper.

Regularized evolution starts from the program and mutates by deletion and modification alone. A
shorter program of good fitness is a suggestion; paired measurements decide on it.
"""

import tempfile
from pathlib import Path

from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.dsl.program import Program
from lionhunt.search.activity import Activity, OnActivity
from lionhunt.search.driver.config import EvolutionConfig, MutationConfig, RunConfig
from lionhunt.search.driver.search_loop import Search
from lionhunt.search.driver.setup import summarize_setup
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.simplification.config import SimplifyConfig
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.workers.pool import Pool, measure_once

EVOLUTION = EvolutionConfig(population_size=20, tournament_size=4, lag=8)
MAX_SUGGESTIONS = 10
"""Suggestions of one search."""
MUTATION = MutationConfig(insert=0.0, delete=1.0, modify=1.0)


def delete_by_search(
    program: Program,
    pool: Pool,
    config: SimplifyConfig,
    num_programs: int,
    on_activity: OnActivity,
) -> list[Program]:
    """Search for shorter programs of about the same fitness, without insertion.

    Args:
        program: a program that trains as it is.
        pool: a started pool with the tasks of `config`; the search uses its seed.
        config: tasks and tolerance.
        num_programs: children and the initial population together.
        on_activity: called with the programs of the search.

    Returns:
        At most `MAX_SUGGESTIONS` programs whose fitness is not below 0 by more than the tolerance.
        They are sorted by length, then by falling fitness.
    """
    run_config = RunConfig(
        seed=config.first_seed,
        num_programs=max(num_programs, EVOLUTION.population_size),
        tasks=config.tasks,
        evolution=EVOLUTION,
        mutation=MUTATION,
    )
    reference = measure_once(pool, Job("reference", assemble(program)))
    if reference.status is not Status.OK:
        return []
    with tempfile.TemporaryDirectory() as folder:
        info = summarize_setup(run_config, program)
        with RunStore.create(Path(folder) / "deletions", info) as records:
            for progress in Search(run_config, program, records, pool, reference).run():
                done, total = progress.num_programs, progress.total
                on_activity(Activity("search without insertion", done, total, "programs"))
            rows = [
                row
                for row in records.fittest()
                if row.fitness_or_neg_inf >= -config.tolerance
                and row.num_needed < len(program.statements)
            ]
    rows.sort(key=lambda row: (row.num_needed, -row.fitness_or_neg_inf))
    return [simplify(row.program) for row in rows[:MAX_SUGGESTIONS]]
