"""The documentation site: it builds without a warning, is whole, and loads nothing from outside."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

from tests.support.pages import ROOT

LOADS = {"script": "src", "link": "href", "img": "src", "source": "src", "iframe": "src"}


class _Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.loaded = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.ids |= {values[key] for key in ("id", "name") if values.get(key)}
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        if tag in LOADS and values.get(LOADS[tag]) and values.get("rel") != "canonical":
            self.loaded.append(values[LOADS[tag]])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    subprocess.run(["make", "-s", "build/types/lionhunt", "build/pages"], cwd=ROOT, check=True)
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    # Without the variable, the theme advertises its successor.
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, env=quiet)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site):
    return {path: _Page(path.read_text("utf-8")) for path in site.rglob("*.html")}


def test_links_lead_somewhere(site, pages):
    for path, page in pages.items():
        if path.name == "404.html":
            continue
        for link in page.links:
            if re.match(r"[a-z]+:", link):
                continue
            name, _, anchor = unquote(link).partition("#")
            target = (path.parent / name).resolve() if name else path
            target = target / "index.html" if target.is_dir() else target
            assert target.is_file(), f"{path.relative_to(site)} links to {link}"
            if anchor and target in pages:
                assert anchor in pages[target].ids, f"{path.relative_to(site)} links to {link}"


def test_nothing_is_loaded_from_outside(pages):
    for page in pages.values():
        assert not [link for link in page.loaded if re.match(r"([a-z]+:)?//", link)]


def test_reference_has_every_public_name(site):
    import lionhunt

    text = (site / "docs" / "reference" / "python.html").read_text("utf-8")
    shown = {name.rpartition(".")[2] for name in re.findall(r'id="(lionhunt\.[\w.]+)"', text)}
    modules = {"dsl", "proxy_tasks", "search", "tasks", "__version__", "RunConfig"}
    assert set(lionhunt.__all__) - modules <= shown
    assert "Raises" in text and "Example" in text


def test_reference_of_the_language_has_every_public_name(site):
    from lionhunt import dsl

    text = (site / "docs" / "reference" / "language.html").read_text("utf-8")
    shown = {name.rpartition(".")[2] for name in re.findall(r'id="(lionhunt\.[\w.]+)"', text)}
    assert set(dsl.__all__) - {"library"} <= shown and "lionhunt.dsl.library" in text


def test_every_config_is_shown(site):
    text = (site / "docs" / "reference" / "configs.html").read_text("utf-8")
    for path in (ROOT / "configs").glob("*.toml"):
        assert f'id="{path.stem}"' in text


def test_drawings_are_there(site):
    text = (site / "docs" / "concepts.html").read_text("utf-8")
    drawings = re.findall(r'src="(drawings/\w+\.svg)"', text)
    assert len(drawings) == 4
    assert all((site / "docs" / name).is_file() for name in drawings)
