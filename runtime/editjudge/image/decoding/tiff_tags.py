"""What the tags of a TIFF say of it before it is decoded: raw files of cameras are TIFF too, with a preview first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from PIL.TiffImagePlugin import ImageFileDirectory_v2

from editjudge.image.decoding.foreign import RAW, ForeignKind

SUBFILE, BITS, COMPRESSION, PHOTOMETRIC, MAKE, PLANES, SUB_FOLDERS, SAMPLE_FORMAT, DNG_VERSION = (
    254, 258, 259, 262, 271, 284, 330, 339, 50706,
)  # fmt: skip
MOSAICS = frozenset((32803, 34892))
"""Photometric interpretations of a sensor's values: colour filters, and linear ones of DNG."""
FLOAT = 3
MOST_FOLDERS = 8
"""How many of the pictures beside the first are looked at."""

DEEPEST = 16
"""Bits of a sample whose range is known: with more, one cannot tell what is white."""

INTEGERS = "convert it to 8 or 16 bits, by what its values go up to"
FLOATS = "convert it to 8 or 16 bits, or hand its values, 0 to 1, to editjudge.from_float"


def is_tiff(head: bytes) -> bool:
    """Whether a file that begins like this is a TIFF, BigTIFF or built like one."""
    return head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def identify_tiff(stream: IO[bytes]) -> ForeignKind | None:
    """A raw file, or one of floats or of many bits; None: another, or one whose tags cannot be read.

    The stream is left anywhere.
    """
    try:
        first = _read_first(stream)
        if DNG_VERSION in first or _number(first, PHOTOMETRIC) in MOSAICS:
            return RAW
        if MAKE in first and any(
            _number(_read_folder(stream, place), PHOTOMETRIC) in MOSAICS for place in _sub_folders(first)
        ):
            return RAW
        if _number(first, SAMPLE_FORMAT) == FLOAT:
            return ForeignKind(f"a TIFF of {_number(first, BITS)}-bit floats, which have no fixed range", FLOATS)
        if (_number(first, BITS) or 1) > DEEPEST:
            return ForeignKind(f"a TIFF of {_number(first, BITS)}-bit integers, which have no fixed range", INTEGERS)
    except Exception:  # foreign bytes: a decoder will say what is wrong with them
        return None
    return None


def describe_tiff(stream: IO[bytes]) -> ForeignKind:
    """A TIFF that is not read, by its samples."""
    return ForeignKind(f"a TIFF {_describe_samples(stream)}", "convert it first: magick in.tif -depth 8 out.png")


def _describe_samples(stream: IO[bytes]) -> str:
    try:
        first = _read_first(stream)
        if not first:
            return "that is truncated or damaged"
        values = first.get(BITS, (1,))
        return f"of {len(values)} samples of {max(values)} bits a pixel in a layout that is not read"
    except Exception:  # as above
        return "that is damaged, or in a layout that is not read"


def _read_first(stream: IO[bytes]) -> ImageFileDirectory_v2:
    return _read_folder(stream, None)


def _read_folder(stream: IO[bytes], place: int | None) -> ImageFileDirectory_v2:
    stream.seek(0)
    head = stream.read(8)
    folder = ImageFileDirectory_v2(head + stream.read(8) if 43 in head[2:4] else head)
    stream.seek(folder.next if place is None else place)
    folder.load(stream)
    return folder


def _sub_folders(folder: Mapping[int, Any]) -> tuple[int, ...]:
    places = folder.get(SUB_FOLDERS, ())
    return tuple(places)[:MOST_FOLDERS] if isinstance(places, tuple) else (places,)


def _number(folder: Mapping[int, Any], tag: int) -> int | None:
    value = folder.get(tag)
    first = value[0] if isinstance(value, tuple) and value else value
    return first if isinstance(first, int) else None
