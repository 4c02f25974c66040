"""Colours on the terminal: readable on black and on white, with the palettes of old terminals."""

import io

import pytest
from rich.color import ColorSystem
from rich.console import Console, Group
from rich.terminal_theme import TerminalTheme

import lionhunt
from lionhunt.search.activity import Activity
from lionhunt.search.driver import report
from lionhunt.search.driver.progress import RunProgress
from lionhunt.search.reporting.activity_bar import ActivityBar
from lionhunt.search.reporting.blocks import Code, Heading, Paragraph, Table, print_blocks
from lionhunt.search.reporting.code import to_code
from tests.support.contrast import BLACK, WHITE, contrast

LEAST_CONTRAST = 3.0
"""WCAG 2.2, 1.4.11."""
CODE = 'def f(w, g, lr):\n  """Say."""\n  # why\n  x = interp(g, w, 0.9) if True else None\n'


def palette(low, high):
    """Return the theme of a terminal whose colours are made of two values."""
    normal = [tuple(high * (i >> bit & 1) for bit in range(3)) for i in range(8)]
    bright = [tuple(low + (255 - low) * (i >> bit & 1) for bit in range(3)) for i in range(8)]
    return TerminalTheme(BLACK, WHITE, normal, bright)


PALETTES = {"xterm": palette(127, 205), "VGA": palette(85, 170)}


def all_output(console):
    """Print one of everything that has a style."""
    console.print(to_code(CODE))
    blocks = [Heading("a"), Paragraph("b"), Code(CODE), Table("c", ["d"], [["e"]])]
    print_blocks(console, blocks)
    report.print_program(console, lionhunt.program("raw_lion").summary())
    console.print(report.progress_display(RunProgress(100, 10, num_programs=40, seconds=3.0)))
    bar = ActivityBar()
    console.print(Group(*(bar.to_display(Activity("f", done, 9, "runs")) for done in range(9))))


@pytest.mark.parametrize("theme", PALETTES.values(), ids=PALETTES)
def test_all_colours_are_readable_on_black_and_on_white(theme):
    options = {"force_terminal": True, "color_system": "standard", "record": True}
    console = Console(file=io.StringIO(), width=90, highlight=False, **options)
    all_output(console)
    colors = set()
    for segment in console._record_buffer:
        if segment.style is not None:
            assert segment.style.bgcolor is None or segment.style.bgcolor.is_default
            if segment.style.color is not None and not segment.style.color.is_default:
                colors.add(segment.style.color.downgrade(ColorSystem.STANDARD))
    assert colors
    for color in colors:
        for background in (BLACK, WHITE):
            assert contrast(color.get_truecolor(theme), background) >= LEAST_CONTRAST, color


def test_plain_code_has_the_colour_of_the_terminal():
    console = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", width=60)
    segments = console.render(to_code("update = sign(g)"))
    assert all(segment.style is None or segment.style.color is None for segment in segments)


def test_contrast_is_that_of_the_standard():
    assert contrast(BLACK, WHITE) == pytest.approx(21)
    assert contrast((119, 119, 119), WHITE) == pytest.approx(4.48, abs=0.01)
