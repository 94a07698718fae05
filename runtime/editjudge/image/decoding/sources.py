"""Where a picture comes from: a path, an address, bytes or an open file, as a stream of bytes with a name."""

from __future__ import annotations

import base64
import inspect
import io
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeGuard
from urllib.parse import unquote, unquote_to_bytes, urlsplit
from urllib.request import url2pathname

import numpy as np

from editjudge.errors import EditJudgeError, ImageError
from editjudge.image.decoding.limits import ImageLimits
from editjudge.utils.oom import lacks_memory
from editjudge.utils.text import shorten

UNNAMED = "the picture"
AS_TEXT = "the file was opened as text; open it in binary mode: open(path, 'rb')"
ADDRESS = re.compile(r"\s*(?:(?:data|file|blob|ftp|s3|gs|hf)s?:|[a-z][a-z0-9+.-]+:/)", re.IGNORECASE)
"""How an address begins. One slash: that is what a path makes of two. No scheme has one letter: that is a drive."""
BASE64 = re.compile(r"(iVBORw0KGgo|/9j/|R0lGOD|UklGR|Qk0|SUkq|TU0AK|AAAA[A-Za-z0-9+/]{4}Z0eX)[A-Za-z0-9+/=\s]{40,}")
"""How a text begins that holds a file of a common format."""
PIECE = 2**24
"""Bytes that are asked of an open file at a time."""


NO_STRANGERS = (str, bytes, bytearray, list, tuple, np.ndarray, io.BytesIO, type(Path()))


@contextmanager
def convert_stranger_errors(source: object) -> Iterator[None]:
    """Raises as ImageError what an object of another's class raises in the block, whatever it is asked there."""
    try:
        yield
    except (EditJudgeError, MemoryError):
        raise
    except Exception as error:
        known = type(source) in NO_STRANGERS or type(source).__module__.partition(".")[0] in ("PIL", "editjudge")
        if known or lacks_memory(error):
            raise  # it is none of its doing: an app's handler of signals may raise in the middle of it
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ImageError(
            f"a {type(source).__name__} cannot be read as a picture: {reason}; hand in a path, bytes or an array"
        ) from error


def is_file_object(source: object) -> TypeGuard[IO[bytes]]:
    """Whether it can be read like an open file."""
    return callable(getattr(source, "read", None))


def is_address(text: str) -> bool:
    """Whether a text is the address of a picture and no path."""
    return ADDRESS.match(text) is not None


def is_base64(text: str) -> bool:
    """Whether a text is a picture in base64 and no path."""
    return BASE64.match(text) is not None


def read_file_object(file: IO[bytes], limits: ImageLimits) -> bytes:
    """All of an open file, from its beginning wherever it stands; it is left where it stood.

    What has no beginning to go back to, such as a pipe, is read from where it stands. Raises ImageError.
    """
    try:
        _check_mode(file)
        place = _call(file, "tell") if _can_seek(file) else None
        if place is not None:
            _call(file, "seek", 0)
        content = _read_pieces(file, limits.max_bytes + 1)
        if place is not None:
            _call(file, "seek", place)
    except (ImageError, MemoryError):
        raise
    except UnicodeDecodeError as error:
        raise ImageError(AS_TEXT) from error
    except Exception as error:  # anything may have a `read`, and what it raises is not bounded
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ImageError(f"the open file cannot be read: {reason}; hand in its path or its bytes") from error
    limits.check_bytes(len(content), "the open file")
    return content


def _check_mode(file: IO[bytes]) -> None:
    if hasattr(file, "readable") and not _call(file, "readable"):
        raise ImageError("the file was opened for writing; open it for reading: open(path, 'rb')")
    if isinstance(file, io.TextIOBase):
        raise ImageError(AS_TEXT)


def _can_seek(file: IO[bytes]) -> bool:
    """What does not say so, as `mmap`, can if it has the methods."""
    if hasattr(file, "seekable"):
        return bool(_call(file, "seekable"))
    return hasattr(file, "seek") and hasattr(file, "tell")


def _read_pieces(file: IO[bytes], most: int) -> bytes:
    """What comes until nothing does, or more than `most` bytes: one call may give less than was asked for."""
    pieces: list[bytes] = []
    missing = most
    while missing > 0:
        piece = _call(file, "read", min(PIECE, missing))
        if isinstance(piece, str):
            raise ImageError(AS_TEXT)
        if piece is None:
            raise ImageError("the open file has nothing to read yet, as it does not block; hand in its bytes")
        if not isinstance(piece, bytes | bytearray | memoryview):
            raise ImageError(f"the open file's read() gives {type(piece).__name__} and not bytes; hand in its bytes")
        if not piece:
            break
        pieces.append(bytes(piece))
        missing -= len(pieces[-1])
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _call(file: IO[bytes], method: str, *arguments: int) -> Any:
    result = getattr(file, method)(*arguments)
    if not inspect.isawaitable(result):
        return result
    if inspect.iscoroutine(result):
        result.close()  # or Python warns that it was never awaited
    raise ImageError("the open file is asynchronous; hand in its bytes: await file.read()")


