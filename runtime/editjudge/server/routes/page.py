"""The page of a service, for people: its files, and the words in which its script speaks of scores."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from fastapi import APIRouter

from editjudge.metrics.flags import FLAGS
from editjudge.reports.differences import MARKS, NOTHING_LISTED
from editjudge.reports.wording import KINDS
from editjudge.server.http.static_files import serve_file
from editjudge.server.options import RequestLimits
from editjudge.utils.json_safe import to_json
from editjudge.utils.timing import STAGES

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
"""Nothing but the page's own files is loaded or run, and nobody but the service is spoken to."""
WORDS = "words.json"


def build_page(limits: RequestLimits) -> APIRouter:
    """The routes of the page: "/", and below "/page/" what it loads. None of them needs a token, or the models.

    limits: What the service takes, so that the page can say so before a picture is sent.
    """
    router = APIRouter()
    contents = {**_read_files(), WORDS: to_json(collect_words(limits)).encode()}
    for name, content in contents.items():
        path = "/" if name == "index.html" else f"/page/{name}"
        router.add_route(path, serve_file(name, content, HEADERS), include_in_schema=False)
    return router


def collect_words(limits: RequestLimits) -> dict[str, Any]:
    """What the script has to know of the package: what flags and kinds mean, and what a request may hold.

    "asked" is by "true", "false" and "null", as a difference's `coherent` is in JSON.
    """
    return {
        "flags": {
            name: {"label": name.replace("_", " "), "meaning": flag.meaning, "note": flag.is_note}
            for name, flag in FLAGS.items()
        },
        "kinds": KINDS,
        "nothing_listed": NOTHING_LISTED,
        "asked": {"true": MARKS[True], "false": MARKS[False], "null": MARKS[None]},
        "stages": STAGES,
        "limits": {"bytes": limits.max_bytes, "items": limits.max_items},
    }


def _read_files() -> dict[str, bytes]:
    """The files of the page, by name; the style of the reports is one of them, as what it shows is such a report."""
    style = files("editjudge.reports") / "templates" / "report.css"
    return {entry.name: entry.read_bytes() for entry in (*(files("editjudge.server") / "page").iterdir(), style)}
