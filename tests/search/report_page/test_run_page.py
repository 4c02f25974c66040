"""The page of a run: complete in itself, true to the records, and safe whatever they hold."""

import collections
import json
import shutil

import pytest

import lionhunt
from lionhunt.dsl.analysis.canonical import canonicalize
from lionhunt.dsl.analysis.work import measure_cost
from lionhunt.search.report_page import run_page
from lionhunt.search.report_page.contributions import summarize_functions, summarize_mutations
from lionhunt.search.report_page.front import summarize_memory_front
from lionhunt.search.report_page.history import read_history, summarize_parts
from lionhunt.search.storage.run_store import RunStore
from tests.support.search.forged_runs import forge
from tests.support.search.html_pages import check_page
from tests.support.search.runs import best_of, create, finished

HOSTILE = "</script><script>alert(1)</script><!--\u2028\u202e\x1b[2J<b>\"'"


@pytest.fixture(scope="module")
def records(finished_run_dir):
    with RunStore.open_to_read(finished_run_dir) as store:
        yield store


@pytest.fixture(scope="module")
def page(records):
    return run_page(records)


@pytest.fixture
def folder(finished_run_dir, tmp_path):
    return shutil.copytree(finished_run_dir, tmp_path / "run")


def data_of(parsed):
    (text,) = (text for attrs, text in parsed.scripts if attrs.get("id") == "data")
    return json.loads(text)


def page_of(folder):
    with RunStore.open_to_read(folder) as store:
        return run_page(store)


def test_page_is_complete_in_itself_and_small(page):
    parsed = check_page(page)
    assert len(page.encode()) < 10_000_000
    data = data_of(parsed)
    assert {f"chart-{name}" for name in data["charts"]} <= set(parsed.names("id"))
    assert {tag for tag, _ in parsed.tags} >= {"math", "figure", "table", "caption", "nav"}


def test_page_is_the_same_each_time(page, records):
    assert run_page(records) == page


def test_page_holds_the_best_and_every_program_that_can_be_pinned(page, records):
    parsed = check_page(page)
    best = best_of(records)
    programs = data_of(parsed)["programs"]
    assert str(lionhunt.dsl.simplify(best.program)) == programs[str(best.individual.index)][1]
    assert f"best fitness {best.fitness:.4f}" in parsed.text
    assert set(parsed.names("data-program")) <= set(programs)
    for line in data_of(parsed)["charts"]["history"]["data"]:
        for index, fitness in zip(line.get("customdata", []), line["y"], strict=False):
            assert records.row(index).fitness == pytest.approx(fitness, abs=1e-6)


def test_page_has_the_curves_of_the_best_and_the_reference(page):
    (curves,) = (
        chart for name, chart in data_of(check_page(page))["charts"].items() if "curves" in name
    )
    assert [line["name"] for line in curves["data"]][:2] == ["best", "reference"]
    assert all(len(line["y"]) == 4 for line in curves["data"])


def test_counts_of_parts_add_up(records):
    history = read_history(records)
    parts = summarize_parts(history, 7)
    total = sum((collections.Counter(part["outcomes"]) for part in parts), collections.Counter())
    assert total == collections.Counter(history.reason) and parts[-1]["end"] == len(history)
    for part, whole in zip(summarize_parts(history, 1), records.history_bins(1), strict=True):
        assert part["hits"] == pytest.approx(1 - whole[5] / whole[4])


def test_mutations_are_counted(records):
    rows = list(records.rows())
    children = [row for row in rows if row.individual.parent is not None]
    summary = summarize_mutations(read_history(records))
    assert sum(row["children"] for row in summary) == len(children)
    for entry in summary:
        kind = [row for row in children if row.individual.mutation == entry["mutation"]]
        gains = [
            row.rank - rows[row.individual.parent].rank
            for row in kind
            if row.rank is not None and rows[row.individual.parent].rank is not None
        ]
        assert entry["better"] == sum(gain > 0 for gain in gains)
        assert entry["failed"] == sum(row.rank is None for row in kind)
        assert entry["gain"] == max([0.0, *gains])


