"""How often garbage is looked for: less within, as before after it, whatever happened."""

import gc

import pytest

from lionhunt.search.driver.garbage_collection import THRESHOLDS, collected_rarely


def test_thresholds_are_those_of_before_after_an_error_too():
    before = gc.get_threshold()
    with pytest.raises(ZeroDivisionError), collected_rarely():
        assert gc.get_threshold()[0] == THRESHOLDS[0] > before[0]
        raise ZeroDivisionError
    assert gc.get_threshold() == before
