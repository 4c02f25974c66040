"""Checksums of rows, and lines of the history: fast forms of `repr` and `json.dumps`."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lionhunt.dsl import library
from lionhunt.search.storage.checks.checksums import LongTextCheck, checksum, is_sound
from lionhunt.search.storage.checks.history_line import json_line

NUMBERS = st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats()
TEXTS = (
    st.text()
    | st.text("ab\n'\"\\\t\x7f é")
    | st.sampled_from([str(library.load(name)) for name in ("lion", "adamw")])
)


@given(st.tuples(NUMBERS, st.text(), NUMBERS), TEXTS, st.tuples(st.text(), NUMBERS))
def test_rows_with_a_long_text_have_the_checksum_of_all_rows(before, text, after):
    values = (*before, text, *after)
    check = LongTextCheck(len(before), len(values) + 1)
    row = (*values, checksum(values))
    assert is_sound(row) and check(row)
    for other in (
        (*before, f"{text} ", *after, row[-1]),
        (*before, text, *after, row[-1] ^ 1),
        (1, *row[1:]) if row[0] != 1 else (2, *row[1:]),
        (*row[:-2], 1.5 if row[-2] != 1.5 else 2.5, row[-1]),
    ):
        assert not check(other) and not is_sound(other)


@given(
    st.tuples(
        st.integers(0),
        st.none() | st.integers(0),
        st.text(),
        TEXTS,
        st.none() | st.floats() | st.sampled_from([math.inf, -math.inf, -0.0, 5e-324]),
    )
)
def test_line_of_a_history_is_json(row):
    assert json_line(*row) == json.dumps(row) + "\n"


@pytest.mark.parametrize("text", ["", "'", "\\", "\r\n", "\ud800", "\x85", "\u2028"])
def test_texts_that_repr_changes(text):
    row = (0, text, "x")
    assert json_line(0, None, text, text, None) == json.dumps((0, None, text, text, None)) + "\n"
    # SQLite has no half of a surrogate pair.
    if text.isprintable() or text.isspace():
        assert LongTextCheck(1, 4)((*row, checksum(row)))
