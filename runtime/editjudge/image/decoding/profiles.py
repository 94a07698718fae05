"""Colours by their profile, brought to sRGB by littleCMS."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Literal

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL import ImageCms

from editjudge.image.decoding.deep import Deep
from editjudge.image.decoding.made_profile import REC709, SRGB_CURVE, make_profile
from editjudge.types import Floats, Image

PixelMode = Literal["RGB", "L", "CMYK"]
SPACES: dict[str, PixelMode] = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
"""The mode of the pixels that a profile of each colour space is for."""
SAME = 2
"""Levels that a profile may differ from sRGB by and be sRGB in effect."""
STEPS = 9
"""Levels of each channel in the colours that this is tried on."""
STRIP = 2**20
"""Pixels of 16 bits that are converted together, with some 100 bytes of memory each."""


def convert_to_srgb(picture: PIL.Image.Image, profile: bytes) -> PIL.Image.Image | None:
    """A picture of mode RGB, L or CMYK as RGB in sRGB; None where there is nothing to convert.

    That is a profile which is sRGB in effect, or broken, or of another colour space than the pixels. The latter two are
    read as if there were none, as browsers and ImageMagick do; gray may have a profile of RGB. The intent is
    perceptual, without compensation of the black point, as ImageMagick's default.
    """
    transform = _open_transform(profile, picture.mode)
    if transform is None and picture.mode == "L":
        picture = picture.convert("RGB")
        transform = _open_transform(profile, "RGB")
    return None if transform is None else transform.apply(picture)


def convert_deep(values: Deep, profile: bytes) -> Image | None:
    """Pixels uint16[H, W, 1 or 3] as uint8[H, W, 3] in sRGB; None as in `convert_to_srgb`.

    littleCMS is given 8 bits at a time, as Pillow has no pictures of 16: what lies between two levels is interpolated
    in the tetrahedron of levels around it.
    """
    transform = _open_transform(profile, "RGB" if values.shape[2] == 3 else "L")
    if transform is None and values.shape[2] == 1:
        return convert_deep(np.repeat(values, 3, axis=2), profile)
    if transform is None:
        return None
    rows = max(1, STRIP // values.shape[1])
    strips = [_interpolate(values[top : top + rows], transform) for top in range(0, len(values), rows)]
    return np.concatenate(strips)


def _interpolate(values: Deep, transform: ImageCms.ImageCmsTransform) -> Image:
    corner = np.minimum(values // 257, 254).astype(np.uint8)
    share = (values - corner.astype(np.uint16) * 257).astype(np.float32) / 257
    order = np.argsort(-share, axis=2)
    colours = last = _apply(transform, corner)
    for step in range(values.shape[2]):
        channel = order[..., step : step + 1]
        np.put_along_axis(corner, channel, np.take_along_axis(corner, channel, 2) + 1, 2)
        following = _apply(transform, corner)
        colours = colours + np.take_along_axis(share, channel, 2) * (following - last)
        last = following
    pixels: Image = np.clip(colours + 0.5, 0, 255).astype(np.uint8)
    return pixels


def _apply(transform: ImageCms.ImageCmsTransform, colours: NDArray[np.uint8]) -> Floats:
    shaped = colours[..., 0] if colours.shape[2] == 1 else colours
    return np.asarray(transform.apply(PIL.Image.fromarray(np.ascontiguousarray(shaped))), np.float32)


@lru_cache(maxsize=8)  # a folder of pictures has one or two; opening one takes up to 20 ms
def _open_transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if SPACES.get(source.profile.xcolor_space.strip()) != mode:
            return None
        # A grid of four dimensions is too coarse where it is resampled first: 6 levels of difference.
        flags = ImageCms.Flags.NOOPTIMIZE if mode == "CMYK" else ImageCms.Flags.NONE
        transform = ImageCms.ImageCmsTransform(source, _srgb(), mode, "RGB", flags=flags)
    except (OSError, ValueError, TypeError, ImageCms.PyCMSError):  # what Pillow says of a broken profile
        return None
    return None if mode != "CMYK" and _keeps_colours(transform, mode) else transform


def _keeps_colours(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    if mode == "L":
        colours = np.arange(256, dtype=np.uint8)[None, :, None]
    else:
        levels = np.linspace(0, 255, STEPS).round().astype(np.uint8)
        colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
    return bool(np.abs(_apply(transform, colours) - colours).max() <= SAME)


@lru_cache(maxsize=1)
def _srgb() -> ImageCms.ImageCmsProfile:
    """Of version 2: littleCMS compensates the black point whenever a profile of version 4 takes part."""
    return ImageCms.ImageCmsProfile(io.BytesIO(make_profile(REC709, SRGB_CURVE)))
