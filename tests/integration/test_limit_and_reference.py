"""Runs that end by their training, and runs whose reference is not the initial program."""

from contextlib import nullcontext

import pytest

from lionhunt import dsl
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.proxy_tasks import NUM_CHUNKS
from lionhunt.search.driver import scoring
from lionhunt.search.driver.scoring import start_pool
from lionhunt.search.driver.search_loop import Search
from lionhunt.search.driver.setup import load_run
from lionhunt.search.driver.summary import summarize_run
from lionhunt.search.errors import ConfigError
from lionhunt.search.evaluation.fitness import task_fitness
from lionhunt.search.selection.candidates import summarize_candidates_of_run
from lionhunt.search.storage.run_store import RunStore
from tests.support.search.runs import FormulaPool, advance, config, create, finished, score

LIMIT = 6.5
LIMITED = {"max_trainings": LIMIT, "num_programs": 1000}
LION, ADAMW = dsl.library.load("lion"), dsl.library.load("adamw_initial")


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    folder = tmp_path_factory.mktemp("limited")
    finished(folder, **LIMITED)
    with RunStore.open_to_read(folder) as records:
        yield records


def test_run_ends_with_the_program_that_reaches_its_training(limited):
    chunks, evaluated = [], set()
    for row in limited.rows():
        measurement = limited.measurement(row.fingerprint)
        curves = () if row.fingerprint in evaluated else measurement.curves
        chunks.append(sum(map(len, curves)))
        evaluated.add(row.fingerprint)
    limit = LIMIT * NUM_CHUNKS
    assert sum(chunks) >= limit > sum(chunks[:-1]) and len(chunks) < 1000
    assert limited.num_chunks() == sum(chunks)
    assert summarize_run(limited)["complete"]


@pytest.mark.parametrize("stops", [[], [11, 30, 31]])
def test_it_ends_there_in_any_order_and_after_any_stop(stops, limited, tmp_path):
    with create(tmp_path, **LIMITED) as records:
        advance(records, FormulaPool(5), 3)
    for seed, stop in enumerate([*stops, None], start=6):
        with RunStore.open_to_write(tmp_path) as records:
            advance(records, FormulaPool(seed), stop)
            assert records.history_digest() == limited.history_digest() or stop


def test_what_was_bred_beyond_the_end_is_not_lost(tmp_path):
    pool = FormulaPool(3)
    with create(tmp_path, **LIMITED) as records:
        advance(records, pool)
        trained = set(records.outcome_summaries())
    assert not pool.queue and set(pool.submitted) <= trained


def test_a_limit_far_away_changes_nothing(tmp_path):
    assert finished(tmp_path / "far", max_trainings=1e6) == finished(tmp_path / "none")


@pytest.fixture(scope="module")
def restarted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("restarted") / "run"
    with create(folder, initial="lion", reference="adamw_initial") as records:
        restart, initial = load_run(records)
        reference = score(assemble(records.reference()))
        for _ in Search(restart, initial, records, FormulaPool(), reference).run():
            pass
    with RunStore.open_to_read(folder) as records:
        yield records


def test_fitness_is_the_gain_over_the_reference(restarted):
    (reference,) = score(assemble(ADAMW)).scores
    rows = [row for row in restarted.rows() if row.fitness is not None]
    assert rows[0].individual.program == LION and len(rows) > 20
    for row in rows:
        (score_of_row,) = restarted.measurement(row.fingerprint).scores
        assert row.fitness == task_fitness(score_of_row, reference, higher_is_better=True)
    assert rows[0].fitness != 0
    summary = summarize_run(restarted)
    ((task, by_task),) = summary["initial"]["scores"].items()
    assert task == "digits_mlp" and by_task["fitness"] == summary["initial"]["fitness"]


def test_a_summary_says_what_the_gain_is_over(restarted, invoke_cli, tmp_path):
    assert "gain over adamw_initial" in invoke_cli("show", restarted.path)[1]
    finished(tmp_path)
    assert "gain over" not in invoke_cli("show", tmp_path)[1]


def test_pool_starts_with_the_reference(monkeypatch):
    monkeypatch.setattr(scoring, "open_pool", lambda *_, **__: nullcontext(FormulaPool()))
    with start_pool(config(), LION, 0, reference=ADAMW) as (_, measured):
        assert measured == score(assemble(ADAMW)) != score(assemble(LION))
    with start_pool(config(), LION, 0) as (_, measured):
        assert measured == score(assemble(LION))


def test_selections_measure_it_by_the_reference_too(restarted):
    summary = summarize_candidates_of_run(restarted.path.parent, 3, 2, skip_equivalent=False)
    assert summary.info["initial"] == str(ADAMW)


def test_reference_that_is_no_program_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="reference: no program 'adamv'; did you mean 'adam"):
        with create(tmp_path, reference="adamv"):
            pass
