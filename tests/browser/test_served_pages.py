"""The served pages in a browser: follow, hover, click, search, copy, side by side."""

import re
import shutil
import socket
import threading
import time

import pytest
import uvicorn
from playwright.sync_api import expect

from lionhunt.search.server.access import LOOPBACK, Access
from lionhunt.search.server.app import make_app
from lionhunt.search.storage.run_store import RunStore
from tests.support.browser import SCREENS, check_access, needs_browser, open_browser, open_page
from tests.support.search.runs import FormulaPool, advance, best_of, create, finished

pytestmark = needs_browser
LONG_LINE = "a long line " + "of code " * 40
REPORT = f"# Chosen\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\n{LONG_LINE}\n```\n"


@pytest.fixture(scope="module")
def root(tmp_path_factory, finished_run_dir):
    root = tmp_path_factory.mktemp("runs")
    shutil.copytree(finished_run_dir, root / "first")
    finished(root / "second", seed=2)
    (root / "chosen").mkdir()
    (root / "chosen" / "report.json").write_text('{"claims": []}')
    (root / "chosen" / "report.md").write_text(REPORT)
    return root


@pytest.fixture(scope="module")
def home(root):
    """Serve the folder in a thread, and return the address of its first page."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        app = Access(make_app(root), LOOPBACK, False, None)
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def browser():
    with open_browser() as browser:
        yield browser


def wait_until_read(page):
    page.locator("html[data-live=ready]").wait_for(state="attached")
    expect(page.locator("body")).not_to_contain_text("being read", timeout=20_000)


ADDRESSES = (
    *("/", "/run/second", "/find/second?text=interp", "/program/{best}/second", "/diff"),
    *("/diff?left=second:{best}&right=adamw", "/compare?left=first&right=second"),
    "/experiment/chosen",
)


@pytest.mark.parametrize("screen", SCREENS)
def test_every_page_can_be_read_by_everybody(browser, home, root, screen):
    with RunStore.open_to_read(root / "second") as records:
        best = best_of(records).individual.index
    with open_page(browser, screen) as page:
        for address in ADDRESSES:
            page.goto(home + address.format(best=best))
            wait_until_read(page)
            check_access(page)


def test_point_is_read_pinned_and_opened(browser, home):
    with open_page(browser) as page:
        page.goto(f"{home}/run/second")
        wait_until_read(page)
        page.locator("#chart-history").scroll_into_view_if_needed()
        point = page.locator("#chart-history .points path").last
        point.hover(force=True)
        page.wait_for_selector("#hovered pre")
        name = page.locator("#hovered a").text_content()
        assert "def train(" in page.locator("#hovered pre").text_content()
        point.click(force=True)
        page.wait_for_selector("#pinned pre")
        page.locator("#pinned a").click()
        assert page.locator("h1").text_content().lower().startswith(name)


def test_tables_sort_and_links_lead_on(browser, home):
    with open_page(browser) as page:
        page.goto(home)
        wait_until_read(page)
        page.get_by_role("link", name="second").click()
        wait_until_read(page)
        table = page.get_by_role("region", name="New bests by rank")
        table.get_by_role("button", name="fitness").click()
        table.get_by_role("button", name="fitness").click()
        cells = [float(text) for text in table.locator("tbody td:nth-child(2)").all_inner_texts()]
        assert cells == sorted(cells) and len(cells) > 1


def test_search_finds_and_shows(browser, home):
    with open_page(browser) as page:
        page.goto(f"{home}/run/second")
        wait_until_read(page)
        page.get_by_label("text").fill("interp(g")
        page.get_by_label("function").select_option("square")
        page.keyboard.press("Tab")
        page.get_by_role("button", name="search").click()
        assert re.search(r"\d+ programs", page.locator("main").text_content())
        page.locator("tbody a").first.click()
        code = page.locator("pre.code").first.text_content()
        assert "interp(g" in page.locator("main").text_content() and "def train(" in code


def test_export_opens_and_is_copied(browser, home):
    with open_page(browser) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.goto(f"{home}/program/0/second")
        page.locator("summary", has_text="torch").click()
        box = page.locator("details", has=page.locator("summary", has_text="torch"))
        box.locator("pre").wait_for()
        box.get_by_role("button", name="copy").click()
        box.get_by_text("copied").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert "torch.optim.Optimizer" in copied


def test_simplification_shows_its_result(browser, home):
    with open_page(browser) as page:
        page.goto(f"{home}/program/0/second")
        page.get_by_role("button", name="exact steps").click()
        page.get_by_text("statements remain").wait_for(timeout=60_000)
        check_access(page)


def test_two_runs_and_two_programs(browser, home):
    with open_page(browser) as page:
        page.goto(home)
        wait_until_read(page)
        page.goto(f"{home}/run/second")
        wait_until_read(page)
        page.get_by_role("button", name="compare").click()
        page.get_by_text("Settings that differ").first.wait_for()
        page.goto(f"{home}/diff")
        page.get_by_label("left").fill("second:0")
        page.get_by_label("right").fill("lion")
        page.get_by_role("button", name="compare").click()
        page.get_by_text("The programs differ").wait_for()


def test_page_follows_a_run_without_loading_again(browser, home, root):
    with create(root / "running") as store:
        pool = FormulaPool()
        advance(store, pool, 30)
        with open_page(browser) as page:
            page.goto(f"{home}/run/running")
            wait_until_read(page)
            page.evaluate("window.isSame = true")
            page.locator("#chart-history").scroll_into_view_if_needed()
            page.locator("#part-status", has_text="running").wait_for()
            advance(store, pool)
            page.locator("#part-status", has_text="120 of 120").wait_for()
            last = "document.getElementById('chart-history').data[1].x.at(-1)"
            assert page.evaluate(last) == 119
            assert page.evaluate("window.isSame")
    shutil.rmtree(root / "running")


def test_keyboard_reaches_everything(browser, home):
    with open_page(browser) as page:
        page.goto(f"{home}/run/second")
        wait_until_read(page)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        reached = set()
        for _ in range(80):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.textContent.trim()"))
        assert {"all runs", "copy", "fitness", "search"} <= reached
