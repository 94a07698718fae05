"""Items of a request in the form of UniRL's reward service: a history of turns, and the rewards that are wanted of it.

The first turn holds the picture before the edit, the last one that after it; the instruction is the text of the last
turn that has one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from editjudge.errors import EditJudgeError, InputError, quote_value
from editjudge.metrics.registry import DEFAULT, EditScore
from editjudge.server.http.bodies.fields import PICTURE
from editjudge.server.http.bodies.json_body import read_json
from editjudge.server.http.bodies.pictures import SentPicture, check_picture, check_request_pixels, decode_picture
from editjudge.server.http.refusals import HttpError, TooLargeError
from editjudge.server.options import RequestLimits
from editjudge.utils.arguments import TEXTS

PROTOCOL = "1"
UNNAMED = ("reward",)
"""Under what an item is told of that names no rewards, or none that can be read."""
IDENTITY = ("request_id", "sample_id", "group_id", "source_rank", "policy_version", "idempotency_key")
"""What trainers tell items apart by; they get it back."""
PICTURE_FIELD = "image_b64"


@dataclass(frozen=True)
class ScoreItem:
    """One item.

    Attributes:
        rewards: The names of those that are wanted.
        identity: What its trainer knows it by.
        original, edited: None: `problem` says why.
        instruction: None: likewise.
        problem: Why it cannot be scored, in a sentence.
    """

    rewards: tuple[str, ...]
    identity: dict[str, str | int | None]
    original: SentPicture | None = None
    edited: SentPicture | None = None
    instruction: str | None = None
    problem: str | None = None


def read_items(content: bytes, limits: RequestLimits) -> list[ScoreItem]:
    """The items of a body. Takes a moment: not for the thread of the event loop.

    Raises InputError for what is no such request, and TooLargeError for too many items or pixels; what is wrong with
    one of them is told with it.
    """
    body = read_json(content)
    version = body.get("protocol_version")
    if version not in (None, PROTOCOL, int(PROTOCOL)) or isinstance(version, bool):
        raise InputError(f"protocol_version is {quote_value(version)}; this service reads {PROTOCOL!r}")
    items = body.get("requests")
    if not isinstance(items, list):
        raise InputError("the field 'requests' is missing; send a list of items in it")
    if len(items) > limits.max_items:
        raise TooLargeError(
            f"there are {len(items):,} items, more than the {limits.max_items:,} that are taken; send fewer"
        )
    read = [_read_item(item, limits) for item in items]
    pictures = [picture for item in read for picture in (item.original, item.edited) if picture is not None]
    check_request_pixels(pictures, limits.max_request_pixels)
    return read


def _read_item(item: object, limits: RequestLimits) -> ScoreItem:
    if not isinstance(item, dict):
        problem = f"the item is {quote_value(item)}; give an object"
        return ScoreItem(UNNAMED, dict.fromkeys(IDENTITY), problem=problem)
    identity = {name: _read_identity(item.get(name)) for name in IDENTITY}
    rewards = item.get("required_rewards")
    if not TEXTS.holds(rewards) or not rewards:
        said = "[]" if rewards == [] else quote_value(rewards)
        return ScoreItem(UNNAMED, identity, problem=f"required_rewards is {said}; give a list of names")
    names = tuple(dict.fromkeys(rewards))
    try:
        original, edited, instruction = _read_history(item.get("history"), limits)
    except (InputError, HttpError) as error:
        return ScoreItem(names, identity, problem=str(error))
    return ScoreItem(names, identity, original, edited, instruction)


def _read_history(history: object, limits: RequestLimits) -> tuple[SentPicture, SentPicture, str]:
    if not isinstance(history, list) or not all(isinstance(turn, Mapping) for turn in history):
        raise InputError("the history is no list of turns; give one with a text and a picture each")
    pictures = [turn.get(PICTURE_FIELD) for turn in history]
    if len(history) < 2 or pictures[0] is None or pictures[-1] is None:
        raise InputError(
            f"the history holds no two pictures; give that before the edit as {PICTURE_FIELD} of the first turn, and "
            "that after it as that of the last"
        )
    texts = [turn.get("text") for turn in history]
    said = [text for text in texts if isinstance(text, str) and text.strip()]
    if not said:
        raise InputError("no turn of the history has a text; give the instruction as that of the last one")
    original = _read_picture(pictures[0], "the first picture", limits)
    edited = _read_picture(pictures[-1], "the last picture", limits)
    check_request_pixels([original, edited], limits.max_request_pixels)
    return original, edited, said[-1]


def _read_picture(picture: object, name: str, limits: RequestLimits) -> SentPicture:
    PICTURE.check(**{PICTURE_FIELD: picture})
    return check_picture(decode_picture(str(picture), name), limits.max_pixels, name)


def _read_identity(value: Any) -> str | int | None:
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None


def read_reward_value(score: EditScore, name: str) -> float:
    """What was measured of a reward. Raises EditJudgeError, which says why nothing was: that is no 0."""
    value, reason = score.value, score.headline or None
    if name != DEFAULT.name:
        result = score.metrics.get(name)
        value, reason = (None, None) if result is None else (result.value, result.explanation)
    if value is None or value != value:  # noqa: PLR0124  (NaN is not itself)
        raise EditJudgeError(f"not measured: {reason or 'the pictures and the instruction do not tell it'}")
    if value in (float("inf"), float("-inf")):
        raise EditJudgeError("infinite, which no number of JSON is: the pictures do not differ")
    return float(value)
