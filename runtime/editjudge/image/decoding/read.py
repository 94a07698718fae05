"""Reading the bytes of a file as a picture."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

import PIL.Image
import PIL.ImageOps

from editjudge.errors import ImageError
from editjudge.image.decoding import foreign, png_chunks, tiff_tags
from editjudge.image.decoding.colour_tags import ColourCode, choose_profile, find_code, find_jpeg2000_profile
from editjudge.image.decoding.deep import is_deep, read_deep
from editjudge.image.decoding.heif import open_heif
from editjudge.image.decoding.limits import ImageLimits
from editjudge.image.decoding.pixels import check_integers, to_rgb
from editjudge.image.decoding.sources import UNNAMED
from editjudge.types import Image
from editjudge.utils.forks import new_lock

# The common ones first: Pillow imports the plugins of the others only when none of these fits. No format that
# runs a program (EPS) or asks for the network.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "PPM", "WEBP", "TIFF", "AVIF", "JPEG2000")

_quiet = new_lock()
PILLOW = r"(PIL|pillow_heif)\b"


@dataclass(frozen=True, eq=False)
class LoadedPicture:
    """A picture that was decoded.

    Attributes:
        pixels: uint8[H, W, 3], sRGB.
        profile_converted: Whether its file has its colours in another space.
    """

    pixels: Image
    profile_converted: bool = False


def read_picture(stream: IO[bytes], limits: ImageLimits, name: str) -> LoadedPicture:
    """Decodes the file that a stream holds. Raises ImageError."""
    head = stream.read(foreign.HEAD_BYTES)
    if head.startswith(png_chunks.SIGNATURE):
        return _read_png(stream, limits, name)
    if foreign.is_heic(head):
        return _read_heif(stream, limits, name)
    kind = None
    if head.startswith(b"\xff\xd8"):
        kind = foreign.identify_jpeg(stream)
    elif tiff_tags.is_tiff(head):
        with _silence():
            kind = foreign.identify(head) or tiff_tags.identify_tiff(stream)
    if kind:
        raise ImageError(kind.explain(name))
    code = find_code(head) if foreign.list_brands(head) else None
    with _open(stream, limits, name) as picture:
        if picture.format == "JPEG2000" and (profile := find_jpeg2000_profile(head, stream)):
            picture.info["icc_profile"] = profile
        return finish(picture, limits, name, code, stream=stream)


def finish(
    picture: PIL.Image.Image,
    limits: ImageLimits,
    name: str,
    code: ColourCode | None = None,
    *,
    code_first: bool = False,
    stream: IO[bytes] | None = None,
) -> LoadedPicture:
    """A picture that Pillow opened, as 8-bit RGB in sRGB, upright and over white. Raises ImageError.

    Args:
        picture: Is decoded, if it is not yet.
        limits: What it may measure.
        name: What to call it.
        code: What its file says of its colours in the numbers of ITU-T H.273.
        code_first: Whether that counts more than the profile.
        stream: The file.
    """
    limits.check(*picture.size, name)
    check_integers(picture, name)
    try:
        with _silence():
            has_more = stream is not None and is_deep(picture)
        picture.load()
        with _silence():
            upright = PIL.ImageOps.exif_transpose(picture)
        info = {str(key): value for key, value in picture.info.items()}
        profile = choose_profile(info, code, code_first, name)
        deep = read_deep(stream, picture) if stream and profile and has_more else None
        return LoadedPicture(*to_rgb(upright, profile, deep, name))
    except (ImageError, MemoryError):
        raise
    except Exception as error:  # a decoder meets foreign bytes: what it raises is not bounded by its documentation
        raise _damaged(name, error) from error


def _read_png(stream: IO[bytes], limits: ImageLimits, name: str) -> LoadedPicture:
    colours = png_chunks.read_colours(stream)

    def read(content: IO[bytes]) -> LoadedPicture:
        with _open(content, limits, name) as picture:
            if colours.profile:
                picture.info["icc_profile"] = colours.profile
            return finish(picture, limits, name, colours.code, code_first=True, stream=content)

    if colours.is_heavy:
        return read(png_chunks.keep_pixels(stream))
    try:
        return read(stream)
    except ImageError:
        # A text behind the pixels may be damaged, or larger than Pillow reads; then the pixels are whole.
        return read(png_chunks.keep_pixels(stream))


def _read_heif(stream: IO[bytes], limits: ImageLimits, name: str) -> LoadedPicture:
    try:
        picture = open_heif(stream, limits, name)
        nclx = picture.info.get("nclx")
        code = nclx and (int(nclx["color_primaries"]), int(nclx["transfer_characteristics"]))
    except (ImageError, MemoryError):
        raise
    except Exception as error:  # as in `finish`
        raise _damaged(name, error) from error
    return finish(picture, limits, name, code)


def _open(stream: IO[bytes], limits: ImageLimits, name: str) -> PIL.Image.Image:
    try:
        stream.seek(0)
        with _silence():
            return PIL.Image.open(stream, formats=FORMATS)
    except PIL.Image.DecompressionBombError as error:
        raise ImageError(
            f"{name} has more pixels than Pillow opens; scale it down, or raise PIL.Image.MAX_IMAGE_PIXELS"
            if limits.max_pixels > 2 * (PIL.Image.MAX_IMAGE_PIXELS or 0)
            else f"{name} has more pixels than the limit of {limits.max_pixels:,}; scale it down"
        ) from error
    except PIL.UnidentifiedImageError as error:
        if kind := _identify(stream):
            raise ImageError(kind.explain(name)) from error
        said = "the bytes are" if name == UNNAMED else f"{name} is"
        raise ImageError(f"{said} not a picture; these formats are read: {', '.join(FORMATS)}") from error
    except MemoryError:
        raise
    except Exception as error:  # as in `finish`
        raise _damaged(name, error) from error


def _identify(stream: IO[bytes]) -> foreign.ForeignKind | None:
    stream.seek(0)
    head = stream.read(foreign.HEAD_BYTES)
    with _silence():
        if tiff_tags.is_tiff(head):
            return tiff_tags.describe_tiff(stream)
        return foreign.identify(head) or foreign.identify_damaged(head)


@contextmanager
def _silence() -> Iterator[None]:
    """Pillow warns of bombs and odd headers on its way; what matters is raised.

    Filters are the process's, and an app may set and restore its own meanwhile, in any order with us: one filter, for
    Pillow alone, is put in and taken out, and no list of filters is put back.
    """
    with _quiet:
        warnings.filterwarnings("ignore", module=PILLOW)
        filters = warnings.filters
        ours = filters[0]
        try:
            yield
        finally:
            for now in (filters, warnings.filters):
                if ours in now and isinstance(now, list):
                    now.remove(ours)


def _damaged(name: str, error: Exception) -> ImageError:
    reason = " ".join(str(error).split()) or type(error).__name__
    return ImageError(f"{name} is truncated or damaged; save it again ({reason})")
