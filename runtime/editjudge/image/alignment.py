"""How an edited picture lies to its original: where its content is, and in which tone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editjudge.image.tone import measure_tone
from editjudge.types import Drift, Floats, Image, Triple
from editjudge.utils.libraries.opencv import cv2

TONED = 1.2
"""The mean change of tone, in levels, from which it is told; compression and resampling leave up to 1.1."""

IDENTITY = np.array([[1, 0, 0], [0, 1, 0]], np.float32)


@dataclass(frozen=True)
class PairAlignment:
    """Where the content of an original lies in an edited picture of the same size, and in which tone.

    Attributes:
        matrix: float32[2, 3]: the place in the edited picture, in pixels, of a pixel x, y of the original.
        gain, offset: Per channel, in levels of 0 to 255: edited = gain * original + offset.
        is_uneven: Whether some tone was found, but of a part of the picture alone.
    """

    matrix: Floats
    gain: Triple = (1.0, 1.0, 1.0)
    offset: Triple = (0.0, 0.0, 0.0)
    is_uneven: bool = False

    @classmethod
    def still(cls) -> PairAlignment:
        """Nothing moved, and the tone is the same."""
        return cls(IDENTITY)

    def without_tone(self) -> PairAlignment:
        """The same place, in the same tone."""
        return PairAlignment(self.matrix)

    @property
    def scale(self) -> float:
        """How much larger the content is in the edited picture."""
        return float(self.matrix[0, 0] + self.matrix[1, 1]) / 2

    def shift(self, height: int, width: int) -> tuple[float, float]:
        """How far right and down the middle of a picture of this size has moved, in its pixels."""
        middle = np.array([(width - 1) / 2, (height - 1) / 2, 1.0])
        right, down = self.matrix @ middle - middle[:2]
        return float(right), float(down)

    def measure_drift(self, height: int, width: int, factor: float) -> Drift:
        """What it did to a frame of height x width pixels, each of which is `factor` pixels of the original."""
        right, down = self.shift(height, width)
        return Drift((right * factor, down * factor), self.scale, self.gain, self.offset)

    @property
    def is_still(self) -> bool:
        """Whether nothing moved."""
        return bool(np.array_equal(self.matrix, IDENTITY))

    def resized(self, factor: float) -> PairAlignment:
        """The same for pictures larger by a factor."""
        # A pixel's middle lies half a pixel from its corner, in either size.
        linear, place = self.matrix[:, :2], self.matrix[:, 2]
        half = np.array([0.5, 0.5], np.float32)
        moved = factor * (linear @ -half + place + half) - half + linear @ half
        return PairAlignment(np.column_stack([linear, moved]).astype(np.float32), self.gain, self.offset)

    def undo_geometry(self, edited: Image) -> Image:
        """The edited picture uint8[H, W, 3] put in the original's place; its border is repeated where there is none."""
        return edited if self.is_still else np.asarray(warp(edited, self.matrix))

    def undo_tone(self, edited: Image) -> Image:
        """The edited picture uint8[H, W, 3] in the original's tone."""
        levels = np.arange(256, dtype=np.float32)[:, None]
        table = (levels - np.array(self.offset, np.float32)) / np.array(self.gain, np.float32)
        return np.asarray(cv2.LUT(edited, np.clip(np.rint(table), 0, 255).astype(np.uint8)[None]), np.uint8)

    def tone_change(self, original: Image) -> float:
        """The mean over pixels and channels of how far the tone moved, in levels of 0 to 255."""
        return float(np.mean([moved for moved, _ in measure_tone(original, self.gain, self.offset)]))

    def covers(self, height: int, width: int, margin: float = 1.0) -> NDArray[np.bool_]:
        """bool[H, W]: which pixels of the original the edited picture shows, `margin` pixels from its border."""
        columns, rows = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
        corners = np.array([[0, width - 1, 0, width - 1], [0, 0, height - 1, height - 1], [1, 1, 1, 1]])
        # No pixel moves further than a corner, so that what lies deeper inside is shown in any case.
        rim = int(np.abs(self.matrix @ corners - corners[:2]).max() + margin) + 2
        start, end, every = slice(None, rim), slice(-rim, None), slice(None)
        covered = np.ones((height, width), bool)
        for down, right in ((start, every), (end, every), (every, start), (every, end)):
            covered[down, right] = self._shows(columns[right], rows[down, None], height, width, margin)
        return covered

    def _shows(self, right: Floats, down: Floats, height: int, width: int, margin: float) -> NDArray[np.bool_]:
        """bool[N, M]: `covers` of the pixels that lie float32[M] to the right and float32[N, 1] down."""
        (a, b, x), (c, d, y) = self.matrix.tolist()
        across, along = a * right + b * down + x, c * right + d * down + y
        inside = (across >= margin) & (along >= margin)
        return np.asarray(inside & (across <= width - 1 - margin) & (along <= height - 1 - margin))

    def tone_curve(self) -> Floats:
        """float32[256, 3], 0 to 255: what each level of a channel becomes in the tone of the edited picture."""
        levels = np.arange(256, dtype=np.float32)[:, None]
        return np.clip(levels * np.array(self.gain, np.float32) + np.array(self.offset, np.float32), 0, 255)

    def apply_tone(self, picture: Image) -> Image:
        """A picture uint8[H, W, 3] in the tone of the edited one."""
        return np.asarray(cv2.LUT(picture, np.rint(self.tone_curve()).astype(np.uint8)[None]), np.uint8)


def warp(picture: Any, matrix: Floats) -> Any:
    """Samples a picture where the matrix puts each pixel."""
    size = picture.shape[1], picture.shape[0]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(picture, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
