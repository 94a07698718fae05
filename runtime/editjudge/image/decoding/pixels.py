"""The pixels of a picture of any mode, as 8-bit RGB over white."""

from __future__ import annotations

import numpy as np
import PIL.Image

from editjudge.errors import ImageError
from editjudge.image.decoding.deep import Deep, scale_to_bytes
from editjudge.image.decoding.profiles import convert_deep, convert_to_srgb
from editjudge.image.decoding.tiff_tags import BITS, DEEPEST, FLOATS, INTEGERS
from editjudge.types import Image

DEEP_FORMATS = frozenset(("PNG", "PPM"))
"""Whose samples of 16 bits Pillow keeps in a mode of 32, the former in older versions."""


def check_integers(picture: PIL.Image.Image, name: str) -> None:
    """Raises ImageError for 32-bit integers that do not come from a file of 16 bits: nothing says what is white."""
    if picture.mode != "I" or picture.format in DEEP_FORMATS:
        return
    bits = getattr(picture, "tag_v2", {}).get(BITS, (2 * DEEPEST,))  # of a TIFF
    if max(bits) > DEEPEST:
        raise ImageError(f"{name} has samples of 32-bit integers, which have no fixed range; {INTEGERS}")


def to_rgb(picture: PIL.Image.Image, profile: bytes | None, deep: Deep | None, name: str) -> tuple[Image, bool]:
    """A decoded picture as uint8[H, W, 3] in sRGB, and whether its colours were converted by the profile.

    Args:
        picture: In any mode of Pillow.
        profile: What its colours are in; None: sRGB.
        deep: The colours in 16 bits, where they are known.
        name: What to call it.

    Raises ImageError for samples that have no range, and for CIE Lab.
    """
    if picture.mode == "LAB":  # whose white is D50 to some programs and D65 to others
        raise ImageError(
            f"{name} has its colours in CIE Lab, of which no two programs make the same; convert it first: "
            "magick in.tif -colorspace sRGB out.png"
        )
    if picture.mode == "F" or picture.mode.startswith("I"):
        deep = _check_gray(picture, name)
        picture = _scale_gray(deep, picture.info.get("transparency"))
    alpha = None
    if picture.has_transparency_data:
        layer = picture.convert("LA" if picture.mode in ("LA", "La") else "RGBA")
        picture, alpha = layer.convert(layer.mode[:-1]), layer.getchannel("A")
    if picture.mode not in ("RGB", "L", "CMYK"):
        picture = picture.convert("L" if picture.mode == "1" else "RGB")
    shown = _convert(picture, profile, deep) if profile else None
    converted = shown is not None
    if shown is None:
        shown = picture if picture.mode == "RGB" else picture.convert("RGB")  # which copies
    if alpha is not None:
        white = PIL.Image.new("RGB", shown.size, "white")
        white.paste(shown, mask=alpha)
        shown = white
    return np.array(shown), converted


def _convert(picture: PIL.Image.Image, profile: bytes, deep: Deep | None) -> PIL.Image.Image | None:
    if deep is None:
        return convert_to_srgb(picture, profile)
    pixels = convert_deep(deep, profile)
    return None if pixels is None else PIL.Image.fromarray(pixels)


def _check_gray(picture: PIL.Image.Image, name: str) -> Deep:
    """uint16[H, W, 1]. Raises ImageError for what is not 16 bits."""
    values = np.asarray(picture)
    if picture.mode == "F":
        raise ImageError(f"{name} has samples of 32-bit floats, which have no fixed range; {FLOATS}")
    if values.min() < 0 or values.max() > 0xFFFF:
        raise ImageError(f"{name} has samples of 32 bits, which have no fixed range; {INTEGERS}")
    return values.astype(np.uint16)[..., None]


def _scale_gray(deep: Deep, clear: object) -> PIL.Image.Image:
    """16 bits as 8; with the one value that stands for transparent, if any."""
    values = deep[..., 0]
    gray = PIL.Image.fromarray(scale_to_bytes(values))
    if isinstance(clear, int):
        gray.putalpha(PIL.Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8)))
    return gray
