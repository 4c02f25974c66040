"""A browser without a window: Chromium of the system, driven by Playwright."""

import shutil
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")

WIDE, NARROW = {"width": 1200, "height": 900}, {"width": 390, "height": 800}
SCREENS = {"wide and light": (WIDE, "light"), "narrow and dark": (NARROW, "dark")}
SERIOUS = ("serious", "critical")


@contextmanager
def open_browser():
    """Yield a browser."""
    with sync_playwright() as playwright:
        # A container has no sandbox of its own to offer.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def open_page(browser, screen="wide and light"):
    """Yield a page; at its end, it must have said nothing in its console."""
    viewport, scheme = SCREENS[screen]
    context = browser.new_context(viewport=viewport, color_scheme=scheme)
    page = context.new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("requestfailed", lambda request: said.append(f"{request.url} failed"))
    try:
        yield page
        assert said == []
    finally:
        context.close()


def check_access(page):
    """Check that axe finds nothing serious, and that the page is not wider than its screen."""
    found = [v for v in Axe().run(page).response["violations"] if v["impact"] in SERIOUS]
    assert [(v["id"], [node["target"] for node in v["nodes"]]) for v in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
