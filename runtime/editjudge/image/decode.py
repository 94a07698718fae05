"""Decoding whatever is handed in as a picture, one by one or in threads beside each other and beside the parser."""

from __future__ import annotations

import io
import os
import stat
import threading
import warnings
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import PIL.Image
import PIL.ImageOps

from editjudge.errors import ImageError, InputError
from editjudge.types import Image

ImageSource = str | os.PathLike[str] | bytes | PIL.Image.Image | Image
"""A path, the bytes of a file, a Pillow picture, or uint8[H, W, 3] RGB."""


# The common ones first: Pillow imports the plugins of the others only when none of these fits. No format that
# runs a program (EPS) or asks for the network.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "PPM", "WEBP", "TIFF", "AVIF", "JPEG2000")

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


def load_image(source: ImageSource, limits: ImageLimits | None = None) -> Image:
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


DECODERS = min(4, os.cpu_count() or 1)


def start_decoding(sources: Sequence[ImageSource]) -> list[Future[Image]]:
    """Starts to decode pictures; the futures give, or raise, what `load_image` does. Arrays are there at once.

    The threads end with the work: those of a pool that is kept would be missing in a process that was forked.
    """
    pool = ThreadPoolExecutor(DECODERS, "editjudge-decoding")  # a thread is started with a task, not before
    try:
        return [
            _there(source) if isinstance(source, np.ndarray) else pool.submit(load_image, source) for source in sources
        ]
    finally:
        pool.shutdown(wait=False)


def _there(source: ImageSource) -> Future[Image]:
    future: Future[Image] = Future()
    try:
        future.set_result(load_image(source))
    except InputError as error:
        future.set_exception(error)
    return future
