"""Files on a web server, over HTTPS, which resume; a server cannot send the client to a place that is not public."""

from __future__ import annotations

import ipaddress
import socket
from http.client import HTTPException, HTTPMessage
from typing import IO, BinaryIO
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from editjudge.bundles.remote.timed_response import TimedHTTPHandler, TimedHTTPSHandler
from editjudge.errors import BundleError

PATIENCE = 20.0
"""Seconds without a byte from the server."""
BLOCK = 2**16
SCHEMES = ("https", "http")


def resume_from(url: str, stream: BinaryIO, size: int | None, *, insecure: bool) -> None:
    """Appends the rest of what is at an address, of `size` bytes if that is known, to a stream with its beginning.

    Args:
        insecure: Whether what is not encrypted is taken as well.

    Raises BundleError for what the server answers, and OSError where it cannot be reached or hangs up.
    """
    start = stream.tell()
    if start == size:
        return
    request = Request(url, headers={"Range": f"bytes={start}-"} if start else {})
    try:
        opener = build_opener(_Redirects(url, insecure), TimedHTTPHandler, TimedHTTPSHandler)
        with opener.open(request, timeout=PATIENCE) as response:
            if start and response.status != 206:  # all of it is sent again
                stream.seek(0)
                stream.truncate()
            while block := response.read(BLOCK):
                stream.write(block)
            if response.length:
                raise ConnectionError(f"{response.length} bytes have not arrived")
    except HTTPError as error:
        error.close()
        answer = f"the server answered {error.code}" if error.code >= 400 else "the server leads elsewhere, to no file"
        raise BundleError(f"{url} cannot be fetched: {answer}; check its name, or try again later") from None
    except HTTPException as error:
        raise ConnectionError(str(error)) from error
    if size is not None and stream.tell() != size:
        raise ConnectionError(f"{stream.tell()} of {size} bytes have arrived")


class _Redirects(HTTPRedirectHandler):
    """Follows a server to where it sends the client, but not out of encryption, nor into a private network."""

    max_redirections = 5

    def __init__(self, url: str, insecure: bool) -> None:
        self._public = not is_private(url)
        self._schemes = SCHEMES if insecure else SCHEMES[:1]

    def redirect_request(  # noqa: PLR0917  (the library calls it so)
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if urlsplit(newurl).scheme not in self._schemes:
            raise BundleError(
                f"{req.full_url} leads to an address that is not encrypted; do not use it, or take it with --insecure"
            )
        if self._public and is_private(newurl):
            raise BundleError(f"{req.full_url} leads to an address of a private network; do not use this server")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def is_private(url: str) -> bool:
    """Whether an address, or one of those that its name stands for, is not for all the world."""
    try:
        found = socket.getaddrinfo(urlsplit(url).hostname or "", None)
    except (OSError, UnicodeError):
        return False  # it cannot be reached either
    return any(not ipaddress.ip_address(str(address[4][0]).split("%", maxsplit=1)[0]).is_global for address in found)
