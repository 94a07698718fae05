"""Keys in texts of others."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from editjudge.utils.text import mask_key, mask_keys

KEY = "abcd-EFGH_1234"


@pytest.mark.parametrize(
    "text",
    [
        f"bad key {KEY}.",
        f"{{'authorization': 'Bearer {KEY}'}}",
        "Incorrect API key provided: sk-proj-********************GHIJ. You can find",
        "used sk-0123456789abcdef twice",
        "Authorization: bearer eyJhbGciOi.JIUzI1NiJ9",
        "key_0123456789 is out",
        "gsk_aBcDeFgHiJ4kLmN",
        "Basic dXNlcjpwYXNz",
    ],
)
def test_what_looks_like_a_key_is_masked(text: str) -> None:
    masked = mask_keys(text, KEY)
    assert "[key]" in masked
    assert not any(part in masked for part in (KEY, "GHIJ", "0123456789", "eyJ", "aBcDeF", "dXNl"))


HARD = "aZ9/kq+7RtWm3Px5LsVb8Yn2Hd4Jc6Gf"


@pytest.mark.parametrize(
    "text",
    [
        HARD.replace("/", "\\/"),
        HARD.replace("+", "\\u002b"),
        quote(HARD, safe=""),
        base64.b64encode(HARD.encode()).decode(),
        base64.b64encode(f"Bearer {HARD}".encode()).decode(),
        HARD[:24],
        HARD[5:],
        HARD.upper(),
        HARD.lower(),
        f"{HARD[:9]}*******{HARD[-4:]}",
    ],
)
def test_a_key_is_masked_however_it_is_written(text: str) -> None:
    masked = mask_key(f"bad key {text} was sent", HARD)
    assert masked.startswith("bad key ")
    assert "[key]" in masked
    assert masked.endswith(" was sent")
    assert not any(HARD[start : start + 8].lower() in masked.lower() for start in range(len(HARD) - 7))
    assert text[8:-8] not in masked


def test_other_texts_stay_as_they_are() -> None:
    for text in (
        "the bearer of a flag",
        "basic colours",
        "a key-light of the scene",
        "skin",
        "Bearer",
        "a risk-free task-list",
    ):
        assert mask_keys(text, KEY) == text
    assert mask_key("nothing to hide", None) == "nothing to hide"
    assert mask_key("no", "no") == "no"  # what stands in for a key
