"""Texts of outsiders on a terminal: nothing is obeyed, nothing is hidden, letters stay."""

import io
import unicodedata

import pytest

from lionhunt.search.visible_text import VisibleStream, visible


def test_controls_and_marks_without_a_shape_become_escapes():
    for code in (*range(0x3400), *range(0xD700, 0x10200), *range(0x1F300, 0x1F700), 0xE0001):
        character = chr(code)
        is_kept = visible(character) == character
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            assert is_kept == (character in "\n\t"), hex(code)
        elif unicodedata.category(character)[0] in "LMNPSZ":
            assert is_kept or character in "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0", hex(code)
        assert visible(visible(character)) == visible(character)


@pytest.mark.parametrize(
    "text, shown",
    [
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x9b2J", r"\x9b2J"),
        ("a\rb", r"a\rb"),
        ("ab\x08\x08", r"ab\x08\x08"),
        ("\u202etxt.exe", r"\u202etxt.exe"),
        ("pass\u200bword\ufeff", r"pass\u200bword\ufeff"),
        ("\U000e0041", r"\U000e0041"),
        ("\udcff", r"\udcff"),
        ("Löwe ライオン شیر 🦁 e\u0301 \u3000", "Löwe ライオン شیر 🦁 e\u0301 \u3000"),
    ],
)
def test_examples(text, shown):
    assert visible(text) == shown


def test_stream_is_as_before_but_for_what_is_printed():
    inner = io.StringIO()
    stream = VisibleStream(inner)
    print("a\x1b[2J", "é", file=stream)
    stream.writelines(["b\x07\n"])
    assert inner.getvalue() == "a\\x1b[2J é\nb\\x07\n" and not stream.isatty()
