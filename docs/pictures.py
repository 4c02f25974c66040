"""Take the pictures of the README and of the pages, of a run and of the recorded derivation.

    python docs/pictures.py runs/quickstart

It needs Chromium. The pictures are small files of one screen, in docs/pictures.
"""

import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import uvicorn
from playwright.sync_api import Browser, sync_playwright

import lionhunt
from lionhunt.search.api.pages import report
from lionhunt.search.server.access import LOOPBACK, Access
from lionhunt.search.server.app import make_app

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
WIDE, NARROW = (1200, 860), (390, 800)


@contextmanager
def served(root: Path) -> Iterator[str]:
    """Serve a folder in a thread; yield the address of its first page."""
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


def take(
    browser: Browser,
    name: str,
    address: str,
    screen: tuple[int, int] = WIDE,
    scheme: Literal["light", "dark"] = "light",
    part: str | None = None,
) -> None:
    """Take a picture of a screen, or of one part of a page.

    Args:
        browser: opens the page.
        name: of the file.
        address: of the page.
        screen: width and height.
        scheme: "light" or "dark".
        part: selector of the part.
    """
    width, height = screen
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.goto(address)
    # Pictures on a page come a moment after it.
    page.wait_for_timeout(1500)
    place = page if part is None else page.locator(part).first
    place.screenshot(path=PICTURES / f"{name}.png")
    page.close()


def main(run: Path) -> None:
    """Take all pictures."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    PICTURES.mkdir(exist_ok=True)
    best = lionhunt.load(run).best
    assert best is not None
    with (
        tempfile.TemporaryDirectory() as temporary,
        sync_playwright() as playwright,
        served(run.parent) as home,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        folder = Path(temporary)
        of_run = report(run, folder / "run.html").as_uri()
        derivation = report(ROOT / "results" / "derivation", folder / "derivation.html").as_uri()
        pages = f"{home}/run/{run.name}"
        # A run is read before its page is whole.
        take(browser, "serve", pages)
        take(browser, "report", of_run)
        take(browser, "report_narrow", of_run, NARROW, "dark")
        take(browser, "line_of_the_best", of_run, part="#line")
        take(browser, "hall_of_fame", pages, part="#hall")
        take(browser, "serve", pages)
        take(browser, "serve_narrow", pages, NARROW, "dark")
        take(browser, "serve_program", f"{home}/program/{best.index}/{run.name}", scheme="dark")
        diff = f"{home}/diff?left={run.name}:{best.index}&right=adamw_initial"
        take(browser, "serve_diff", diff)
        take(browser, "derivation", derivation, part=".scroll")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
