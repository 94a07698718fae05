"""Colours of 16 bits, of which Pillow keeps the upper 8: too few for a profile of other curves than sRGB's."""

from __future__ import annotations

from typing import IO, Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from editjudge.utils.libraries.opencv import cv2

ORIENTATION = 0x0112
"""The tag of EXIF."""
Deep = NDArray[np.uint16]
"""uint16[H, W, C], gray or RGB."""


def is_deep(picture: PIL.Image.Image) -> bool:
    """Whether a picture that is not decoded yet has 16 bits in each of three or four channels.

    Not where it is to be turned, which is so rare with 16 bits that the upper 8 will do.
    """
    tiles = getattr(picture, "tile", None)  # a picture that was not opened from a file has none
    raw = tiles[0].args if tiles else None
    raw = raw[0] if isinstance(raw, tuple) and raw else raw
    has_more = isinstance(raw, str) and raw.startswith(("RGB;16", "RGBA;16", "RGBX;16"))
    return has_more and picture.getexif().get(ORIENTATION, 1) == 1


def read_deep(stream: IO[bytes], picture: PIL.Image.Image) -> Deep | None:
    """All 16 bits of the colours of a PNG or TIFF, by OpenCV: uint16[H, W, 3], RGB; None: it does not read them."""
    stream.seek(0)
    try:
        found: Any = cv2.imdecode(np.frombuffer(stream.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if found is None or found.dtype != np.uint16 or found.ndim != 3 or found.shape[:2] != picture.size[::-1]:
        return None
    return np.ascontiguousarray(found[..., 2::-1])


def scale_to_bytes(values: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """16 bits as 8, rounded."""
    return ((values.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
