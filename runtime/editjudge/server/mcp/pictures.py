"""The pictures of a call, read within its limits."""

from __future__ import annotations

from editjudge.errors import ImageError
from editjudge.image.decode import load_picture
from editjudge.image.decoding.limits import ImageLimits
from editjudge.image.decoding.read import LoadedPicture
from editjudge.image.decoding.sources import UNNAMED
from editjudge.server.http.bodies.pictures import SentPicture, check_picture, decode_picture
from editjudge.server.http.refusals import TooLargeError
from editjudge.server.mcp.calls import PictureArgument
from editjudge.server.mcp.folders import AllowedFolders
from editjudge.server.options import RequestLimits
from editjudge.utils.text import shorten


class PictureReader:
    """Reads the pictures that a client may have read, and no others."""

    def __init__(self, folders: AllowedFolders, limits: RequestLimits) -> None:
        self._folders = folders
        self._limits = limits

    def check(self, picture: PictureArgument) -> None:
        """Raises ImageError for a file that may not be read, whether or not it is there."""
        if picture.path is not None:
            self._folders.check(picture.path)

    def read(self, picture: PictureArgument) -> LoadedPicture:
        """Decodes a picture. Raises ImageError."""
        sent = self._read_file(picture.path) if picture.path else decode_picture(picture.base64 or "", UNNAMED)
        most = self._limits.max_pixels
        try:
            return load_picture(check_picture(sent, most, UNNAMED).content, ImageLimits(max_pixels=most))
        except TooLargeError as error:
            raise ImageError(str(error)) from error

    def _read_file(self, path: str) -> SentPicture:
        file, most = self._folders.find(path), self._limits.max_bytes
        try:
            with file.open("rb") as stream:
                content = stream.read(most + 1)
        except OSError as error:
            raise ImageError(f"{shorten(path)} cannot be read: {error.strerror}; check the path") from error
        if len(content) > most:
            raise ImageError(f"{shorten(path)} has more than {most:,} bytes, which is the limit; scale it down")
        return SentPicture(content)
