"""The file of `lionhunt report` in a browser: it opens from disk, and answers to a click."""

import json
import shutil

import pytest
from playwright.sync_api import expect

import lionhunt
from tests.support.browser import SCREENS, check_access, needs_browser, open_browser, open_page
from tests.support.search.forged_runs import forge
from tests.support.search.large_runs import make_large_run

pytestmark = needs_browser
HOSTILE = "</script><script>document.title = 'evil'</script><b>x</b>\u202e\x1b[2J\"'"
MAX_SECONDS = 2.0


@pytest.fixture(scope="module")
def browser():
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def report(finished_run_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    return lionhunt.load(finished_run_dir).report(folder / "report.html")


def open_report(page, path):
    page.goto(path.as_uri())
    page.locator("html[data-ready]").wait_for(state="attached")


@pytest.mark.parametrize("screen", SCREENS)
def test_everybody_can_read_it(browser, report, screen):
    with open_page(browser, screen) as page:
        open_report(page, report)
        check_access(page)


def test_points_are_read_and_pinned(browser, report):
    with open_page(browser) as page:
        open_report(page, report)
        page.locator("#chart-history").scroll_into_view_if_needed()
        point = page.locator("#chart-history .points path").last
        point.hover(force=True)
        page.wait_for_selector("#hovered pre")
        point.click(force=True)
        page.wait_for_selector("#pinned pre")
        pinned = page.locator("#pinned .program").get_attribute("id").removeprefix("pinned-")
        page.locator(f"button.pin:not([data-program='{pinned}'])").first.click()
        expect(page.locator("#pinned pre")).to_have_count(2)
        page.locator("button.unpin").first.click()
        expect(page.locator("#pinned pre")).to_have_count(1)


def test_every_link_leads_to_a_section(browser, report):
    with open_page(browser) as page:
        open_report(page, report)
        for link in page.locator("nav a").all():
            link.click()
            name = link.get_attribute("href")
            assert page.locator(name).count() == 1 and page.url.endswith(name)


def test_texts_of_a_stranger_do_nothing(browser, finished_run_dir, tmp_path):
    folder = shutil.copytree(finished_run_dir, tmp_path / "<script>evil<")
    forge(folder, "individuals", "mutation", HOSTILE)
    tasks = [{"name": HOSTILE, "metric": HOSTILE, "higher_is_better": True, "digest": HOSTILE}]
    forge(folder, "run", "value", json.dumps(tasks), "key = 'tasks'")
    path = lionhunt.load(folder).report(tmp_path / "report.html")
    with open_page(browser) as page:
        open_report(page, path)
        assert "evil" not in page.title().partition("evil<")[2]
        assert page.locator("main b", has_text="x").count() == 0
        assert HOSTILE[:40] in page.locator("main").text_content()


@pytest.mark.slow
def test_page_of_300_000_programs_answers_soon(browser, tmp_path):
    make_large_run(tmp_path / "run", 300_000)
    path = lionhunt.load(tmp_path / "run").report(tmp_path / "report.html")
    with open_page(browser) as page:
        open_report(page, path)
        seconds = float(page.evaluate("document.documentElement.dataset.ready")) / 1000
        print(f"{seconds:.2f} s")
        assert seconds < MAX_SECONDS
