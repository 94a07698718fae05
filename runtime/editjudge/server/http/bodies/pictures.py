"""Pictures as they come in requests: the bytes of files, in forms as they are, in JSON as base64."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import PIL.Image

from editjudge.errors import ImageError
from editjudge.image.decoding.foreign import HEAD_BYTES, is_heic
from editjudge.image.decoding.png_chunks import SIGNATURE
from editjudge.image.decoding.read import FORMATS
from editjudge.image.decoding.sources import is_address
from editjudge.server.http.refusals import TooLargeError

SPACE = re.compile(r"\s+")
URL_SAFE = str.maketrans("-_", "+/")


@dataclass(frozen=True)
class SentPicture:
    """A picture's file. name: as the client calls it, never a path that is read; None: it has none."""

    content: bytes
    name: str | None = None

    @cached_property
    def pixels(self) -> int:
        """By the head of the file, of very many at least as many as Pillow opens; 0: it cannot be read here."""
        return _count_pixels(self.content)

    @property
    def shown_name(self) -> str | None:
        """The last part of the name, for reports."""
        return (self.name or "").replace("\\", "/").rpartition("/")[2].strip() or None


def decode_picture(text: str, field: str) -> SentPicture:
    """A picture in base64, or in a data: address with base64. field: what to call it.

    Raises ImageError; for a path or an address of the network too, as nothing is read or fetched.
    """
    if is_address(text):
        head, _, text = text.partition(",")
        if not head.lstrip()[:5].lower() == "data:":
            raise ImageError(f"{field} is an address, and nothing is fetched; send the picture itself in base64")
        if not head.rstrip().lower().endswith(";base64"):
            raise ImageError(f"{field} is a data: address without base64; write its data in base64, and ;base64 before")
    text = SPACE.sub("", text).translate(URL_SAFE)
    try:
        content = base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True)
    except ValueError:  # with characters that are not ASCII
        raise ImageError(f"{field} is no base64; encode the bytes of the picture's file again") from None
    return SentPicture(content)


def check_picture(picture: SentPicture, most_pixels: int, field: str) -> SentPicture:
    """The same. Raises ImageError where it is empty, and TooLargeError where its head tells of too many pixels.

    Whatever else may be wrong with it is found where it is decoded.
    """
    if not picture.content:
        raise ImageError(f"{field} is empty: it has 0 bytes; send a picture's file")
    if picture.pixels > most_pixels:
        raise TooLargeError(f"{field} has more pixels than the {most_pixels:,} that are taken; scale it down")
    return picture


def check_request_pixels(pictures: Iterable[SentPicture], most: int) -> None:
    """Raises TooLargeError where all of them together have too many pixels, by their heads; each file counts once."""
    if sum({picture.content: picture.pixels for picture in pictures}.values()) > most:
        raise TooLargeError(
            f"the pictures together have more pixels than the {most:,} that are taken; send fewer, or scale them down"
        )


def _count_pixels(content: bytes) -> int:
    if (
        content.startswith(SIGNATURE) and content[12:16] == b"IHDR"
    ):  # Pillow opens none with long texts, which are read all the same
        return int.from_bytes(content[16:20]) * int.from_bytes(content[20:24])
    try:
        if is_heic(content[:HEAD_BYTES]):
            from pillow_heif import open_heif  # noqa: PLC0415  (an extra)

            width, height = open_heif(io.BytesIO(content)).size
            return int(width * height)
        with PIL.Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            return picture.width * picture.height
    except PIL.Image.DecompressionBombError:
        return 2 * (PIL.Image.MAX_IMAGE_PIXELS or 0)
    except MemoryError:
        raise
    except Exception:  # a decoder meets foreign bytes: what it raises is not bounded by its documentation
        return 0
