"""What the forms of a study send, and how it is read."""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from editjudge.errors import InputError
from editjudge.study.design import StudyDesign
from editjudge.study.pages import StudyPage

LONGEST = 64 * 2**10
"""Bytes of a form."""
LONGEST_LOOK = 86_400.0
"""Seconds: a page that was open for longer says nothing of how long it took."""
FormFields = Mapping[str, str]
ChosenValues = dict[int, dict[str, float]]
"""Values by position and side."""


async def read_form(request: Request) -> FormFields:
    """The fields of a form; of one that is sent twice the last. Raises InputError for what is no form."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise InputError("this is no form of a page of this study; load the page again")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST:
            raise InputError(f"the form is larger than {LONGEST:,} bytes; load the page again")
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=5000, errors="strict"))
    except ValueError as error:
        raise InputError("the form cannot be read; load the page again") from error


def name_field(position: int, side: str) -> str:
    """How a question is called in the form of a page."""
    return f"c{position}-{side}"


def read_answers(form: FormFields, design: StudyDesign, page: StudyPage) -> ChosenValues:
    """What was chosen, which may be less than all. Raises InputError for what is no number."""
    found: ChosenValues = {}
    for position in design.list_positions(len(page.candidates)):
        found[position] = {}
        for side in design.sides:
            text = form.get(name_field(position, side.name))
            if text is not None:
                found[position][side.name] = _read_number(text, side.title)
    return found


def read_seconds(form: FormFields) -> float | None:
    """How long the page was open; None where that is not known."""
    try:
        seconds = time.time() - float(form.get("opened", ""))
    except ValueError:
        return None
    return round(seconds, 3) if 0 <= seconds <= LONGEST_LOOK else None


def _read_number(text: str, title: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise InputError(f"{title} is no number; choose one of those on the page") from error
