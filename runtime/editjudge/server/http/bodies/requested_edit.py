"""What a request asks of an edit: its fields, each looked at before anything is done with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from editjudge.errors import InputError, quote_value
from editjudge.metrics.registry import CHOICES, Compat, check_compat, parse_names
from editjudge.metrics.vlm_judge.names import is_judge
from editjudge.ranking import check_speed
from editjudge.server.http.bodies.fields import (
    EDITED,
    ORIGINAL,
    SentFields,
    name_edited,
    read_form_fields,
    read_json_fields,
)
from editjudge.server.http.bodies.pictures import SentPicture, check_picture, check_request_pixels
from editjudge.server.options import RequestLimits
from editjudge.utils.arguments import TEXT

RouteTask = Literal["score", "rank", "differences", "reward"]
"""What a route does with an edit."""
FIELDS: dict[RouteTask, tuple[str, ...]] = {
    "score": (ORIGINAL, EDITED, "instruction", "metrics", "compat", "budget_ms"),
    "rank": (ORIGINAL, EDITED, "instruction", "metrics", "compat", "budget_ms", "best"),
    "differences": (ORIGINAL, EDITED, "instruction"),
    "reward": (ORIGINAL, EDITED, "instruction"),
}


@dataclass(frozen=True)
class RequestedEdit:
    """What is asked.

    Attributes:
        edited: One, unless a ranking is asked for.
        instruction: None: nobody said.
        metrics: The field as it was sent; None: no metrics were asked for.
        compat, budget_ms, best: As `ScoringRequest` has them.
    """

    original: SentPicture
    edited: tuple[SentPicture, ...]
    instruction: str | None = None
    metrics: str | None = None
    compat: Compat | None = None
    budget_ms: float | None = None
    best: int | None = None


def read_edit(task: RouteTask, content: bytes, content_type: str, limits: RequestLimits) -> RequestedEdit:
    """What a body asks for. Takes a moment: not for the thread of the event loop.

    Args:
        task: What its route does.
        content: The body.
        content_type: As its head tells it, JSON or a form.
        limits: What a request may be.

    Raises InputError for a field that is missing, unknown, or not what it may be; TooLargeError for too much.
    """
    most_edited = limits.max_items if task == "rank" else 1
    if content_type.lstrip().lower().startswith("multipart"):
        sent = read_form_fields(content, content_type, FIELDS[task], most_edited)
    else:
        sent = read_json_fields(content, FIELDS[task], most_edited)
    asked = _check_fields(task, sent)
    check_picture(asked.original, limits.max_pixels, ORIGINAL)
    for index, picture in enumerate(asked.edited):
        if picture.content or task != "rank":  # of a ranking, an empty one is told in its place
            check_picture(picture, limits.max_pixels, name_edited(index, most_edited))
    check_request_pixels([asked.original, *asked.edited], limits.max_request_pixels)
    return asked


def _check_fields(task: RouteTask, sent: SentFields) -> RequestedEdit:
    others = sent.others
    if sent.original is None or not sent.edited:
        lacking = ORIGINAL if sent.original is None else EDITED
        raise InputError(f"the field {lacking!r} is missing; send the {lacking} picture in it")
    instruction = others.get("instruction")
    if instruction == "" and task == "differences":  # as forms send a field that is left empty
        instruction = None
    if instruction is None and task != "differences":
        raise InputError("the field 'instruction' is missing; send what was asked for, in English")
    for name in ("instruction", "metrics"):
        if name in others:
            TEXT.check(**{name: others[name]})
    if "metrics" in others:
        check_metrics(others["metrics"])
    check_speed(others.get("best"), others.get("budget_ms"))
    return RequestedEdit(
        original=sent.original,
        edited=sent.edited,
        instruction=instruction,
        metrics=others.get("metrics"),
        compat=check_compat(others.get("compat")),
        budget_ms=others.get("budget_ms"),
        best=others.get("best"),
    )


def check_metrics(text: str) -> tuple[str, ...] | None:
    """The metrics that "l2,lpips" names; None: all. Raises InputError, for judges too: they would be reached over the
    network, or read from a path, that a client names.
    """
    names = parse_names(text)
    for name in names or ():
        if is_judge(name):
            known = CHOICES.partition(", or a judge")[0]
            raise InputError(f"the metric {quote_value(name)} asks a judge, which a service does not; choose {known}")
    return names
