"""The figure of an ablation: missing values and far ones."""

import numpy as np
import pytest

from lionhunt.search.campaign.ablation.figures import gains_figure
from lionhunt.search.campaign.ablation.summary import summarize_values


def figure_of(**variants):
    found = [
        {
            "name": name,
            "searches": [{"values": {"here": value}} for value in values],
            "gains": {"here": summarize_values(values)},
        }
        for name, values in variants.items()
    ]
    places = {"here": ["task"]}
    return gains_figure(
        {"variants": found, "places": places, "unseen": ["here"], "reference": "adamw"}
    )


def test_rows_are_variants_with_all_their_seeds():
    (axes,) = figure_of(first=[0.01, 0.03], missing=[None, None], single=[0.02, None]).axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["first", "missing", "single"]
    assert axes.get_title() == "here, unseen"
    seeds = [np.ravel(line.get_xdata()).tolist() for line in axes.lines if line.get_marker() == "|"]
    assert seeds == [pytest.approx([1, 3]), [], pytest.approx([2])]
    means = [
        np.array(line.get_xydata())[0].tolist() for line in axes.lines if line.get_marker() == "o"
    ]
    assert means == [pytest.approx([2, 0]), pytest.approx([2, 2])]


def test_a_far_mean_leaves_the_others_readable():
    near = [0.01, 0.02, 0.03]
    (axes,) = figure_of(a=near, b=near, c=near, bad=[-50.0, -51.0, -52.0]).axes
    assert [text.get_text() for text in axes.texts] == ["-5100 %"]
    assert axes.get_xlim()[1] < 100
