"""Decoding whatever is handed in as a picture, one by one or in threads beside each other and beside the parser."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO

import numpy as np
import PIL.Image

from editjudge.errors import ImageError, InputError
from editjudge.image.decoding.limits import ImageLimits
from editjudge.image.decoding.read import LoadedPicture, finish, read_picture
from editjudge.image.decoding.sources import (
    UNNAMED,
    convert_stranger_errors,
    is_file_object,
    open_source,
    read_file_object,
)
from editjudge.types import Image
from editjudge.utils.arguments import instance
from editjudge.utils.pools import submit

ImageSource = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | PIL.Image.Image | Image | LoadedPicture
)
"""A path, a data: or file: address, the bytes of a file, an open file, a Pillow picture, uint8[H, W, 3] RGB, or what
was decoded before."""


LIMITS = instance(ImageLimits, "ImageLimits(...)").or_none("those of EDITJUDGE_MAX_PIXELS")


def load_image(source: ImageSource, limits: ImageLimits | None = None) -> Image:
    """The pixels of what `load_picture` decodes: uint8[H, W, 3] RGB. An array is returned as it is, not copied."""
    return load_picture(source, limits).pixels


def load_picture(source: ImageSource, limits: ImageLimits | None = None) -> LoadedPicture:
    """Decodes a picture to uint8[H, W, 3] in sRGB.

    Colours are brought to sRGB from the embedded profile; alpha is composited over white; EXIF rotation is applied; of
    an animation or several pages the first is taken; 16 bit are scaled to 8; palette, grayscale and CMYK are converted.
    An open file is read from its beginning and left where it stood. `limits` defaults to
    `ImageLimits.from_environment()`, and is checked before anything is decoded. Raises ImageError for whatever cannot
    be read as a picture, and for an address in the network: nothing is fetched.
    """
    LIMITS.check(limits=limits)
    with convert_stranger_errors(source):
        return _load(source, limits)


def _load(source: ImageSource, limits: ImageLimits | None) -> LoadedPicture:
    if isinstance(source, LoadedPicture):
        return source
    limits = limits or ImageLimits.from_environment()
    if isinstance(source, np.ndarray):
        return LoadedPicture(_check_array(source, limits))
    if isinstance(source, PIL.Image.Image):
        return finish(source, limits, UNNAMED)
    if hasattr(source, "__array__") and not isinstance(source, memoryview):  # of torch, jax and others
        raise ImageError(
            f"a {type(source).__name__} is no picture; hand in editjudge.from_float(it) where its values go from 0 to "
            "1, else uint8[H, W, 3] as a NumPy array"
        )
    with open_source(source, limits) as (stream, name):
        return read_picture(stream, limits, name)


def _check_array(array: Image, limits: ImageLimits) -> Image:
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3:
        remedy = "; editjudge.from_float makes it of values from 0 to 1" if array.dtype.kind == "f" else ""
        raise ImageError(f"an array must be uint8[H, W, 3] RGB, not {array.dtype}{list(array.shape)}{remedy}")
    limits.check(array.shape[1], array.shape[0], "the array")
    return np.ascontiguousarray(array)


DECODERS = min(4, os.cpu_count() or 1)


def start_decoding(sources: Sequence[ImageSource], limits: ImageLimits | None = None) -> list[Future[LoadedPicture]]:
    """Starts to decode pictures; the futures give, or raise, what `load_picture` does.

    Arrays are there at once, and open files are read at once, so that their owner may go on with them. The threads end
    with the work: those of a pool that is kept would be missing in a process that was forked.
    """
    pool = ThreadPoolExecutor(DECODERS, "editjudge-decoding")  # a thread is started with a task, not before
    try:
        return [_start(pool, source, limits) for source in sources]
    finally:
        pool.shutdown(wait=False)


def _start(pool: ThreadPoolExecutor, source: ImageSource, limits: ImageLimits | None) -> Future[LoadedPicture]:
    future: Future[LoadedPicture] = Future()
    try:
        with convert_stranger_errors(source):
            if isinstance(source, np.ndarray | LoadedPicture):
                future.set_result(load_picture(source, limits))
            elif is_file_object(source):
                content = read_file_object(source, limits or ImageLimits.from_environment())
                return submit(pool, load_picture, content, limits)
            else:
                return submit(pool, load_picture, source, limits)
    except InputError as error:
        future.set_exception(error)
    return future
