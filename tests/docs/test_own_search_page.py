"""The files of docs/your-own-search.md, in runs as the page says."""

import pytest

import lionhunt
from lionhunt.search.driver import scoring
from lionhunt.search.driver.config import load_config
from tests.support.pages import blocks, read_page
from tests.support.search.runs import start_formula_pool

PAGE = read_page("docs/your-own-search.md")
FITNESS, TRADE, MUTATION = blocks(PAGE, "python")
CONFIG, TASK = blocks(PAGE, "toml")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(scoring, "start_pool", start_formula_pool())
    (tmp_path / "my_fitness.py").write_text(FITNESS + TRADE)
    (tmp_path / "my_mutation.py").write_text(MUTATION)
    (tmp_path / "own.toml").write_text(CONFIG)
    return tmp_path


SMALL = {
    "num_programs": 120,
    "evolution.population_size": 20,
    "evolution.tournament_size": 3,
    "evolution.lag": 6,
}


def test_files_of_the_page_make_a_run(folder):
    run = lionhunt.run(folder / "own.toml", out=folder / "run", settings=SMALL)
    names = {row["mutation"] for row in run.query("SELECT DISTINCT mutation FROM individuals")}
    assert run.is_complete and "my_mutation.graft" in names
    assert run.summary()["outcomes"].get("unfit", 0) > 0


def test_tuple_of_the_page_makes_a_front(folder):
    settings = SMALL | {
        "evaluation.fitness": f"{folder / 'my_fitness.py'}:trade",
        "objectives.front_parents": 0.2,
    }
    run = lionhunt.run(folder / "own.toml", out=folder / "run", settings=settings)
    assert {len(member["objectives"]) for member in run.summary()["front"]} == {2}


def test_task_of_the_page_is_scored_by_steps(folder):
    (folder / "steps.toml").write_text("num_programs = 1000\n" + TASK)
    (options,) = load_config(folder / "steps.toml").tasks
    assert options.build().metric == "steps to a loss of 0.3"
