"""Decoding beside the caller."""

from __future__ import annotations

import io
import threading

import numpy as np
import PIL.Image
import pytest

from editjudge import decoding, image
from editjudge.errors import ImageError


def png(shade: int) -> bytes:
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (20, 10), (shade, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


def test_each_source_has_its_picture_or_its_error() -> None:
    array = np.zeros((10, 20, 3), np.uint8)
    first, broken, second, there, flat = decoding.start([png(1), b"broken", png(2), array, array[0]])
    assert [future.result()[0, 0, 0] for future in (first, second)] == [1, 2]
    assert there.result() is array
    with pytest.raises(ImageError, match="not a picture"):
        broken.result()
    with pytest.raises(ImageError, match="must be uint8"):
        flat.result()


def test_it_goes_on_beside_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """The picture waits for what the caller does after the start."""
    meanwhile = threading.Event()
    monkeypatch.setattr(decoding, "load", lambda source: meanwhile.wait(30) and image.load(source))
    (future,) = decoding.start([png(3)])
    assert not future.done()
    meanwhile.set()
    assert future.result(30)[0, 0, 0] == 3


def test_no_thread_is_left() -> None:
    for future in decoding.start([png(1)] * 8):
        future.result(30)
    for thread in threading.enumerate():
        if thread.name.startswith("editjudge-decoding"):
            thread.join(30)
            assert not thread.is_alive()
