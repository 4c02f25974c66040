"""Verdicts on a part of a program, from what its removal costs."""

import pytest

from lionhunt.search.drop_one import judge_part
from lionhunt.search.statistics import Interval

LOSS, GAIN = Interval(0.02, 0.01, 0.03), Interval(-0.02, -0.03, -0.01)
UNSEEN = Interval(0.0, -0.01, 0.01)


@pytest.mark.parametrize(
    "losses, is_harmless, verdict",
    [
        ([LOSS], False, "needed"),
        ([LOSS], True, "needed"),
        ([GAIN, LOSS], True, "needed"),
        ([GAIN, None], False, "needed"),
        ([GAIN, UNSEEN], False, "hurts"),
        ([UNSEEN, UNSEEN], True, "does nothing"),
        ([UNSEEN], False, "undecided"),
        ([Interval(0.0, 0.0, 0.0)], True, "does nothing"),
    ],
)
def test_verdicts_on_a_part(losses, is_harmless, verdict):
    assert judge_part(losses, is_harmless) == verdict