def test_functions_are_counted(records):
    rows = list(records.rows())
    added = collections.Counter()
    for row in rows:
        if (parent := row.individual.parent) is not None:
            both = (row.individual.program, rows[parent].individual.program)
            new, old = (collections.Counter(map(str, each.statements)) for each in both)
            statements = {str(s): s for s in row.individual.program.statements}
            added.update({statements[text].op for text in new - old})
    summary = summarize_functions(records, read_history(records))
    assert {e["function"]: e["added"] for e in summary["functions"] if e["added"]} == added
    assert summarize_functions(records, read_history(records), 10)["compared"] <= 10


@pytest.mark.parametrize("changes", [{}, {"objectives": {"front": ["state", "length"]}}])
def test_no_program_beats_one_of_the_front(changes, tmp_path):
    finished(tmp_path, **changes)
    with RunStore.open_to_read(tmp_path) as records:
        front = summarize_memory_front(records, read_history(records))
        points = []
        for row in records.rows():
            if row.rank is not None:
                cost = measure_cost(canonicalize(row.individual.program))
                points.append((row.rank, -cost.length, -cost.state))
    assert front["is_whole"] == bool(changes) and front["members"]
    for member in front["members"]:
        mine = (member["rank"], -member["length"], -member["state"])
        assert not [
            other
            for other in points
            if other != mine and all(a >= b for a, b in zip(other, mine, strict=True))
        ]


def test_texts_of_a_stranger_are_shown(folder):
    forge(folder, "individuals", "mutation", HOSTILE)
    tasks = [{"name": HOSTILE, "metric": HOSTILE, "higher_is_better": True, "digest": HOSTILE}]
    forge(folder, "run", "value", json.dumps(tasks), "key = 'tasks'")
    forge(folder, "run", "value", json.dumps(HOSTILE), "key = 'machine'")
    named = folder.rename(folder.with_name("<script>alert(1)<!--\u202e"))
    page = page_of(named)
    parsed = check_page(page)
    for character in "\u2028\u202e\x1b":
        assert character not in page
    assert parsed.text.count("<script>alert(1)</script>") >= 3
    assert r"\u202e\x1b[2J<b>" in parsed.text
    assert (
        "alert"
        not in "".join(
            text for attrs, text in parsed.scripts if attrs.get("type") != "application/json"
        )[-10_000:]
    )


def test_run_without_any_fitness_has_a_page(tmp_path):
    with create(tmp_path / "begun"):
        pass
    parsed = check_page(page_of(tmp_path / "begun"))
    assert "No program has a fitness yet" in parsed.text


def test_run_with_races_shows_its_gain_on_fresh_seeds(tmp_path):
    racing = {"num_best": 5, "max_seeds": 3, "num_fresh": 4}
    finished(tmp_path, racing=racing)
    assert "on fresh seeds" in check_page(page_of(tmp_path)).text


def test_python_and_command_write_the_page(folder, page, invoke_cli, tmp_path):
    path = lionhunt.load(folder).report()
    assert path == folder / "report.html"
    assert data_of(check_page(path.read_text("utf-8"))) == data_of(check_page(page))
    status, out, _ = invoke_cli("report", folder, "--out", tmp_path / "a.html")
    assert status == 0 and "a.html" in out and (tmp_path / "a.html").exists()
    status, _, err = invoke_cli("report", folder, "--out", tmp_path / "a.html")
    assert status == 2 and "is there already" in err
    status, _, err = invoke_cli("report", tmp_path / "nothing")
    assert status == 2 and "no run and no report" in err
    forge(folder, "individuals", "program", "def f(", '"index" = 3')
    status, _, err = invoke_cli("report", folder, "--out", tmp_path / "b.html")
    assert (status == 0) != ("damaged" in err) and err.count("\n") <= 1
