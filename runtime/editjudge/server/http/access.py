"""Who may ask: clients that show the token; and where there is none, no page of another site in a browser."""

from __future__ import annotations

import hmac
import ipaddress
import re
from urllib.parse import urlsplit

from starlette._utils import get_route_path
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from editjudge.server.http.refusals import OriginError, TokenError

OPEN = re.compile(r"/(page/.*|health)?")
"""Paths that need no token: the page, which holds none of it and asks for it, and whether the service is ready. They
are those that the routes are found by, without the path that the application is mounted at."""


class AccessCheck:
    """Hands on what may be asked. Raises TokenError and OriginError.

    A service without a token is reached from its own machine alone. There, any page that somebody has open in a browser
    could ask it too, be it with a form, be it under a name that its owner leads to this machine: browsers tell the name
    (Host) and the page (Origin).

    Args:
        app: What it hands on to.
        token: What clients have to show; None: nobody is asked.
    """

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app = app
        self._token = None if token is None else token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            if self._token is None:
                check_origin(headers)
            elif not OPEN.fullmatch(get_route_path(scope)):
                _check_token(headers.get("authorization"), self._token)
        await self._app(scope, receive, send)


def _check_token(shown: str | None, token: bytes) -> None:
    if shown is None:
        raise TokenError("this service asks for a token; send it in the header Authorization: Bearer TOKEN")
    scheme, _, value = shown.partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(value.strip().encode("utf-8", "replace"), token):
        raise TokenError("the token is not that of this service; send it in the header Authorization: Bearer TOKEN")


def check_origin(headers: Headers) -> None:
    """Raises OriginError for a page of another site, and for a name that leads others to this machine."""
    host, origin = headers.get("host", ""), headers.get("origin")
    if not _is_own_name(host):
        raise OriginError(
            "the service is asked under a name of the network, and has no token; ask it as localhost or 127.0.0.1, or "
            "start it with a token"
        )
    if origin is not None and not is_same_host(origin, host):
        raise OriginError(
            "a page of another site asks, and the service has no token; use its own page, or start it with a token"
        )


def _is_own_name(host: str) -> bool:
    """Whether a name can be this machine's alone: an address, or a name that no server of names is asked for."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if "." not in name.removesuffix(".localhost") and ":" not in name:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_same_host(origin: str, host: str) -> bool:
    """Whether an origin has the host and port that are asked; "null", and whatever is none, has none."""
    try:
        return urlsplit(origin).netloc.lower() == host.lower() != ""
    except ValueError:
        return False
