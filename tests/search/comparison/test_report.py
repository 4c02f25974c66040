"""The report of a comparison shows its summary, in the terminal and in Markdown."""

import dataclasses
import io
import re

import pytest
from rich.console import Console

from lionhunt.search.comparison.report import conclusions, luck, print_comparison, tables, to_report
from lionhunt.search.comparison.summary import summarize_comparison
from tests.support.search.comparisons import comparison

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
    assert sgd.endswith("in the mean over 1 task")
    assert luck(summary).startswith("3 comparisons with adamw: 2 came out better or worse.")
    assert "about 0.2 would by chance (5%)" in luck(summary)


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
    assert len(rows) == 5 and "<br>better" in rows[1]


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
