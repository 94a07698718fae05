"""Pictures as a client sends them: files as they are, and what is no file as a PNG."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import PIL.Image

from editjudge.image.decode import ImageSource, load_picture
from editjudge.image.decoding.limits import ImageLimits
from editjudge.image.decoding.read import LoadedPicture
from editjudge.image.decoding.sources import convert_stranger_errors, is_address, open_source

Upload = tuple[str, bytes]
"""A file's name, without its folder, and its bytes."""
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


def _find_name(source: ImageSource) -> str:
    if isinstance(source, str | os.PathLike) and not is_address(os.fspath(source)):
        return Path(source).name
    return "picture"
