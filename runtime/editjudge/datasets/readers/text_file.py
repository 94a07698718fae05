"""Opens a file of text for reading, in whichever encoding of Unicode it was saved."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import BinaryIO, TextIO

from editjudge.bundles.contents.regular_file import open_regular
from editjudge.errors import InputError, OutOfMemoryError
from editjudge.utils.oom import check_room

LONGEST_LINE = 2**28
"""Characters; a row of a table may have pictures in its cells."""
LARGEST = 2**30
"""Bytes of a file that is read whole."""
PER_BYTE = 4
"""Bytes of memory that a byte of such a file takes at least: as it is, decoded, and as Python's objects."""
BY_LINES = "write its objects one a line to a .jsonl file, which is read line by line"


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


def read_lines(text: TextIO, name: str) -> Iterator[str]:
    """The lines of a text one by one. Raises InputError for one longer than LONGEST_LINE, and OutOfMemoryError."""
    for number in count(1):
        try:
            line = text.readline(LONGEST_LINE + 1)
        except MemoryError as error:
            raise OutOfMemoryError(
                f"there is not enough memory to read line {number:,} of {name}; break it up, or close other programs"
            ) from error
        if not line:
            return
        if len(line) > LONGEST_LINE:
            raise InputError(
                f"line {number:,} of {name} has over {LONGEST_LINE:,} characters; write a line for each row"
            )
        yield line


def read_whole(path: Path) -> str:
    """The text of a file. Raises OSError, InputError for one larger than LARGEST, and OutOfMemoryError."""
    with open_text(path) as text:
        size = os.fstat(text.fileno()).st_size
        if size > LARGEST:
            raise InputError(f"{path} has {size:,} bytes, and at most {LARGEST:,} are read at once; {BY_LINES}")
        check_room(PER_BYTE * size + 1, f"read {path}", BY_LINES)
        return text.read()
