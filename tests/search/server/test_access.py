"""Access to the server: only pages of this server, opened by their names, get answers."""

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from lionhunt.search.server.access import LOOPBACK, Access

TOKEN = "a-token"


def client_of(token=None, hosts=LOOPBACK, is_numeric=False, home="http://127.0.0.1:8765"):
    app = Access(PlainTextResponse("secret"), hosts, is_numeric, token)
    return TestClient(app, home, follow_redirects=False)


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost", "LOCALHOST:1", "[::1]:8765"])
def test_names_of_this_machine_are_answered(host):
    assert client_of().get("/", headers={"Host": host}).text == "secret"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8765",
        "127.0.0.1.evil.example",
        "",
        "localhost@evil",
        "10.0.0.1",
    ],
)
def test_other_names_are_refused(host):
    answer = client_of().get("/", headers={"Host": host})
    assert answer.status_code == 400 and "secret" not in answer.text


def test_numbers_are_answered_where_all_addresses_are_listened_to():
    client = client_of(is_numeric=True)
    assert client.get("/", headers={"Host": "10.0.0.1:8765"}).status_code == 200
    assert client.get("/", headers={"Host": "[fe80::1]:8765"}).status_code == 200
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400


def test_token_becomes_a_cookie_and_leaves_the_address():
    client = client_of(TOKEN)
    assert client.get("/").status_code == 403
    assert client.get("/?token=other").status_code == 403
    assert client.get("/", headers={"Cookie": "lionhunt_token=other"}).status_code == 403
    answer = client.get(f"/run/a%20b?x=1&token={TOKEN}")
    assert answer.status_code == 303 and answer.headers["location"] == "/run/a%20b?x=1"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie
    assert client.get("/run/a%20b?x=1").text == "secret"


def test_redirect_stays_on_this_machine():
    answer = client_of(TOKEN).get(f"http://127.0.0.1:8765//evil.example/?token={TOKEN}")
    assert answer.headers["location"] == "/evil.example/"


def test_only_pages_from_here_may_act():
    client = client_of()
    assert client.post("/").status_code == 403
    assert client.post("/", headers={"Origin": "http://evil.example"}).status_code == 403
    assert client.post("/", headers={"Origin": "null"}).status_code == 403
    assert client.post("/", headers={"Origin": "http://127.0.0.1:8765"}).text == "secret"


def test_every_answer_forbids_what_pages_do_not_need():
    for answer in (client_of().get("/"), client_of(TOKEN).get("/")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "script-src 'self';" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
