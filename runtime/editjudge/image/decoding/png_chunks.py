"""The chunks of a PNG that Pillow does not tell of, or will not read."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TEXTS = frozenset((b"tEXt", b"zTXt", b"iTXt"))
PIXELS = frozenset((b"IHDR", b"PLTE", b"tRNS", b"sRGB", b"gAMA", b"cHRM", b"eXIf", b"IDAT", b"IEND"))
"""All that a picture needs whose profile and texts are left out."""
LARGE = 2**20
"""Bytes of a text or a profile from which Pillow refuses it."""
MANY = 4096
"""Chunks before the pixels, from which Pillow is not bothered with them."""
LARGEST_PROFILE = 2**25
"""Bytes of a profile; one that is larger is none."""


@dataclass(frozen=True)
class PngColours:
    """What stands before the pixels.

    Attributes:
        profile: The embedded profile; None: there is none that can be unpacked.
        code: The primaries and the transfer function by their numbers in ITU-T H.273; None: not given.
        is_heavy: Whether there is a text or a profile that Pillow refuses, or very many of them.
    """

    profile: bytes | None = None
    code: tuple[int, int] | None = None
    is_heavy: bool = False


def read_colours(stream: IO[bytes]) -> PngColours:
    """What the chunks before the pixels say; the stream is left anywhere."""
    profile, code, is_heavy = None, None, False
    for number, (kind, length) in enumerate(_walk(stream)):
        if kind == b"IDAT":
            break
        if kind == b"cICP" and length >= 2:
            code = tuple(stream.read(2))
        elif kind == b"iCCP":
            profile = _unpack_profile(stream.read(min(length, LARGEST_PROFILE)))
            is_heavy |= profile is None or len(profile) >= LARGE
        is_heavy |= (kind in TEXTS and length >= LARGE) or number > MANY
    return PngColours(profile, code if code is None else (code[0], code[1]), is_heavy)


def keep_pixels(stream: IO[bytes]) -> IO[bytes]:
    """The PNG without texts, profile and other frames. What follows a chunk that is cut off is left out."""
    kept = io.BytesIO()
    kept.write(SIGNATURE)
    for kind, length in _walk(stream):
        if kind in PIXELS:
            kept.write(struct.pack(">I", length) + kind)
            kept.write(stream.read(length + 4))
    kept.seek(0)
    return kept


def _walk(stream: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    """The kind and length of each chunk, with the stream at its data."""
    place = len(SIGNATURE)
    while True:
        stream.seek(place)
        head = stream.read(8)
        if len(head) < 8:
            return
        length, kind = struct.unpack(">I4s", head)
        yield kind, length
        place += 12 + length


def _unpack_profile(chunk: bytes) -> bytes | None:
    _, _, packed = chunk.partition(b"\0")
    try:
        unpacking = zlib.decompressobj()
        profile = unpacking.decompress(packed[1:], LARGEST_PROFILE)
    except zlib.error:
        return None
    return profile if unpacking.eof else None
