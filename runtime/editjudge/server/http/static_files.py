"""The files of a page, as they are sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
"""By the ending of a file's name."""


def serve_file(name: str, content: bytes, headers: Mapping[str, str]) -> Callable[[Request], Awaitable[Response]]:
    """A route that sends a file, of the kind that its name says."""
    media_type = MEDIA_TYPES[name[name.rindex(".") :]]

    async def serve(_: Request) -> Response:
        return Response(content, media_type=media_type, headers=headers)

    return serve
