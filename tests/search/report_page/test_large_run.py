"""The page of a large run is small, and soon written."""

import time

import pytest

from lionhunt.search.report_page import run_page
from lionhunt.search.report_page.run import MAX_TEXT
from lionhunt.search.storage.run_store import RunStore
from tests.support.search.html_pages import check_page
from tests.support.search.large_runs import make_large_run

MAX_BYTES = 10_000_000


def write_page(folder, num_programs):
    """Return the page of a large run, and the processor time of writing it."""
    make_large_run(folder, num_programs)
    with RunStore.open_to_read(folder) as records:
        begin = time.process_time()
        page = run_page(records)
        return page, time.process_time() - begin


def test_page_of_some_thousand_programs_is_small(tmp_path):
    page, _ = write_page(tmp_path, 4_000)
    parsed = check_page(page)
    assert len(page.encode()) < MAX_BYTES
    assert "of 3," in parsed.text and "picture shows" in parsed.text
    (data,) = (text for attrs, text in parsed.scripts if attrs.get("id") == "data")
    assert len(data) < 2 * MAX_TEXT


@pytest.mark.slow
def test_page_of_300_000_programs_takes_20_seconds(tmp_path):
    page, seconds = write_page(tmp_path, 300_000)
    print(f"{seconds:.1f} s, {len(page.encode()):,} bytes")
    assert seconds < 20 and len(page.encode()) < MAX_BYTES
