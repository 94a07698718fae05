"""What a picture may measure."""

from __future__ import annotations

import os
from dataclasses import dataclass

from editjudge.errors import ImageError, InputError, quote_value
from editjudge.utils.arguments import whole_number

BYTES_A_PIXEL = 8
"""Of the largest that is read: 16 bits in each of four channels."""
DIGITS = 20
"""Of the longest number that is read: Python refuses to read very long ones."""
MOST_PIXELS = 2**40
"""The highest limit that can be set: of a million pixels a side."""
SPARE_BYTES = 2**28
"""What a file may be larger than its pixels by: profiles, texts, previews."""


@dataclass(frozen=True)
class ImageLimits:
    """What a picture may measure. A side under `min_side` pixels shows nothing that could be scored."""

    max_pixels: int = 100_000_000
    min_side: int = 8

    def __post_init__(self) -> None:
        whole_number(1, MOST_PIXELS).check(max_pixels=self.max_pixels, min_side=self.min_side)

    @classmethod
    def from_environment(cls) -> ImageLimits:
        """The defaults, with max_pixels from EDITJUDGE_MAX_PIXELS where that is set."""
        value = os.environ.get("EDITJUDGE_MAX_PIXELS")
        if not value:
            return cls()
        if not value.isdecimal() or len(value) > DIGITS or not 0 < int(value) <= MOST_PIXELS:
            said = quote_value(value)
            raise InputError(
                f"EDITJUDGE_MAX_PIXELS is {said}; set it to a whole number of pixels from 1 to {MOST_PIXELS:,}"
            )
        return cls(max_pixels=int(value))

    @property
    def max_bytes(self) -> int:
        """More than a file of `max_pixels` can need."""
        return BYTES_A_PIXEL * self.max_pixels + SPARE_BYTES

    def check(self, width: int, height: int, name: str) -> None:
        """Raises ImageError when a picture of this size is not to be decoded."""
        if width * height > self.max_pixels:
            raise ImageError(
                f"{name} has {width} x {height} = {width * height:,} pixels, more than the limit of "
                f"{self.max_pixels:,}; scale it down, or raise EDITJUDGE_MAX_PIXELS"
            )
        if min(width, height) < self.min_side:
            raise ImageError(
                f"{name} has {width} x {height} pixels; a side under {self.min_side} shows nothing to be scored"
            )

    def check_bytes(self, size: int, name: str) -> None:
        """Raises ImageError when a file of this size is not to be read into memory."""
        if size > self.max_bytes:
            raise ImageError(
                f"{name} has {size / 1e6:,.0f} MB, more than the limit of {self.max_bytes / 1e6:,.0f} MB for "
                f"{self.max_pixels:,} pixels; save the picture without what else is in it"
            )
