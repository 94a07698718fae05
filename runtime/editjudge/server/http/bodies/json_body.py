"""Reading bodies of JSON, whatever they hold: nothing of them is believed, and little of them is kept."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Never

from editjudge.errors import InputError, quote_value
from editjudge.server.http.refusals import TooLargeError

MOST_VALUES = 50_000
"""Of a body. Each takes far more memory than the two bytes that it may be written in."""
SIGNS = (b",", b"[", b"{")
"""One of them stands before every value; base64 has none."""


def read_json(content: bytes) -> dict[str, Any]:
    """The object that a body is. Raises InputError where it is none, and TooLargeError for too many values."""
    if sum(map(content.count, SIGNS)) > MOST_VALUES:
        raise TooLargeError(f"the body has more than {MOST_VALUES:,} values; send fewer items in one request")
    try:
        value = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_collect, parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise InputError("the body is not encoded in UTF-8; send JSON in UTF-8") from None
    except RecursionError:
        raise InputError("the body nests its values too deeply; send JSON as /openapi.json describes it") from None
    except ValueError as error:
        raise InputError(f"the body is not JSON: {_shorten(error)}; send it whole, in UTF-8") from None
    if not isinstance(value, dict):
        raise InputError("the body is JSON, and no object; send one as /openapi.json describes it")
    return value


def _collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise InputError(f"an object of the body has the key {quote_value(twice)} more than once; send it once")
    return values


def _refuse_constant(name: str) -> Never:
    raise InputError(f"the body holds {name}, which is no JSON; leave out what has no number")


def _shorten(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg[:60].lower()} at character {error.pos:,}"
    return "it holds a number with too many digits"
