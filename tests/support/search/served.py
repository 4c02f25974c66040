"""The server of runs in tests: requests without a network, and all links of a page."""

import time
from contextlib import contextmanager
from html.parser import HTMLParser
from urllib.parse import urljoin

from starlette.testclient import TestClient

from lionhunt.search.server.access import LOOPBACK, Access
from lionhunt.search.server.app import make_app

HOME = "http://127.0.0.1:8765"


@contextmanager
def served(root, *, token=None, hosts=LOOPBACK, is_numeric=False):
    """Yield a client of a server of a folder."""
    app = Access(make_app(root), hosts, is_numeric, token)
    with TestClient(app, HOME, follow_redirects=False) as client:
        yield client


def read_whole(client, address):
    """Return a page once the server has read all that it is about."""
    for _ in range(200):
        answer = client.get(address)
        if "being read" not in answer.text and "shown are the first" not in answer.text:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"{address} is still being read")


class _Links(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in ("href", "src", "data-load", "data-live") and value:
                self.found.append(value)


def links_of(answer):
    """Return the addresses on this server that a page leads to."""
    addresses = (urljoin(str(answer.url), link) for link in _Links(answer.text).found)
    return sorted({address.partition("#")[0] for address in addresses if address.startswith(HOME)})
