"""The report of a comparison says what its dictionary holds, in the terminal and in Markdown."""

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
def described():
    small = comparison({"adamw": ADAMW, "lion": LION, "sgd": SGD})
    key = ("lion", "images")
    tuned = small.cells[key]._replace(at_edge=("weight_decay",))
    return summarize_comparison(dataclasses.replace(small, cells={**small.cells, key: tuned}))


def table(described, title):
    (found,) = (each for each in tables(described) if each.title.startswith(title))
    return {row[0]: row[1:] for row in found.rows}


def test_scores_are_in_the_units_of_their_heads(described):
    scores = table(described, "final scores")
    assert re.fullmatch(r"91\.6 ± 1\.\d", scores["adamw"][0])
    assert re.fullmatch(r"2\.08 ± 0\.1\d", scores["adamw"][1])
    assert scores["sgd"][0].endswith("\n1 failed") and scores["sgd"][1] == "all failed"
    (found,) = (each for each in tables(described) if each.title.startswith("final scores"))
    assert found.heads[1:] == ("images\naccuracy (%)", "text\nloss (nats a character)")


def test_differences_have_verdicts_and_the_sign_of_better(described):
    differences = table(described, "better than adamw by")
    assert set(differences) == {"lion", "sgd"}
    assert re.fullmatch(r"\+5\.00 ± 0\.\d\d\nbetter", differences["lion"][0])
    assert re.fullmatch(r"-0\.3\d+ ± 0\.\d+\nworse", differences["lion"][1])
    assert re.fullmatch(r"\+0\.3 ± 1\.\d", differences["sgd"][0])  # three ties and one per cent
    assert differences["sgd"][1] == "not compared"


def test_edges_are_marked(described):
    tuned = table(described, "tuned")
    assert tuned["lion"] == ("0.1, 1 (edge)", "0.1, 1")
    assert tuned["sgd"] == ("0.1, 1", "all failed")


def test_words_are_those_of_the_data(described):
    lion, sgd = conclusions(described)
    assert lion.startswith("lion is better than adamw on 1 of 2 tasks (images); worse on 1 (text);")
    assert sgd.startswith("sgd is better than adamw on 0 of 2 tasks; worse on 0; not compared on 1")
    assert sgd.endswith("in the mean over 1 task")
    assert luck(described).startswith("3 comparisons with adamw: 2 came out better or worse.")
    assert "about 0.2 would by chance (5%)" in luck(described)


def test_it_fits_the_terminal(described):
    shown = io.StringIO()
    print_comparison(Console(width=120, file=shown), described)
    text = shown.getvalue()
    assert max(map(len, text.splitlines())) <= 120
    for words in ("+5.00 ±", "100% [48, 100]", "1 trial", "5 fresh seeds"):
        assert words in text


def test_markdown_has_every_table_and_only_pictures_that_are_there(described):
    report = to_report(described, "lionhunt compare x.toml", ["learning_curves.png"])
    assert "```\nlionhunt compare x.toml\n```" in report
    assert re.findall(r"!\[.+\]\((.+)\)", report) == ["learning_curves.png"]
    assert "![" not in to_report(described, "lionhunt compare x.toml")
    for found in tables(described):
        assert f"## {found.title}\n" in report
    rows = [line for line in report.splitlines() if line.startswith("| lion ")]
    assert len(rows) == 5 and "<br>better" in rows[1]


def test_a_reference_alone_has_scores_and_nothing_else():
    found = summarize_comparison(comparison({"adamw": ADAMW}))
    assert [each.title.split()[0] for each in tables(found)] == ["final", "tuned", "tasks"]
    assert conclusions(found) == []
    assert "0 comparisons" in to_report(found, "lionhunt compare x.toml")


def test_equal_scores_and_single_runs_are_said_to_be():
    once = {"images": [0.9] + [None] * 4, "text": [2.0] + [None] * 4}
    found = summarize_comparison(comparison({"adamw": ADAMW, "twin": ADAMW, "once": once}))
    differences = table(found, "better than adamw by")
    assert differences["twin"] == ("+0 ± 0", "+0 ± 0")
    assert differences["once"][0] == "+0 (one run)"
    assert table(found, "how often")["once"][0] == "50% [0, 100]"
