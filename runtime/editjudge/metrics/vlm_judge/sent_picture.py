"""Pictures as a judge is shown them: as they were handed in, brought to a size, and written as PNG."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from editjudge.errors import ImageError
from editjudge.image.transforms import fit_frame
from editjudge.types import Image
from editjudge.utils.arguments import Accepted
from editjudge.utils.libraries.opencv import cv2

LONGEST = 1024
"""Pixels of the longest side. Models with eyes see 224 to about 1,500, and their tokens grow with the area."""
COMPRESSION = 6
"""Of zlib; stated, so that the same picture gives the same bytes whatever a library's default becomes."""
MAGENTA = (255, 0, 255)
THINNEST, SHARE = 2, 200
"""Pixels that the line of a frame is thick at least, and how many times thinner than the longest side it is."""

PICTURE = Accepted(
    lambda value: isinstance(value, np.ndarray) and value.dtype == np.uint8 and value.ndim == 3 and value.shape[2] == 3
    and value.size > 0,
    "a picture as uint8[H, W, 3]",
    ImageError,
)  # fmt: skip


def encode_picture(image: Image, longest: int = LONGEST, box: Sequence[float] | None = None) -> bytes:
    """A picture uint8[H, W, 3] as a PNG whose longest side has at most `longest` pixels, scaled by area.

    box: x0, y0, x1, y1 in pixels of the picture; a frame of magenta is drawn around it.
    """
    sent = fit_frame(image, longest)
    if box is not None:
        thick = max(THINNEST, max(sent.shape[:2]) // SHARE)
        across, down = sent.shape[1] / image.shape[1], sent.shape[0] / image.shape[0]
        x0, y0, x1, y1 = (round(value) for value in np.array(box) * [across, down, across, down])
        cv2.rectangle(sent, (x0 - thick, y0 - thick), (x1 + thick - 1, y1 + thick - 1), MAGENTA, thick)
    bgr = cv2.cvtColor(sent, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, COMPRESSION])[1].tobytes()
