"""Pages as the standard library parses them."""

import base64
import hashlib
from html.parser import HTMLParser

VOID = {"meta", "br", "img", "link", "input", "hr"}
ALLOWED = ("#", "data:")


class ParsedPage(HTMLParser):
    """The tags, texts and scripts of a page.

    Attributes:
        tags: of every element, its name and attributes.
        texts: all text outside of scripts and styles.
        scripts: attributes and content of the scripts.
    """

    def __init__(self, page: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append((dict(attrs), ""))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            attrs, content = self.scripts.pop()
            self.scripts.append((attrs, content + data))
        elif not self.open or self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def names(self, attribute: str) -> list[str]:
        """Return the values of an attribute of all elements that have it."""
        return [str(attrs[attribute]) for _, attrs in self.tags if attribute in attrs]


def check_page(page: str) -> ParsedPage:
    """Parse a page, and check that it is sound, complete in itself, and accessible."""
    parsed = ParsedPage(page)
    assert not parsed.open
    ids = parsed.names("id")
    assert len(ids) == len(set(ids))
    for name in ("src", "href", "action", "data", "poster", "srcset"):
        assert all(value.startswith(ALLOWED) for value in parsed.names(name))
    assert {link[1:] for link in parsed.names("href")} <= set(ids)
    assert not [name for _, attrs in parsed.tags for name in attrs if name.startswith("on")]
    tags = [tag for tag, _ in parsed.tags]
    assert tags.count("main") == tags.count("h1") == tags.count("title") == 1
    assert [attrs["lang"] for tag, attrs in parsed.tags if tag == "html"] == ["en"]
    _check_headings(tags)
    _check_policy(parsed)
    for tag, attrs in parsed.tags:
        if attrs.get("role") in ("group", "img", "region"):
            assert attrs["aria-label"]
        if tag == "img":
            assert "alt" in attrs
    return parsed


def _check_headings(tags):
    levels = [int(tag[1]) for tag in tags if tag in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))


def _check_policy(parsed):
    """Check that the policy allows the scripts of the page, and nothing else."""
    (policy,) = (
        attrs["content"]
        for tag, attrs in parsed.tags
        if attrs.get("http-equiv") == "Content-Security-Policy"
    )
    rules = dict(rule.strip().split(" ", 1) for rule in str(policy).split(";"))
    assert rules["default-src"] == "'none'" and rules["img-src"] == "data: blob:"
    digests = [
        f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
        for attrs, content in parsed.scripts
        if attrs.get("type") != "application/json"
    ]
    assert rules["script-src"].split() == digests
