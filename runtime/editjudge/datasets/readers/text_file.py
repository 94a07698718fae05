"""Opens a file of text for reading, in whichever encoding of Unicode it was saved."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import BinaryIO, TextIO

from editjudge.bundles.contents.regular_file import open_regular


def open_text(path: Path) -> TextIO:
    """Opens a file as `decode_text` does. Raises OSError."""
    stream = open_regular(path)
    try:
        return decode_text(stream)
    except BaseException:
        stream.close()
        raise


def decode_text(stream: BinaryIO) -> TextIO:
    """Decodes UTF-8, or UTF-16 and UTF-32 that begin with a byte order mark or an ASCII character; line ends are kept.

    Bytes that are not UTF-8 become lone surrogates, as Python has them in the names of files: so a path still leads to
    its file, and whoever reads can tell a text that is whole from one that is not.
    """
    encoding = json.detect_encoding(stream.read(4))  # by the mark or the zero bytes, which are the same in any text
    stream.seek(0)
    errors = "surrogateescape" if encoding.startswith("utf-8") else "replace"
    return io.TextIOWrapper(stream, encoding, errors, newline="")
