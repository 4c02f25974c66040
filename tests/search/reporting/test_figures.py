"""Looks, axes, and files of equal bytes."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from lionhunt.search.reporting.figures import (
    LOOKS,
    assign_looks,
    make_figure,
    spans_a_decade,
    use_log_axis,
    write_figure,
)


def test_fourteen_looks_differ_without_colour():
    assert len(LOOKS) == 14
    marked = {(look.marker, look.markerfacecolor == "white") for look in LOOKS}
    assert len(marked) == len(LOOKS)
    assert len({look.linestyle for look in LOOKS[:7]}) == 7
    # Relative luminance: dark enough on white paper.
    for look in LOOKS:
        assert np.dot(to_rgb(look.color), [0.2126, 0.7152, 0.0722]) < 0.65


def test_looks_are_given_in_order_and_begin_again():
    looks = assign_looks(map(str, range(16)))
    assert tuple(looks.values()) == LOOKS + LOOKS[:2]


@pytest.mark.parametrize(
    "values, expected",
    [
        ([1.0, 10.1], True),
        ([1.0, 10.0], False),
        ([0.0, 100.0], False),
        ([-1.0, 100.0], False),
        ([1.0, np.nan, np.inf], False),
        ([], False),
    ],
)
def test_log_axis_is_for_positive_values_over_a_decade(values, expected):
    assert spans_a_decade(values) is expected


def test_log_axis_prints_plain_numbers():
    axes = make_figure(2, 2).subplots()
    use_log_axis(axes)
    axes.set_ylim(0.04, 3)
    texts = axes.yaxis.get_major_formatter().format_ticks([0.05, 0.1, 0.2, 1.0, 2.0])
    assert texts == ["0.05", "0.1", "0.2", "1", "2"]


def test_files_are_the_same_bytes_each_time(tmp_path):
    written = []
    for folder in ("a", "b"):
        figure = make_figure(1.5, 1)
        axes = figure.subplots()
        axes.plot([1, 2], label="line", **LOOKS[8]._asdict())
        axes.legend()
        (tmp_path / folder).mkdir()
        write_figure(figure, tmp_path / folder / "drawn")
        written.append(
            [(tmp_path / folder / f"drawn.{end}").read_bytes() for end in ("png", "svg")]
        )
    assert written[0] == written[1] and all(written[0])
