"""Pictures: decoding whatever is handed in, and the resizing, cropping and normalising that models are fed with."""

from __future__ import annotations

import io
import os
import stat
import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

import cv2
import numpy as np
import PIL.Image
import PIL.ImageOps
from numpy.typing import NDArray

from editjudge.errors import ImageError, InputError
from editjudge.types import Image

ImageSource = str | os.PathLike[str] | bytes | PIL.Image.Image | Image
"""A path, the bytes of a file, a Pillow picture, or uint8[H, W, 3] RGB."""

Resample = Literal["area", "bilinear", "bicubic"]

# The common ones first: Pillow imports the plugins of the others only when none of these fits. No format that
# runs a program (EPS) or asks for the network.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "PPM", "WEBP", "TIFF", "AVIF", "JPEG2000")

_PILLOW_FILTERS = {"bilinear": PIL.Image.Resampling.BILINEAR, "bicubic": PIL.Image.Resampling.BICUBIC}
_quiet = threading.Lock()


@dataclass(frozen=True)
class ImageLimits:
    """What a picture may measure. A side under `min_side` pixels shows nothing that could be scored."""

    max_pixels: int = 100_000_000
    min_side: int = 8

    @classmethod
    def from_environment(cls) -> ImageLimits:
        """The defaults, with max_pixels from EDITJUDGE_MAX_PIXELS where that is set."""
        value = os.environ.get("EDITJUDGE_MAX_PIXELS")
        if not value:
            return cls()
        if not value.isdecimal() or int(value) == 0:
            raise InputError(f"EDITJUDGE_MAX_PIXELS is {value!r}; set it to a whole number of pixels above 0")
        return cls(max_pixels=int(value))

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


def load(source: ImageSource, limits: ImageLimits | None = None) -> Image:
    """Decodes a picture to uint8[H, W, 3] RGB.

    Alpha is composited over white; EXIF rotation is applied; of an animation the first frame is taken; 16 bit are
    scaled to 8; palette, grayscale and CMYK are converted; colour profiles are ignored. An array is returned as it is,
    not copied. `limits` defaults to `ImageLimits.from_environment()`, and is checked before anything is decoded.
    Raises ImageError for whatever cannot be read as a picture.
    """
    limits = limits or ImageLimits.from_environment()
    if isinstance(source, np.ndarray):
        if source.dtype != np.uint8 or source.ndim != 3 or source.shape[2] != 3:
            raise ImageError(f"an array must be uint8[H, W, 3] RGB, not {source.dtype}{list(source.shape)}")
        limits.check(source.shape[1], source.shape[0], "the array")
        return np.ascontiguousarray(source)
    if isinstance(source, PIL.Image.Image):
        return _decode(source, limits, "the picture")
    if isinstance(source, bytes):
        if not source:
            raise ImageError("the picture is empty: 0 bytes were handed in")
        return _read(io.BytesIO(source), limits, "the picture")
    if isinstance(source, str | os.PathLike):
        return _load_file(Path(source), limits)
    raise ImageError(f"a picture is a path, bytes, a PIL.Image or an array, not {type(source).__name__}")


def _load_file(path: Path, limits: ImageLimits) -> Image:
    try:
        about = path.stat()
        if stat.S_ISDIR(about.st_mode):
            raise ImageError(f"{path} is a folder; name a picture in it")
        if not stat.S_ISREG(about.st_mode):
            raise ImageError(f"{path} is not a regular file; save the picture and name that file")
        if about.st_size == 0:
            raise ImageError(f"{path} is empty: it has 0 bytes")
        with path.open("rb") as stream:
            return _read(stream, limits, str(path))
    except FileNotFoundError:
        raise ImageError(f"{path} does not exist; check the path") from None
    except (OSError, ValueError) as error:  # no permission; a NUL character in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise ImageError(f"{str(path)!r} cannot be read: {reason}; check the path") from error


def _read(stream: IO[bytes], limits: ImageLimits, name: str) -> Image:
    try:
        # Pillow warns of bombs and odd headers on its way; what matters is raised below. Filters are process-wide.
        with _quiet, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = PIL.Image.open(stream, formats=FORMATS)
    except PIL.Image.DecompressionBombError as error:
        raise ImageError(
            f"{name} has more pixels than Pillow opens; scale it down, or raise PIL.Image.MAX_IMAGE_PIXELS"
            if limits.max_pixels > 2 * (PIL.Image.MAX_IMAGE_PIXELS or 0)
            else f"{name} has more pixels than the limit of {limits.max_pixels:,}; scale it down"
        ) from error
    except PIL.UnidentifiedImageError as error:
        raise ImageError(f"{name} is not a picture; these formats are read: {', '.join(FORMATS)}") from error
    except MemoryError:
        raise
    except Exception as error:  # a decoder meets foreign bytes: what it raises is not bounded by its documentation
        raise _damaged(name, error) from error
    with picture:
        return _decode(picture, limits, name)


def _decode(picture: PIL.Image.Image, limits: ImageLimits, name: str) -> Image:
    limits.check(*picture.size, name)
    try:
        picture.load()
        upright = PIL.ImageOps.exif_transpose(picture)
        return _to_rgb(upright, name)
    except (ImageError, MemoryError):
        raise
    except Exception as error:  # as above
        raise _damaged(name, error) from error


