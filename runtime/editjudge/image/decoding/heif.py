"""HEIC and HEIF, as phones write them, by pillow-heif, which is an extra."""

from __future__ import annotations

from typing import IO, Any

import numpy as np
import PIL.Image

from editjudge.errors import ImageError
from editjudge.image.decoding.limits import ImageLimits


def open_heif(stream: IO[bytes], limits: ImageLimits, name: str) -> PIL.Image.Image:
    """The main picture of a file, decoded and turned as the file says; its profile and its "nclx" are in `info`.

    Pillow does not come to know of it: a plugin would be there for the whole process. Raises ImageError, and whatever
    libheif raises for a damaged file.
    """
    try:
        from pillow_heif import open_heif as read  # noqa: PLC0415  (an extra)
    except ImportError:
        raise ImageError(f"{name} is a HEIC picture; to read those, pip install 'editjudge[heif]'") from None
    stream.seek(0)
    file = read(stream, convert_hdr_to_8bit=False)
    width, height = file.size
    limits.check(width, height, name)
    picture: PIL.Image.Image = file.to_pillow() if file.info["bit_depth"] == 8 else _round(file)
    picture.info |= {"icc_profile": file.info.get("icc_profile"), "nclx": file.info.get("nclx_profile")}
    return picture


def _round(file: Any) -> PIL.Image.Image:
    """A picture of 10 or 12 bits, which are the upper ones of 16, in 8: libheif cuts off where this rounds."""
    top = 2**16 - 2 ** (16 - file.info["bit_depth"])
    values = np.asarray(file).astype(np.uint32)
    return PIL.Image.fromarray(((values * 255 + top // 2) // top).astype(np.uint8))
