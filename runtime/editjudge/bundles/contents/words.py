"""Lists of words: one to a line, UTF-8."""

from __future__ import annotations

from pathlib import Path

from editjudge.bundles.contents.regular_file import read_regular

MOST_BYTES = 2**20


def read_words(path: Path) -> frozenset[str]:
    """The words of a file, lower case. Raises ValueError for what is no text or too large, and OSError."""
    return frozenset(read_regular(path, MOST_BYTES).decode("utf-8").lower().split("\n")) - {""}
