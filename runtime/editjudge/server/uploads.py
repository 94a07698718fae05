"""Pictures as a client sends them: files as they are, and what is no file as a PNG."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image

from editjudge.errors import ImageError
from editjudge.image.decode import ImageSource, load_picture
from editjudge.image.decoding.limits import ImageLimits
from editjudge.image.decoding.read import LoadedPicture
from editjudge.image.decoding.sources import convert_stranger_errors, is_address, open_source
from editjudge.utils.text import replace_surrogates

Upload = tuple[str, bytes]
"""A file's name, without its folder, and its bytes."""
UNNAMED = "picture"
QUICKLY = 1
"""How hard the PNG is compressed: on one machine time counts more than bytes."""


def read_upload(source: ImageSource) -> Upload:
    """What is sent of a picture. Raises ImageError for what is none, or cannot be read."""
    with convert_stranger_errors(source):
        if isinstance(source, np.ndarray | PIL.Image.Image | LoadedPicture) or hasattr(source, "__array__"):
            png = io.BytesIO()
            PIL.Image.fromarray(load_picture(source).pixels).save(png, "PNG", compress_level=QUICKLY)
            return "picture.png", png.getvalue()
        with open_source(source, ImageLimits.from_environment()) as (stream, _):
            return _find_name(source), stream.read()


@dataclass(frozen=True)
class CandidateUploads:
    """What is sent of the candidates of a ranking.

    Attributes:
        sent: Those that can be read.
        indices: Of these, among all.
        unread: A row of a ranking for each of the others, with its error.
    """

    sent: list[Upload]
    indices: list[int]
    unread: list[dict[str, Any]]

    def complete(self, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """All candidates, the best first, by the rows of those that were sent: what has no score comes last, of these
        the first given first.
        """
        answered = [{**row, "index": self.indices[row["index"]]} for row in rows]
        ranked = [row for row in answered if row["score"] is not None or row["bound"] is not None]
        others = [row for row in answered if row["score"] is None and row["bound"] is None]
        last = sorted([*others, *self.unread], key=lambda row: row["index"])
        return [{**row, "rank": place} for place, row in enumerate([*ranked, *last], 1)]


def read_candidates(sources: Iterable[ImageSource]) -> CandidateUploads:
    """Reads all that can be read. Of the others, there is the error of each."""
    uploads = CandidateUploads([], [], [])
    for index, source in enumerate(sources):
        try:
            uploads.sent.append(read_upload(source))
            uploads.indices.append(index)
        except ImageError as error:
            name = _find_name(source) if isinstance(source, str | Path) else UNNAMED
            row = {"rank": 0, "index": index, "file": name, "ordered_by": None, "score": None}
            uploads.unread.append({**row, "error": str(error), "bound": None, "left_out": None})
    return uploads


def _find_name(source: ImageSource) -> str:
    if isinstance(source, str | os.PathLike) and not is_address(os.fspath(source)):
        return replace_surrogates(Path(source).name)
    return UNNAMED
