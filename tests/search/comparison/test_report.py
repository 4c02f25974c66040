"""The report of a comparison shows its summary, in the terminal and in Markdown."""

import dataclasses
import io
import re

import pytest
from rich.console import Console

from lionhunt.search.comparison.report import conclusions, luck, print_comparison, tables, to_report
from lionhunt.search.comparison.result import ShorterTrainings
from lionhunt.search.comparison.summary import summarize_comparison
from tests.support.search.comparisons import ACCURACY, comparison

ADAMW = {"images": [0.90, 0.92, 0.91, 0.93, 0.92], "text": [2.0, 2.1, 2.2, 2.1, 2.0]}
LION = {"images": [0.95, 0.97, 0.96, 0.97, 0.98], "text": [2.3, 2.4, 2.6, 2.4, 2.3]}
SGD = {"images": [0.90, None, 0.91, 0.93, 0.93], "text": []}


@pytest.fixture(scope="module")
def summary():
    small = comparison({"adamw": ADAMW, "lion": LION, "sgd": SGD})
    key = ("lion", "images")
    tuned = small.cells[key]._replace(at_edge=("weight_decay",))
    return summarize_comparison(dataclasses.replace(small, cells={**small.cells, key: tuned}))


def table(summary, title):
    (table,) = (table for table in tables(summary) if table.title.startswith(title))
    return {row[0]: row[1:] for row in table.rows}


def test_scores_are_in_the_units_of_their_heads(summary):
    scores = table(summary, "final scores")
    assert re.fullmatch(r"91\.6 ± 1\.\d", scores["adamw"][0])
    assert re.fullmatch(r"2\.08 ± 0\.1\d", scores["adamw"][1])
    assert scores["sgd"][0].endswith("\n1 failed") and scores["sgd"][1] == "all failed"
    first = tables(summary)[0]
    assert first.heads[1:] == ("images\naccuracy (%)", "text\nloss (nats a character)")


def test_differences_have_verdicts_and_the_sign_of_better(summary):
    differences = table(summary, "better than adamw by")
    assert set(differences) == {"lion", "sgd"}
    assert re.fullmatch(r"\+5\.00 ± 0\.\d\d\nbetter", differences["lion"][0])
    assert re.fullmatch(r"-0\.3\d+ ± 0\.\d+\nworse", differences["lion"][1])
    # Three ties and one per cent.
    assert re.fullmatch(r"\+0\.2\d* ± 0\.\d+", differences["sgd"][0])
    assert differences["sgd"][1] == "not compared"


def test_edges_are_marked(summary):
    tuned = table(summary, "tuned")
    assert tuned["lion"] == ("0.1, 1 (edge)", "0.1, 1")
    assert tuned["sgd"] == ("0.1, 1", "all failed")


def test_sentences_repeat_the_data(summary):
    lion, sgd = conclusions(summary)
    assert lion.startswith("lion is better than adamw on 1 of 2 tasks (images); worse on 1 (text);")
    assert sgd.startswith("sgd is better than adamw on 0 of 2 tasks; worse on 0; not compared on 1")
    assert "in the mean over 1 task; 1.00 [0.99, 1.01] of the steps of adamw over 1 task" in sgd
    assert lion.endswith("at an edge of the grid: lion on images")
    assert luck(summary).startswith("3 comparisons with adamw: 2 came out better or worse.")
    assert "about 0.2 would by chance (5%)" in luck(summary)


def test_steps_are_told_with_what_they_leave_open(summary):
    steps = table(summary, "steps to adamw's final score, read off")
    assert steps["lion"][0] == "0.95 [0.94, 0.96]\nfewer steps"
    # Its losses rise, so both curves begin below their last scores.
    assert steps["lion"][1] == "1.00 [1.00, 1.00]\n5 not reached\n5 at a first point"
    assert steps["sgd"][1] == "not compared\n5 failed"
    assert steps["sgd"][2].endswith("\n1 of 2 tasks")
    assert not any("several lengths" in shown.title for shown in tables(summary))


def test_trainings_of_several_lengths_have_a_table_of_their_own():
    small = with_shorter({"adamw": (0.85, 0.88), "lion": (0.90, 0.95), "sgd": (None, 0.88)})
    found = summarize_comparison(small)
    assert [t.title for t in tables(found)].count(
        "steps to adamw's final score, by trainings of several lengths"
    ) == 1
    by_length = table(found, "steps to adamw's final score, by")
    # At 25 of 100 steps, lion's 0.90 is adamw's final score.
    assert by_length["lion"][0] == "0.25 [0.25, 0.25]\nfewer steps\n5 at a first point"
    # The training that failed reaches nothing, so that of 50 steps is not interpolated.
    assert by_length["sgd"][0] == "1.00 [1.00, 1.00]"
    assert "0.25 [0.25, 0.25] of the steps of adamw over 1 task" in conclusions(found)[0]
    assert "several lengths" in to_report(found, "lionhunt compare x.toml")


def with_shorter(shorter):
    """Return a comparison on images, with trainings of 25 and 50 of 100 steps."""
    finals = {"adamw": 0.90, "lion": 0.97, "sgd": 0.90}
    small = comparison(
        {name: {"images": [final] * 5} for name, final in finals.items()}, [ACCURACY]
    )
    cells = {}
    for name, scores in shorter.items():
        trained = (ShorterTrainings(n, (s,) * 5) for n, s in zip((25, 50), scores, strict=True))
        cells[name, "images"] = small.cells[name, "images"]._replace(shorter=tuple(trained))
    return dataclasses.replace(small, cells=cells)


def test_it_fits_the_terminal(summary):
    shown = io.StringIO()
    print_comparison(Console(width=120, file=shown), summary)
    text = shown.getvalue()
    assert max(map(len, text.splitlines())) <= 120
    for words in ("+5.00 ±", "100% [48, 100]", "1 trial", "5 fresh seeds"):
        assert words in text


def test_markdown_has_every_table_and_only_pictures_that_are_there(summary):
    report = to_report(summary, "lionhunt compare x.toml", ["learning_curves.png"])
    assert "```\nlionhunt compare x.toml\n```" in report
    assert re.findall(r"!\[.+\]\((.+)\)", report) == ["learning_curves.png"]
    assert "![" not in to_report(summary, "lionhunt compare x.toml")
    for shown in tables(summary):
        assert f"## {shown.title}\n" in report
    rows = [line for line in report.splitlines() if line.startswith("| lion ")]
    assert len(rows) == 6 and "<br>better" in rows[1]


def test_a_reference_alone_has_scores_and_nothing_else():
    alone = summarize_comparison(comparison({"adamw": ADAMW}))
    assert [shown.title.split()[0] for shown in tables(alone)] == ["final", "tuned", "tasks"]
    assert conclusions(alone) == []
    assert "0 comparisons" in to_report(alone, "lionhunt compare x.toml")


def test_equal_scores_and_single_runs_are_said_to_be():
    once = {"images": [0.9] + [None] * 4, "text": [2.0] + [None] * 4}
    three = summarize_comparison(comparison({"adamw": ADAMW, "twin": ADAMW, "once": once}))
    differences = table(three, "better than adamw by")
    assert differences["twin"] == ("+0 ± 0", "+0 ± 0")
    assert differences["once"][0] == "+0 (one run)"
    assert table(three, "how often")["once"][0] == "50% [0, 100]"
