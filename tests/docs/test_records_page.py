"""What docs/records.md says is so: tables, columns, events and curves; and its queries answer."""

import re
from pathlib import Path

import pytest

from lionhunt.search.comparison.store import ComparisonStore
from lionhunt.search.driver.progress import RunProgress
from lionhunt.search.driver.summary import summarize_run
from lionhunt.search.selection.store import SelectionStore
from lionhunt.search.storage.query import ask
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.trackers.tensorboard import draw_progress

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "records.md").read_text("utf-8")
QUERIES = re.findall(r"^```sql\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def columns(connection):
    """Name and type of the columns of every table, in order."""
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    return {
        table: [tuple(row[1:3]) for row in connection.execute(f"PRAGMA table_info({table})")]
        for (table,) in tables
    }


def test_tables_of_a_run_are_those_of_the_file(run):
    section = PAGE.partition("## Tables of a run")[2].partition("## Questions")[0]
    told = {
        name: re.findall(r"^\| `(\w+)` \| ([A-Z]+) \| \S", text, re.MULTILINE)
        for name, text in re.findall(r"^### (\w+)$(.*?)(?=^### |\Z)", section, re.DOTALL | re.M)
    }
    with RunStore.open_to_read(run) as records:
        assert told == columns(records._connection)


@pytest.mark.parametrize("kind", [SelectionStore, ComparisonStore])
def test_tables_of_other_records_are_those_of_the_file(kind, tmp_path):
    rows = re.findall(r"^\| `(\w+)` \| ((?:`\w+`(?:, )?)+) \| ", PAGE, re.MULTILINE)
    told = {name: re.findall(r"`(\w+)`", listed) for name, listed in rows}
    with kind.create(tmp_path, {}) as records:
        real = columns(records._connection)
    assert list(real) == list(kind.tables)
    for table, pairs in real.items():
        assert told[table] == [name for name, _ in pairs]


@pytest.mark.parametrize("sql", QUERIES)
def test_query_of_the_page_has_an_answer(run, sql):
    with ask(run, sql) as answer:
        assert list(answer.rows)


def test_queries_answer_what_the_page_says(run):
    def rows(number):
        with ask(run, QUERIES[number]) as answer:
            return list(answer.rows)

    with RunStore.open_to_read(run) as records:
        all_rows, summary = list(records.rows()), summarize_run(records)
        best = records.best()
        assert best is not None
        line = records.lineage(best.individual.index)
        seen = records.measurement(best.fingerprint)
        assert seen is not None
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
    assert rows(5)[0] == (best.fingerprint, seen.scores[0], seen.curves[0][-1])
    assert rows(6) == [(10,)]


def test_events_are_on_the_page():
    source = "".join(path.read_text("utf-8") for path in (ROOT / "search").glob("*.py"))
    events = set(re.findall(r'\blog\("(\w+)"', source)) | {"started", "resumed"}
    assert {"ended", "worker_replaced", "progress", "tensorboard_failed"} <= events
    told = PAGE.partition("## The log")[2]
    assert {name for name in events if f"`{name}`" not in told} == set()


def test_curves_are_on_the_page(run, tmp_path):
    with RunStore.open_to_read(run) as records:
        progress = RunProgress.of_records(records)
    progress.num_before, progress.seconds = 0, 1.0
    list(draw_progress(iter([progress]), tmp_path / "events"))
    (file,) = (tmp_path / "events").iterdir()
    drawn = {name.decode() for name in re.findall(rb"[a-z]+[_/][a-z_]+", file.read_bytes())}
    assert {"best_fitness", "programs_per_second", "outcomes/ok"} <= drawn
    told = PAGE.partition("## TensorBoard")[2].replace("outcomes/REASON", "outcomes/")
    names = {"outcomes/" if name.startswith("outcomes/") else name for name in drawn}
    assert {name for name in names if f"`{name}`" not in told} == set()