@contextmanager
def open_source(source: object, limits: ImageLimits) -> Iterator[tuple[IO[bytes], str]]:
    """A picture's bytes as a stream that can be sought in, and what to call it. Raises ImageError.

    Args:
        source: A path, a `data:` or `file:` address, the bytes of a file, or an open file.
        limits: How many bytes are read into memory.
    """
    if is_file_object(source):
        source = read_file_object(source, limits)
    if isinstance(source, bytes | bytearray | memoryview):
        yield _wrap(bytes(source), limits), UNNAMED
    elif isinstance(source, str | os.PathLike):
        text = _name_path(source)
        if not text.strip():
            raise ImageError("the path is empty; name a picture")
        if not is_address(text) and isinstance(source, str) and is_base64(text):
            raise ImageError(
                "the text is a picture in base64 and no path; hand in base64.b64decode(text), or put "
                "'data:;base64,' before it"
            )
        text = text.lstrip() if is_address(text) else text
        if text[:5].lower() == "data:":
            if not isinstance(source, str):
                raise ImageError("a data: address became a path, which changes it; hand it in as a text, or save it")
            yield _wrap(_read_data(text, limits), limits), "the data: address"
        else:
            path = find_file(text)
            with _open_file(path, limits) as stream:
                yield stream, shorten(str(path))
    else:
        raise ImageError(
            f"a picture is a path, a data: address, bytes, an open file, a PIL.Image or an array, "
            f"not {type(source).__name__}"
        )


def _name_path(source: str | os.PathLike[str]) -> str:
    try:
        return os.fsdecode(source)
    except Exception as error:  # anything may have a `__fspath__`, and what it raises is not bounded
        kind = type(source).__name__
        raise ImageError(f"a {kind} gives no path: {error}; hand in a text or a pathlib.Path") from error


def _wrap(content: bytes, limits: ImageLimits) -> IO[bytes]:
    if not content:
        raise ImageError("the picture is empty: 0 bytes were handed in")
    limits.check_bytes(len(content), UNNAMED)
    return io.BytesIO(content)


def _read_data(address: str, limits: ImageLimits) -> bytes:
    limits.check_bytes(len(address) * 3 // 4, "the data: address")
    head, comma, body = address.partition(",")
    if not comma:
        raise ImageError("the data: address has no comma before its data; write data:image/png;base64,...")
    if not head.rstrip().lower().endswith(";base64"):
        return unquote_to_bytes(body.encode("utf-8", "surrogatepass"))
    body = re.sub(r"\s", "", unquote(body)).replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except ValueError as error:  # with binascii.Error: characters that are not ASCII
        raise ImageError(f"the data: address holds no base64: {error}; encode the file's bytes again") from error


def find_file(text: str) -> Path:
    """The path of a file that a path or a file: address names. Raises ImageError for other addresses."""
    if not is_address(text):
        return Path(text)
    address = text.lstrip()
    if address[:5].lower() != "file:":
        raise ImageError(f"{shorten(address)} is an address; nothing is fetched: save the picture and name the file")
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise ImageError(f"{shorten(address)} is no address that can be read: {error}; name the file") from error
    if parts.netloc not in ("", "localhost"):
        raise ImageError(f"{shorten(address)} is a file of another machine; copy it here and name the copy")
    return Path(url2pathname(parts.path))


@contextmanager
def _open_file(path: Path, limits: ImageLimits) -> Iterator[IO[bytes]]:
    name = shorten(str(path))
    try:
        about = path.stat()
        if stat.S_ISDIR(about.st_mode):
            raise ImageError(f"{name} is a folder; name a picture in it")
        if not stat.S_ISREG(about.st_mode):
            raise ImageError(f"{name} is not a regular file; save the picture and name that file")
        if about.st_size == 0:
            raise ImageError(f"{name} is empty: it has 0 bytes")
        limits.check_bytes(about.st_size, name)
        stream = path.open("rb")
    except FileNotFoundError:
        raise ImageError(f"{name} does not exist; check the path") from None
    except (OSError, ValueError) as error:  # no permission; a NUL character in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise ImageError(f"{name} cannot be read: {reason}; check the path") from error
    with stream:
        yield stream
