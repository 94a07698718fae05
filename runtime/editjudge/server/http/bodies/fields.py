"""The fields of a body, in JSON or in a form: pictures as files, all else as texts and numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from editjudge.errors import InputError, quote_value
from editjudge.server.http.bodies.json_body import read_json
from editjudge.server.http.bodies.multipart_body import FormPart, read_form
from editjudge.server.http.bodies.pictures import SentPicture, decode_picture
from editjudge.server.http.refusals import TooLargeError
from editjudge.utils.arguments import Accepted, instance

PICTURE = instance(str, "the bytes of a picture's file in base64")
PICTURES = Accepted(lambda value: isinstance(value, list), "a list of pictures in base64")
ORIGINAL, EDITED = "original", "edited"
NUMBERS: dict[str, Callable[[str], float]] = {"budget_ms": float, "best": int}
"""The fields that hold numbers, and how those of forms are read."""
LONGEST_NUMBER = 20
"""Characters of one."""


@dataclass(frozen=True)
class SentFields:
    """What a body holds.

    Attributes:
        original: None: there is none.
        edited: In the order in which they were sent.
        others: By their names; those that are null, and of forms those that are empty, are left out.
    """

    original: SentPicture | None
    edited: tuple[SentPicture, ...]
    others: dict[str, Any]


def read_json_fields(content: bytes, names: Sequence[str], most_edited: int) -> SentFields:
    """The fields of an object. Raises InputError, and TooLargeError for too many pictures.

    Args:
        content: The body.
        names: Of all fields that there may be.
        most_edited: More than one: `edited` is a list of so many at most.
    """
    values = {name: value for name, value in read_json(content).items() if value is not None}
    check_names(values, names)
    original, edited = values.pop(ORIGINAL, None), values.pop(EDITED, None)
    if most_edited == 1:
        edited = [] if edited is None else [edited]
    elif edited is not None:
        PICTURES.check(edited=edited)
        check_count(len(edited), most_edited)
    listed = [(text, name_edited(index, most_edited)) for index, text in enumerate(edited or ())]
    return SentFields(
        None if original is None else _decode(original, ORIGINAL),
        tuple(_decode(text, name) for text, name in listed),
        values,
    )


def read_form_fields(content: bytes, content_type: str, names: Sequence[str], most_edited: int) -> SentFields:
    """The fields of a form. Arguments and errors are those of `read_json_fields`.

    content_type: as the head of the body tells it, with the boundary of its parts.
    """
    parts = read_form(content, content_type, most_edited)
    check_names([part.name for part in parts], names)
    edited = [part for part in parts if part.name == EDITED]
    check_count(len(edited), most_edited)
    alone: dict[str, FormPart] = {}
    for part in parts:
        if part.name in alone:
            raise InputError(f"the field {part.name!r} is there more than once; send it once")
        if part.name != EDITED:
            alone[part.name] = part
    original = alone.pop(ORIGINAL, None)
    others = {name: _read_text(part) for name, part in alone.items()}
    return SentFields(
        None if original is None else _to_picture(original),
        tuple(map(_to_picture, edited)),
        {name: value for name, value in others.items() if value != "" or name == "instruction"},
    )


def check_names(found: Sequence[str] | dict[str, Any], names: Sequence[str]) -> None:
    """Raises InputError for a field that there is not."""
    for name in found:
        if name not in names:
            raise InputError(f"there is no field {quote_value(name)} here; the fields are {', '.join(names)}")


def check_count(count: int, most: int) -> None:
    """Raises TooLargeError for too many edited pictures; InputError for several where one is taken."""
    if count > most == 1:
        raise InputError(f"there are {count} edited pictures, and one is taken here; send several to /v1/rank")
    if count > most:
        raise TooLargeError(f"there are {count:,} edited pictures, more than the {most:,} that are taken; send fewer")


def name_edited(index: int, most_edited: int) -> str:
    """What to call an edited picture."""
    return EDITED if most_edited == 1 else f"{EDITED} picture {index + 1}"


def _decode(text: object, field: str) -> SentPicture:
    PICTURE.check(**{field: text})
    return decode_picture(str(text), field)


def _to_picture(part: FormPart) -> SentPicture:
    return SentPicture(part.content, part.file_name or None)


def _read_text(part: FormPart) -> str | float:
    try:
        text = part.content.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"the field {part.name!r} is not encoded in UTF-8; send text in UTF-8") from None
    if part.name in NUMBERS and len(text) <= LONGEST_NUMBER:
        with suppress(ValueError):  # whoever checks it says what it has to be
            return NUMBERS[part.name](text)
    return text
