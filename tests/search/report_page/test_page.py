"""Texts on a page cannot end a script, hide, or become HTML."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from lionhunt.search.report_page.page import plotly_text, render, script_json
from lionhunt.search.visible_text import visible

HOSTILE = "</script><script>alert(1)</script><!--\u2028\u202e\x1b[2J&lt;\"'`"


@given(st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner)))
def test_json_in_a_script_is_plain_and_keeps_what_is_visible(value):
    text = script_json(value)
    assert not set("<>&") & set(text) and text.isascii() and text.isprintable()

    def shown(each):
        if isinstance(each, list):
            return [shown(inner) for inner in each]
        return visible(each) if isinstance(each, str) else each

    assert json.loads(text) == shown(value)


def test_numbers_that_are_not_finite_become_null():
    assert json.loads(script_json({"a": [float("nan"), float("inf"), 1.5]})) == {
        "a": [None, None, 1.5]
    }


@pytest.mark.parametrize("text", [HOSTILE, "<b>x</b>", '<a href="https://x">y</a>'])
def test_plotly_sees_no_tag(text):
    assert not set("<>") & set(plotly_text(text))


def test_body_is_escaped_unless_it_is_markup():
    page = render("folder.html", None, name=HOSTILE, body=HOSTILE)
    assert "alert(1)</script>" not in page and "\u202e" not in page and "\x1b" not in page
    assert "<i>x</i>" in render("folder.html", None, name="a", body=Markup("<i>x</i>"))
