"""Text that is safe to show."""

from __future__ import annotations

import base64
import re
import unicodedata
from functools import lru_cache
from urllib.parse import quote

SURROGATES = re.compile(r"[\ud800-\udfff]")
"""Halves of characters, and bytes that are no UTF-8, as Python has them in a text; neither can be encoded."""


LONGEST_NAME = 120
"""Characters of a path in a sentence."""

MASK = "[key]"
SHORTEST_KEY = 4
"""Characters of a key that is looked for; what stands in for a key, where a server needs none, may be shorter."""
RUN = 8
"""Characters of a key in succession that give it away. A key that is shorter is looked for as a whole word."""

KEYS = re.compile(
    r"\b(?:Bearer|Basic)\s+[\w.~+/=-]{12,}|\b(?:sk|rk|pk|key|gsk|hf|xai)[-_](?=\S*[\d*])[\w*.-]{6,}", re.IGNORECASE
)
"""What looks like a key, whosever it is: some servers repeat it in part, with stars in the middle."""
ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
HIDDEN = re.compile(r"(\[key\]|[\w+/=-]*)(?:[*\u2022]{2,}|\.{3}|\u2026)([\w+/=-]*)")
"""Stars or dots, and what stands around them."""


def shorten(name: str) -> str:
    """A name for a sentence: the end of a long one, and in quotes where some of it would not be seen."""
    short = name if len(name) <= LONGEST_NAME else f"...{name[-LONGEST_NAME:]}"
    return short if short.isprintable() and short == short.strip() else repr(short)


def printable(text: str) -> str:
    """The text with what would not show, or would turn or hide other text, replaced by a visible mark."""
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in {"Cc", "Cf", "Cs"} else c for c in text)


def replace_surrogates(text: str) -> str:
    """The text as every encoding of Unicode can hold it: each lone surrogate as a replacement character."""
    return text if text.isascii() else SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)


def mask_key(text: str, key: str | None) -> str:
    """The text with the key replaced wherever it stands, or a part of it of at least 8 characters: in any case, with
    the escapes of JSON, as in an address, and in Base64. A text without it stays as it is.
    """
    if not key or len(key) < SHORTEST_KEY:
        return text
    plain = ESCAPE.sub(_unescape, text)
    if len(key) < RUN:
        masked = re.sub(rf"(?<!\w){re.escape(key)}(?!\w)", MASK, plain)
    else:
        masked = HIDDEN.sub(lambda match: _mask_hidden(match, key.lower()), _mask_runs(plain, _list_runs(key)))
    return text if masked == plain else masked


def _unescape(match: re.Match[str]) -> str:
    """What an escape of JSON stands for, if it needs none."""
    code = match[1]
    character = chr(int(code[1:], 16)) if len(code) > 1 else code
    return (
        character
        if character == "/" or (" " <= character <= "~" and character not in '"\\' and code != character)
        else match[0]
    )


@lru_cache(maxsize=4)
def _list_runs(key: str) -> frozenset[str]:
    """What gives a key away. In Base64 it looks otherwise by where it begins within three bytes."""
    forms = [key, quote(key, safe="")]
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + key.encode()).decode().rstrip("=")[before and before + 1 : -1]
        forms += [coded, coded.translate(str.maketrans("+/", "-_"))]
    return frozenset(form[i : i + RUN].lower() for form in forms for i in range(len(form) - RUN + 1))


def _mask_runs(text: str, runs: frozenset[str]) -> str:
    low = text.lower() if text.isascii() else "".join(c.lower() if c.isascii() else c for c in text)  # of one length
    parts: list[str] = []
    end = 0
    for start in range(len(low) - RUN + 1):
        if low[start : start + RUN] in runs:
            if start > end or not parts:
                parts += [text[end:start], MASK]
            end = start + RUN
    return "".join([*parts, text[end:]])


def _mask_hidden(match: re.Match[str], key: str) -> str:
    """A key of which its server shows the ends alone."""
    first, last = match[1].lower(), match[2].lower()
    shown = first == MASK or (len(first) > 1 and key.startswith(first)) or (len(last) > 1 and key.endswith(last))
    return MASK if shown else match[0]


def mask_keys(text: str, key: str | None = None) -> str:
    """The text with the key, and whatever looks like one, replaced."""
    return KEYS.sub(MASK, mask_key(text, key))
