"""Compare docs/records.md with the code: tables, columns, events and curves; run its queries."""

import re

import pytest

from lionhunt.search.comparison.store import ComparisonStore
from lionhunt.search.driver.progress import RunProgress
from lionhunt.search.driver.summary import summarize_run
from lionhunt.search.selection.store import SelectionStore
from lionhunt.search.simplification.store import SimplificationStore
from lionhunt.search.storage.query import ask
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.trackers.curves import draw_curves
from lionhunt.search.trackers.tensorboard import EventFile
from lionhunt.search.trackers.tracking import TOOLS
from tests.support.pages import ROOT, blocks, read_page

PAGE = read_page("docs/records.md")
QUERIES = blocks(PAGE, "sql")


def columns(connection):
    """Return name and type of the columns of every table, in order."""
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    return {
        table: [tuple(row[1:3]) for row in connection.execute(f"PRAGMA table_info({table})")]
        for (table,) in tables
    }


def test_tables_of_a_run_are_those_of_the_file(finished_run_dir):
    section = PAGE.partition("## Tables of a run")[2].partition("## Questions")[0]
    documented = {
        name: re.findall(r"^\| `(\w+)` \| ([A-Z]+) \| \S", text, re.MULTILINE)
        for name, text in re.findall(r"^### (\w+)$(.*?)(?=^### |\Z)", section, re.DOTALL | re.M)
    }
    with RunStore.open_to_read(finished_run_dir) as records:
        assert documented == columns(records._connection)


@pytest.mark.parametrize("kind", [SelectionStore, ComparisonStore, SimplificationStore])
def test_tables_of_other_records_are_those_of_the_file(kind, tmp_path):
    rows = re.findall(r"^\| `(\w+)` \| ((?:`\w+`(?:, )?)+) \| ", PAGE, re.MULTILINE)
    documented = {name: re.findall(r"`(\w+)`", listed) for name, listed in rows}
    with kind.create(tmp_path, {}) as records:
        real = columns(records._connection)
    assert list(real) == list(kind.tables)
    for table, pairs in real.items():
        assert documented[table] == [name for name, _ in pairs]


@pytest.mark.parametrize("sql", QUERIES)
def test_query_of_the_page_has_an_answer(finished_run_dir, sql):
    with ask(finished_run_dir, sql) as answer:
        assert list(answer.rows)


def test_queries_answer_what_the_page_says(finished_run_dir):
    def rows(number):
        with ask(finished_run_dir, QUERIES[number]) as answer:
            return list(answer.rows)

    with RunStore.open_to_read(finished_run_dir) as records:
        all_rows, summary = list(records.rows()), summarize_run(records)
        best = records.best()
        assert best is not None
        line = records.lineage(best.individual.index)
        measurement = records.measurement(best.fingerprint)
        assert measurement is not None
    lengths = {row.num_needed for row in all_rows if row.fitness is not None}
    assert [row[:2] for row in rows(0)] == [
        (length, max(row.fitness_or_neg_inf for row in all_rows if row.num_needed == length))
        for length in sorted(lengths)
    ]
    assert [round(rate * 110) for _, rate in rows(1)] == [summary["cache_hits"]]
    assert [row[0] for row in rows(2)] == [row.individual.index for row in line]
    assert sum(count for _, count, _ in rows(3)) == sum(
        row.fitness is not None and row.individual.parent is not None for row in all_rows
    )
    counts = {reason: count for reason, count, *_ in rows(4)}
    assert counts == summary["outcomes"]
    assert rows(5)[0] == (best.fingerprint, measurement.scores[0], measurement.curves[0][-1])
    assert rows(6) == [(10,)]


def test_events_are_on_the_page():
    source = "".join(path.read_text("utf-8") for path in (ROOT / "search").rglob("*.py"))
    events = set(re.findall(r'\blog\("(\w+)"', source)) | {"started", "resumed"}
    events |= {f"{tool}_failed" for tool in TOOLS}
    assert {"ended", "worker_replaced", "progress"} <= events
    documented = PAGE.partition("## The log")[2]
    assert {name for name in events if f"`{name}`" not in documented} == set()


def test_curves_are_on_the_page(finished_run_dir, tmp_path):
    with RunStore.open_to_read(finished_run_dir) as records:
        progress = RunProgress.of_records(records)
    progress.num_before, progress.seconds = 0, 1.0
    list(draw_curves(iter([progress]), "test", lambda _: EventFile(tmp_path / "events", 0)))
    (file,) = (tmp_path / "events").iterdir()
    drawn = {name.decode() for name in re.findall(rb"[a-z]+[_/][a-z_]+", file.read_bytes())}
    assert {"best_fitness", "programs_per_second", "outcomes/ok"} <= drawn
    documented = PAGE.partition("## Trackers")[2].replace("outcomes/REASON", "outcomes/")
    names = {"outcomes/" if name.startswith("outcomes/") else name for name in drawn}
    assert {name for name in names if f"`{name}`" not in documented} == set()
