"""The state of the picture files of a row: what tells, when a run goes on, that one of them is another one by now."""

from __future__ import annotations

import os

from editjudge.datasets import EditSample
from editjudge.errors import ImageError
from editjudge.image.decode import ImageSource
from editjudge.image.decoding.sources import find_file

PictureState = list[int] | None
"""Size in bytes and time of the last change in nanoseconds; empty: there is no such file; None: the picture is no file
of its own."""


def picture_states(row: EditSample) -> list[PictureState]:
    """Of the original and the edited picture."""
    return [_state(row.original), _state(row.edited)]


def have_changed(before: list[PictureState], now: list[PictureState]) -> bool:
    """Whether a file was replaced, written, removed or added. A picture that was in the table is covered by the data
    set's own fingerprint."""
    return any(then is not None and then != state for then, state in zip(before, now, strict=True))


def _state(source: ImageSource | None) -> PictureState:
    if isinstance(source, os.PathLike):
        name = os.fsdecode(source)
    elif isinstance(source, str) and source.lstrip()[:5].lower() == "file:":
        name = source
    else:
        return None
    try:
        found = find_file(name).stat()
    except (ImageError, OSError, ValueError):
        return []
    return [found.st_size, found.st_mtime_ns]
