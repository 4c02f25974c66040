"""Check that the tests that docs/reliability.md names exist."""

import re

from tests.support.pages import ROOT, read_page


def test_tests_that_the_page_names_exist():
    page = read_page("docs/reliability.md")
    tests = "".join(file.read_text("utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    names = re.findall(r"`(test_\w+)`", page)
    assert len(names) > 10
    for name in names:
        assert f"def {name}(" in tests, name
    for file in re.findall(r"`(tests/[\w/]+\.py)`", page):
        assert (ROOT / file).exists(), file