def _damaged(name: str, error: Exception) -> ImageError:
    return ImageError(f"{name} is truncated or damaged; save it again ({str(error) or type(error).__name__})")


def _to_rgb(picture: PIL.Image.Image, name: str) -> Image:
    if picture.mode == "RGB" and not picture.has_transparency_data:
        return np.array(picture)
    if picture.mode == "F" or picture.mode.startswith("I"):
        values = np.asarray(picture)
        if picture.mode == "F" or values.min() < 0 or values.max() > 0xFFFF:
            raise ImageError(f"{name} has {picture.mode} samples with no fixed range; convert it to 8 or 16 bits")
        # The high byte, as Pillow itself does for 16-bit colour.
        return np.repeat((values.astype(np.uint16) >> 8).astype(np.uint8)[..., None], 3, axis=2)
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        white = PIL.Image.new("RGBA", layer.size, "white")
        picture = PIL.Image.alpha_composite(white, layer)
    return np.array(picture.convert("RGB"))


def resize(image: Image, width: int, height: int, resample: Resample) -> Image:
    """Resizes uint8[H, W, 3]: "area" as OpenCV does, "bilinear" and "bicubic" antialiased as Pillow does.

    The latter two equal the image processors of Hugging Face bit by bit. By area, even sides are halved for as long as
    they can be, which OpenCV does ten times as fast as other ratios. The picture itself comes back when it has the size
    already.
    """
    if image.shape[:2] == (height, width):
        return image
    if resample == "area":
        return _by_area(image, width, height)
    return np.asarray(PIL.Image.fromarray(image).resize((width, height), _PILLOW_FILTERS[resample]))


def _by_area(image: Image, width: int, height: int) -> Image:
    rows, columns = image.shape[:2]
    while (rows, columns) != (height, width):
        halved = rows % 2 == columns % 2 == 0 and rows >= 2 * height and columns >= 2 * width
        rows, columns = (rows // 2, columns // 2) if halved else (height, width)
        image = np.asarray(cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return image


def resize_and_center_crop(image: Image, size: int, resample: Resample, shorter: int | None = None) -> Image:
    """Scales the shorter side to `shorter`, by default `size`, and cuts out the middle: uint8[size, size, 3].

    As CLIPImageProcessor and BitImageProcessor do.
    """
    image = _without_far_ends(image)
    height, width = image.shape[:2]
    shorter = shorter or size
    longer = int(shorter * max(height, width) / min(height, width))
    new_width, new_height = (shorter, longer) if width <= height else (longer, shorter)
    left, top = (new_width - size) // 2, (new_height - size) // 2
    return resize(image, new_width, new_height, resample)[top : top + size, left : left + size]


def _without_far_ends(image: Image, aspect: int = 16) -> Image:
    """The middle of a sliver: its ends would be enlarged a hundredfold, only to be cut off."""
    height, width = image.shape[:2]
    reach = aspect * min(height, width)
    top, left = max(0, (height - reach) // 2), max(0, (width - reach) // 2)
    return image[top : top + reach, left : left + reach]


def fit_frame(image: Image, longest: int = 512) -> Image:
    """Scales a picture down, by area, so that its longest side is at most `longest` pixels; never up. Always a copy."""
    height, width = image.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1.0:
        return image.copy()
    return resize(image, max(1, round(width * scale)), max(1, round(height * scale)), "area")


def crop_box(box: Sequence[float] | NDArray[np.float32], grow: float, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """The rows and columns of a box (x0, y0, x1, y1 in pixels) grown about its centre, clipped to a picture of `shape`.

    `image[crop_box(box, 1.2, image.shape)]` is the crop: a view, at least one pixel wide and high.
    """
    x0, y0, x1, y1 = (float(value) for value in box)
    return _span(y0, y1, grow, shape[0]), _span(x0, x1, grow, shape[1])


def _span(low: float, high: float, grow: float, limit: int) -> slice:
    centre, half = (low + high) / 2, (high - low) / 2 * grow
    start = min(max(int(np.floor(centre - half)), 0), limit - 1)
    return slice(start, min(max(int(np.ceil(centre + half)), start + 1), limit))


def to_tensor(
    images: Sequence[Image], mean: Sequence[float], std: Sequence[float], shape: tuple[int, int] | None = None
) -> NDArray[np.float32]:
    """Stacks N pictures uint8[h, w, 3] to float32[N, 3, H, W], scaled to 0..1 and normalised per channel.

    shape: H and W, with zeros to the right of and under pictures that are smaller; None: all have the first one's size.
    """
    tensor = np.empty((len(images), 3, *(shape or images[0].shape[:2])), dtype=np.float32)
    offset = np.asarray(mean, dtype=np.float32) * np.float32(255)
    scale = np.float32(1 / 255) / np.asarray(std, dtype=np.float32)
    for image, planes in zip(images, tensor, strict=True):
        height, width = image.shape[:2]
        for channel, plane, less, times in zip(cv2.split(image), planes, offset, scale, strict=True):
            np.subtract(channel, less, out=plane[:height, :width])
            plane[:height, :width] *= times
            plane[height:] = 0
            plane[:height, width:] = 0
    return tensor
