"""The small pictures that an index keeps of its edits: those of a data set may be gone, or inside a table."""

from __future__ import annotations

import base64

from editjudge.reports.pictures import thumbnail
from editjudge.types import Image
from editjudge.utils.libraries.opencv import cv2

SIDE = 160
"""Pixels of the longest side."""
QUALITY = 75
"""Of JPEG, which is written in a tenth of the time of WebP: that takes longer than the embedding of a studio edit."""


def encode_thumbnail(picture: Image) -> bytes:
    """A small JPEG file of uint8[H, W, 3]."""
    colours = cv2.cvtColor(thumbnail(picture, SIDE), cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", colours, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()


def inline_thumbnail(file: bytes) -> str:
    """A JPEG file as a data URI."""
    return "data:image/jpeg;base64," + base64.b64encode(file).decode()
