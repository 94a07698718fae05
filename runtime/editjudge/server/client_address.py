"""Where a client finds a service, and the token that it shows."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from editjudge.errors import InputError
from editjudge.server.access_token import TOKEN
from editjudge.utils.text import shorten

UNIX = "unix:"
LOCAL = ("127.0.0.1", "localhost", "::1")
LOGIN = re.compile(r"^([a-z][a-z0-9+.-]*://)?.*@", re.IGNORECASE | re.DOTALL)
"""The user and the password of an address, which no message repeats."""


@dataclass(frozen=True)
class ServiceAddress:
    """An address that was read.

    Attributes:
        base: What the addresses of all routes begin with.
        socket_file: Of a Unix socket; None: it is a port.
        name: In messages; without the password.
        is_local: Whether it is on this machine, so that no proxy leads there.
    """

    base: str
    socket_file: str | None
    name: str
    is_local: bool


def read_address(address: str | os.PathLike[str]) -> ServiceAddress:
    """Reads what `editjudge serve` prints, or the path of a Unix socket. Raises InputError for what is neither."""
    text = os.fspath(address) if isinstance(address, str | os.PathLike) else ""
    if isinstance(address, Path) or (isinstance(text, str) and text.startswith((UNIX, "/", "./", "../"))):
        socket_file = text.removeprefix(UNIX)
        if "\0" not in socket_file:
            return ServiceAddress("http://localhost", socket_file, f"{UNIX}{socket_file}", is_local=True)
    try:
        parts = urlsplit(text)
        host = parts.hostname if parts.scheme in ("http", "https") and parts.port != 0 and not parts.query else None
        text.encode()
    except (ValueError, AttributeError):  # AttributeError: these are bytes
        host = None
    if not host:
        named = shorten(hide_login(text)) if isinstance(text, str) and text else repr(address)
        raise InputError(f"{named} is no address of a service; give one as http://127.0.0.1:8400, or a socket")
    base = text.rstrip("/")
    return ServiceAddress(base, None, hide_login(base), host in LOCAL)


def hide_login(address: str) -> str:
    """The address without its user and password."""
    return LOGIN.sub(lambda match: match[1] or "", address)


def check_token(token: str | None) -> str | None:
    """The token without the space around it, as of a file that ends with a line break. Raises InputError for one that
    no service has; it is not repeated.
    """
    if token is None:
        return None
    if not isinstance(token, str) or not TOKEN.fullmatch(token.strip()):
        raise InputError("the token is none that a service has; give its at least 16 letters, digits, or any of -._~+/")
    return token.strip()
