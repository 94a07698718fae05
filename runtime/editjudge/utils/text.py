"""Text that is safe to show."""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    """The text with what would not show, or would turn or hide other text, replaced by a visible mark."""
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in {"Cc", "Cf", "Cs"} else c for c in text)
