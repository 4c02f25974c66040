"""Hold the project's prose to the rules of CONTRIBUTING.md."""

from pathlib import Path

import pytest

from tests.support.prose import check

ROOT = Path(__file__).parents[2]
PLACES = ("dsl", "proxy_tasks", "search", "lionhunt", "tests", "examples", "docs", "README.md")


@pytest.mark.parametrize("place", PLACES)
def test_prose_follows_the_rules(place):
    problems = check([ROOT / place])
    assert not problems, "\n".join(map(str, problems))
