"""Access to the server: names of the host, a token, and what a browser may do with a page."""

import http.cookies
import ipaddress
import secrets
from collections.abc import Collection
from urllib.parse import parse_qs, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
COOKIE = "lionhunt_token"
SECURITY = {
    # Plotly sets styles of elements.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' "
    "'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    # With less, a form of a page would not say where it comes from.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Headers of every answer."""


class Access:
    """Passes on the requests that may be answered.

    A page of another site can make a browser send requests here. It does so under its own name,
    which leads to this machine. So the name in the request has to be known.

    Args:
        app: answers the requests.
        hosts: names of this machine.
        is_numeric: every address in numbers is one of this machine, too.
        token: what a browser has to send, once in the address and then as a cookie; None for no
            token.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str], is_numeric: bool, token: str | None):
        self._app, self._hosts, self._is_numeric, self._token = app, hosts, is_numeric, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            # A server that starts has a lifespan. It offers nothing else.
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY)
            await send(message)

        refusal = self._refuse(scope)
        await (refusal or self._app)(scope, receive, send_safely)

    def _refuse(self, scope: Scope) -> Response | None:
        """Return the answer to a request that is not passed on; None for one that is."""
        headers = Headers(scope=scope)
        if not self._knows(_without_port(headers.get("host", ""))):
            return PlainTextResponse("unknown name of this machine\n", 400)
        if self._token is not None and not self._has_token(headers):
            return self._ask_for_token(scope)
        if scope["method"] not in ("GET", "HEAD") and not _is_from_here(headers):
            return PlainTextResponse("only pages of this server may do this\n", 403)
        return None

    def _knows(self, host: str) -> bool:
        return host in self._hosts or self._is_numeric and _is_numeric(host)

    def _has_token(self, headers: Headers) -> bool:
        cookies = http.cookies.SimpleCookie()
        try:
            cookies.load(headers.get("cookie", ""))
        except http.cookies.CookieError:
            return False
        return COOKIE in cookies and self._is_token(cookies[COOKIE].value)

    def _is_token(self, text: str) -> bool:
        return secrets.compare_digest(text.encode(), (self._token or "").encode())

    def _ask_for_token(self, scope: Scope) -> Response:
        """Keep a token of the address as a cookie, so that it stays in no history."""
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = query.pop("token", [""])[0]
        if not self._is_token(given):
            message = "open the address that 'lionhunt serve' printed, with its token\n"
            return PlainTextResponse(message, 403)
        rest = urlencode(query, doseq=True)
        # A path with two slashes first would lead to another machine.
        path = "/" + scope.get("raw_path", b"/").decode("latin-1").partition("?")[0].lstrip("/")
        answer = RedirectResponse(f"{path}?{rest}" if rest else path, 303)
        answer.set_cookie(COOKIE, given, httponly=True, samesite="strict")
        return answer


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() else host).lower()


def _is_numeric(host: str) -> bool:
    try:
        ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def _is_from_here(headers: Headers) -> bool:
    """Return True if a page of this server sent the request."""
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2] == headers.get("host")
