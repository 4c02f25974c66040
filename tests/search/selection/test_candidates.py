"""Candidates are the fittest programs of comparable runs, without repetitions."""

import pytest

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.search.errors import ConfigError, RecordError
from lionhunt.search.selection.candidates import (
    choose_candidates,
    load_baseline,
    summarize_candidates_of_run,
)
from lionhunt.search.selection.config import BaselineConfig
from lionhunt.search.storage.run_store import RunStore
from tests.support.search.runs import FormulaPool, advance, create
from tests.support.search.selections import plant_run


def chosen(folder, num_candidates=20, skip_equivalent=False):
    run = summarize_candidates_of_run(folder, num_candidates, 2, skip_equivalent)
    return choose_candidates([run], num_candidates, skip_equivalent)


def test_candidates_are_the_fittest_fingerprints_of_a_run(tmp_path):
    with create(tmp_path) as records:
        advance(records, FormulaPool())
        rows = list(records.rows())
    best = {}
    for row in sorted(rows, key=lambda row: -row.fitness_or_neg_inf):
        if row.fitness is not None:
            best.setdefault(row.fingerprint, row)
    found = chosen(tmp_path)
    expected = [
        (row.fitness_or_neg_inf, f"{tmp_path}:{row.individual.index}") for row in best.values()
    ]
    assert [(c.fitness, c.name) for c in found] == expected[:20]
    for candidate in found:
        index = int(candidate.name.rpartition(":")[2])
        assert candidate.program == dsl.simplify(rows[index].individual.program)
    assert chosen(tmp_path, 3) == found[:3]


def test_candidates_of_two_runs_are_merged_and_no_program_comes_twice(tmp_path):
    lion, sgd, momentum = map(library.load, ("lion", "sgd", "momentum"))
    one = plant_run(tmp_path / "one", [(lion, 0.3), (sgd, 0.1)])
    other = plant_run(tmp_path / "other", [(momentum, 0.2), (lion, 0.25)])
    runs = [summarize_candidates_of_run(path, 3, 2, True) for path in (one, other)]
    found = choose_candidates(runs, 3, True)
    assert [(c.name, c.fitness) for c in found] == [
        (f"{one}:8", 0.3),
        (f"{other}:8", 0.2),
        (f"{one}:9", 0.1),
    ]


def test_programs_that_do_the_same_on_a_probe_are_one_if_asked(tmp_path):
    text = "def f(w, g, m, lr):\n  m = interp(g, m, 0.9)\n  a = {}\n  return a * lr, m"
    signs = [dsl.parse(text.format(x)) for x in ("sign(m)", "sign(m * 2.0)")]
    run = plant_run(tmp_path / "run", [(signs[0], 0.3), (signs[1], 0.2)])
    # AdamW is the third.
    assert len(chosen(run)) == 3
    assert [c.fitness for c in chosen(run, skip_equivalent=True)] == [0.3, 0.0]


def test_runs_that_cannot_be_compared_are_refused(tmp_path):
    lion = library.load("lion")
    one = plant_run(tmp_path / "one", [(lion, 0.3)])
    with create(tmp_path / "other", initial="sgd") as records:
        advance(records, FormulaPool())
    runs = [summarize_candidates_of_run(path, 3, 2, True) for path in (one, tmp_path / "other")]
    with pytest.raises(ConfigError, match="one and .*other differ in their initial, so that"):
        choose_candidates(runs, 3, True)
    with create(tmp_path / "worst", evaluation={"combination": "min"}) as records:
        advance(records, FormulaPool())
    worst = summarize_candidates_of_run(tmp_path / "worst", 3, 2, True)
    with pytest.raises(ConfigError, match="one and .*worst differ in their combination, so that"):
        choose_candidates([runs[0], worst], 3, True)
    with pytest.raises(ConfigError, match="one is given twice, or a copy of it"):
        choose_candidates([runs[0], runs[0]], 3, True)


def test_run_without_programs_and_no_run_are_refused(tmp_path):
    with create(tmp_path / "run"):
        pass
    with pytest.raises(ConfigError, match="has no program with a fitness yet"):
        chosen(tmp_path / "run")
    with pytest.raises(RecordError, match="no run at"):
        chosen(tmp_path)


def test_baseline_is_a_program_of_the_library_a_file_or_a_run(tmp_path):
    lion = library.load("lion")
    (tmp_path / "mine.txt").write_text(str(lion))
    run = plant_run(tmp_path / "run", [(lion, 0.3)])
    for word in ("lion", str(tmp_path / "mine.txt"), f"{run}:9"):
        assert load_baseline(BaselineConfig(program=word)) == dsl.simplify(lion)
    with pytest.raises(ConfigError, match="baselines: no program 'lino'; did you mean 'lion'"):
        load_baseline(BaselineConfig(program="lino"))


def test_damaged_run_is_refused(tmp_path):
    run = plant_run(tmp_path / "run", [(library.load("lion"), 0.3)])
    with RunStore.open_to_write(run) as records:
        records._connection.execute("UPDATE individuals SET mutation = 'x'")
        records.commit()
    with pytest.raises(RecordError, match="is damaged"):
        chosen(run)
