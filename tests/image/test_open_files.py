"""Open files of every make: those that give little at a time, and those that give no bytes."""

from __future__ import annotations

import io
import mmap
import os
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from editjudge import ImageError, Scorer
from editjudge.image.decode import load_image
from editjudge.image.decoding.limits import ImageLimits
from support.refused_files import WORDLESS


class Reader:
    """What has a `read` alone, which gives what it is told to, or raises it."""

    def __init__(self, gives: object) -> None:
        self._gives = gives

    def read(self, size: int = -1) -> object:
        if isinstance(self._gives, Exception):
            raise self._gives
        return self._gives


class ShortReads:
    """Gives 777 bytes at most, however many are asked for."""

    def __init__(self, content: bytes) -> None:
        self._stream = io.BytesIO(content)

    def read(self, size: int) -> bytes:
        return self._stream.read(min(size, 777))


class AsyncReader:
    async def read(self, size: int = -1) -> bytes:
        return b"bytes"


class AsyncFile(AsyncReader):
    async def seekable(self) -> bool:
        return True


@pytest.fixture
def noise() -> np.ndarray:
    """A picture whose file is larger than what a pipe holds."""
    return np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)


@pytest.fixture
def file(noise: np.ndarray, tmp_path: Path) -> Path:
    PIL.Image.fromarray(noise).save(tmp_path / "a.png")
    return tmp_path / "a.png"


@pytest.fixture
def pipe(file: Path) -> Iterator[int]:
    """The end that is read of a pipe into which the file is written in pieces."""
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb", buffering=0) as end:
            content = file.read_bytes()
            for place in range(0, len(content), 5000):
                end.write(content[place : place + 5000])

    thread = threading.Thread(target=write)
    thread.start()
    yield reading
    thread.join()


def test_an_unbuffered_pipe_is_read_to_its_end(noise: np.ndarray, pipe: int) -> None:
    with os.fdopen(pipe, "rb", buffering=0) as raw:
        np.testing.assert_array_equal(load_image(raw), noise)


def test_short_reads_are_put_together(noise: np.ndarray, file: Path) -> None:
    np.testing.assert_array_equal(load_image(ShortReads(file.read_bytes())), noise)  # type: ignore[arg-type]


def test_what_never_ends_is_bounded() -> None:
    with pytest.raises(ImageError, match=r"the open file has 26[89] MB, more than the limit"):
        load_image(Reader(bytes(2**20)), ImageLimits(max_pixels=64))  # type: ignore[arg-type]


def test_a_mapped_file_is_read_and_left_where_it_stood(noise: np.ndarray, file: Path) -> None:
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        mapped.seek(9)
        np.testing.assert_array_equal(load_image(mapped), noise)  # type: ignore[arg-type]
        assert mapped.tell() == 9


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (AsyncReader(), r"is asynchronous; hand in its bytes: await file\.read\(\)"),
        (AsyncFile(), r"is asynchronous; hand in its bytes: await file\.read\(\)"),
        (Reader(None), "has nothing to read yet"),
        (Reader("words"), "opened as text"),
        (Reader(3), r"read\(\) gives int and not bytes"),
        (Reader(RuntimeError("the session\nis closed")), "cannot be read: the session is closed; hand in its path"),
        (Reader(KeyError()), "cannot be read: KeyError; hand in its path"),
        (io.StringIO("words"), "opened as text"),
    ],
)
def test_what_gives_no_bytes(source: object, said: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # as of a coroutine that was never awaited
        with pytest.raises(ImageError, match=said):
            load_image(source)  # type: ignore[arg-type]


def test_files_that_were_opened_for_something_else(file: Path) -> None:
    with file.open(encoding="utf-8") as text, pytest.raises(ImageError, match=r"as text; .*: open\(path, 'rb'\)"):
        load_image(text)  # type: ignore[arg-type]
    for mode in ("wb", "w"):
        said = r"opened for writing; open it for reading: open\(path, 'rb'\)"
        with file.with_name("new.png").open(mode) as written, pytest.raises(ImageError, match=said):
            load_image(written)  # type: ignore[arg-type]


def test_what_cannot_be_read_does_not_keep_others_from_being_ranked(noise: np.ndarray, file: Path) -> None:
    broken = ["http://[x", "file://[/x", "data:image/png;base64,é", Reader(RuntimeError("closed")), AsyncReader()]
    prepared = Scorer.load("studio", device="cpu", threads=1).prepare(noise, WORDLESS)
    best, *others = prepared.rank([broken[0], file, *broken[1:]])  # type: ignore[list-item]
    assert (best.index, best.error) == (1, None)
    assert len(others) == len(broken)
    assert all(other.error for other in others)
