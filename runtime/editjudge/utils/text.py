"""Text that is safe to show."""

from __future__ import annotations

import re
import unicodedata

SURROGATES = re.compile(r"[\ud800-\udfff]")
"""Halves of characters, and bytes that are no UTF-8, as Python has them in a text; neither can be encoded."""


LONGEST_NAME = 120
"""Characters of a path in a sentence."""

MASK = "[key]"
SHORTEST_KEY = 4
"""Characters of a key that is looked for; what stands in for a key, where a server needs none, may be shorter."""

KEYS = re.compile(
    r"\b(?:Bearer|Basic)\s+[\w.~+/=-]{12,}|\b(?:sk|rk|pk|key|gsk|hf|xai)[-_](?=\S*[\d*])[\w*.-]{6,}", re.IGNORECASE
)
"""What looks like a key, whosever it is: some servers repeat it in part, with stars in the middle."""


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
    """The text with the key replaced wherever it stands."""
    return text.replace(key, MASK) if key and len(key) >= SHORTEST_KEY else text


def mask_keys(text: str, key: str | None = None) -> str:
    """The text with the key, and whatever looks like one, replaced."""
    return KEYS.sub(MASK, mask_key(text, key))
