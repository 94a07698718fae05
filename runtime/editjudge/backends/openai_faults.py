"""What may go wrong at an endpoint of OpenAI's form, as one sentence each, and whether it is worth another try."""

from __future__ import annotations

import json
import math
import re
import time
from dataclasses import dataclass
from email.utils import mktime_tz, parsedate_tz
from typing import Any

from editjudge.errors import UNSHOWN
from editjudge.utils.text import mask_keys

LONGEST = 200
"""Characters of what a server says that are repeated."""
REFUSED = 400
"""The first status of an error; those from 300 on name another place, to which neither pictures nor key are sent."""
PASSING = {408, 409, 425, 429}
"""Statuses that pass; those from 500 on do too, unless the model has no eyes."""

REFUSING = {400, 413, 422}
"""Statuses of a question that is not taken."""

NO_EYES = re.compile(
    r"(image|picture|vision|multi-?modal)\W[^.]*(not|n't|un)\s*(be )?(support|accept|allow|enabled|available)"
    r"|image_url\W[^.]*only supported|(not|n't|without|no) (support|accept|take|process|a)?\s*(for )?"
    r"(a )?(image|picture|vision|multi-?modal)|mmproj|required for image input",
    re.IGNORECASE,
)
TOO_LONG = re.compile(
    r"context (size|length|window)|maximum context|too many tokens|prompt is too long|exceeds n_ctx", re.IGNORECASE
)
INVALID = re.compile(r"\d validation errors?:", re.IGNORECASE)
"""As llama-cpp-python's server tells of a request that it cannot read, with a status of 500."""
NO_FORM = re.compile(r"response_format|json_schema|json_object|schema|grammar|maxLength", re.IGNORECASE)
"""What a server says that does not know a form of answers; llama-cpp-python's does so with a status of 500."""


@dataclass(frozen=True)
class Fault:
    """Why a question has no answer.

    Attributes:
        problem: A sentence; without a key.
        passes: Whether another try may succeed.
        wait: Seconds that the server asks to be left alone for; None: it does not say.
        said: What the server said; empty where it said nothing.
    """

    problem: str
    passes: bool = False
    wait: float | None = None
    said: str = ""


def describe_status(status: int, body: str, headers: Any, *, model: str, place: str, key: str | None) -> Fault:
    """The fault behind an answer that is an error.

    Args:
        body: As it was sent.
        headers: A mapping with names in lower case.
        place: The address, as messages name it.
        key: To be masked.
    """
    said = mask_keys(body, key)
    quoted = f"{status}: {shorten_text(mask_keys(_find_message(said), key))}" if said.strip() else str(status)
    if status < REFUSED:
        return Fault(f"the server at {place} sends on to another place ({status}); give the address of that, up to /v1")
    if NO_EYES.search(said):
        problem = f"the model {model} at {place} does not take pictures ({quoted}); choose a model with vision"
        return Fault(problem)  # there is no other way to ask
    if (status in REFUSING or status >= 500) and TOO_LONG.search(said):
        return Fault(f"the question does not fit into the context of {model} ({quoted}); send smaller pictures")
    if status in PASSING or status >= 500:
        busy = "is busy" if status == 429 else "fails"
        problem = f"the server at {place} {busy} ({quoted}); try again later, or ask with fewer requests at once"
        return Fault(problem, True, read_wait(headers), said)
    if status == 401:
        problem = f"the server at {place} does not accept the key in OPENAI_API_KEY ({quoted}); set one that it knows"
    elif status == 403:
        problem = f"the server at {place} does not let this key use {model} ({quoted}); ask for access to it"
    elif status in (404, 405):
        problem = f"the server at {place} knows no model {model}, or no chats ({quoted}); check its address and models"
    else:
        problem = f"the server at {place} does not take the question ({quoted}); check the model and its server"
    return Fault(problem, said=said)


def read_wait(headers: Any) -> float | None:
    """Seconds until the time that a Retry-After tells; None where there is none that can be read."""
    value = str(headers.get("retry-after") or "").strip()
    try:
        wait = float(value)
    except ValueError:
        wait = _count_until(value)
    return max(0.0, wait) if math.isfinite(wait) else None


def _count_until(value: str) -> float:
    try:
        date = parsedate_tz(value)
        return math.inf if date is None else mktime_tz(date) - time.time()
    except (ValueError, OverflowError, TypeError):  # a date that there is not
        return math.inf


def _find_message(body: str) -> str:
    """What an error says for people, where it is of OpenAI's form or FastAPI's; else all of it."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return body
    for name in ("error", "message", "detail"):
        if isinstance(content, dict) and content.get(name):
            content = content[name]
    return content if isinstance(content, str) else json.dumps(content)


def shorten_text(text: str, longest: int = LONGEST) -> str:
    """A text of others for a sentence of ours: in one line, printable, and not long."""
    line = " ".join(UNSHOWN.sub("\N{REPLACEMENT CHARACTER}", text).split())
    return line if len(line) <= longest else f"{line[:longest]}..."
