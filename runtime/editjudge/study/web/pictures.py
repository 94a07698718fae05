"""The pictures of a study as browsers get them: pixels alone, so that neither name, format nor metadata tell whose they
are."""

from __future__ import annotations

import hashlib
import io
import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from editjudge.datasets import Dataset, EditSample
from editjudge.errors import InputError
from editjudge.image.decode import load_image
from editjudge.image.transforms import fit_frame, resize
from editjudge.study.database import StudyDatabase
from editjudge.study.pages import MASK_PREFIX, PicturePlace, find_source
from editjudge.types import Image
from editjudge.utils.libraries.opencv import cv2

LOG = logging.getLogger("editjudge.study")
SHOWN, ZOOMED = 768, 2048
"""Pixels of the longest side: beside others, and alone."""
KEPT = 256 * 2**20
"""Bytes of encoded pictures that are kept."""
MASK_COLOUR = np.array([255, 40, 90], np.float32)
LINE = 1 / 400
"""How wide each of the two lines around a mask is, of the picture's longest side: two pixels of those shown."""
VEIL = 0.55
"""How much of a pixel the colour of a mask is."""
NOISE = 60.0
"""The standard deviation of the noise of a check, of 255."""


class StudyPictures:
    """Decodes, scales and encodes what a page shows. May be shared by threads."""

    def __init__(self, database: StudyDatabase, dataset: Dataset) -> None:
        self._database = database
        self._dataset = dataset
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._size = 0
        self._readable: dict[str, bool] = {}  # by token, of what was read so far

    def encode(self, token: str, longest: int = SHOWN) -> bytes:
        """A picture as lossless WebP without metadata. Raises InputError as `read` does."""
        key = token, longest
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        place, picture = self.read(token)
        shown = fit_frame(picture, longest)
        content = _encode(_change_unseen(shown, token) if place.made in ("again", "empty") else shown)
        self._keep(key, content)
        return content

    def read(self, token: str, sample: EditSample | None = None) -> tuple[PicturePlace, Image]:
        """Where a picture lies, and all of it.

        sample: its row, where that is at hand; else it is looked for, which takes longer the further down it stands.

        Raises InputError for a token that is none, and for a picture that cannot be read; its file and row are logged,
        once, and not told to raters.
        """
        place = self._database.picture(token)
        try:
            picture = self._draw(place, token, sample)
        except InputError as error:
            if self._note(token, is_readable=False):
                LOG.warning("a picture of row %d cannot be shown: %s", place.row + 1, error)
            raise InputError("this picture cannot be shown; tell who asked you to rate") from None
        self._note(token, is_readable=True)
        return place, picture

    def has_damaged(self, tokens: Iterable[str], *, reads_all: bool = False) -> bool:
        """Whether one of these pictures cannot be read. What could not be read before is tried again, as its file may
        be there again.

        Args:
            reads_all: Try what nobody has read yet, too; else it passes as readable.
        """
        return any(not self.can_read(token) for token in tokens if not self._readable.get(token, not reads_all))

    def can_read(self, token: str, sample: EditSample | None = None) -> bool:
        """Whether a picture can be read now; all of it is."""
        try:
            self.read(token, sample)
        except InputError:  # it is logged
            return False
        return True

    def _note(self, token: str, *, is_readable: bool) -> bool:
        """Remembers whether a picture can be read, and says whether that is new."""
        with self._lock:
            is_new = self._readable.get(token) != is_readable
            self._readable[token] = is_readable
        return is_new

    def _keep(self, key: tuple[str, int], content: bytes) -> None:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = content
                self._size += len(content)
            while self._size > KEPT:
                self._size -= len(self._kept.popitem(last=False)[1])

    def _draw(self, place: PicturePlace, token: str, sample: EditSample | None) -> Image:
        if place.column.startswith(MASK_PREFIX):
            edited = self._load(PicturePlace(place.row, "edited"), sample)
            return edited if place.made == "empty" else _veil(edited, self._load(place, sample))
        picture = self._load(place, sample)
        return _add_noise(picture, token) if place.made == "noise" else picture

    def _load(self, place: PicturePlace, sample: EditSample | None) -> Image:
        return load_image(find_source(self._dataset, place, sample))


def _veil(picture: Image, mask: Image) -> Image:
    """A picture with a colour over it where a mask, of any size, is brighter than half, and around that a light line
    and a dark one, so that it is seen on a ground of any colour."""
    height, width = picture.shape[:2]
    inside: NDArray[np.bool_] = resize(mask, width, height, "bilinear").max(axis=2) > 127
    veiled = picture.astype(np.float32)
    veiled[inside] = (1 - VEIL) * veiled[inside] + VEIL * MASK_COLOUR
    width_of_line = max(1, round(LINE * max(height, width)))
    square = np.ones((2 * width_of_line + 1,) * 2, np.uint8)
    filled = inside.astype(np.uint8)
    within = cv2.erode(filled, square, borderType=cv2.BORDER_CONSTANT, borderValue=0)  # a line at the frame's edge too
    veiled[inside & (within == 0)] = 255
    veiled[~inside & (cv2.dilate(filled, square) > 0)] = 0
    return veiled.round().astype(np.uint8)


def _add_noise(picture: Image, token: str) -> Image:
    """The same for the same token."""
    noisy = picture + _draw_from(token).normal(0.0, NOISE, picture.shape)
    return np.clip(noisy.round(), 0, 255).astype(np.uint8)


def _change_unseen(picture: Image, token: str) -> Image:
    """One pixel of sixteen by one level, the same for the same token: the eye sees no difference, and equal bytes do
    not tell that a picture stands twice on a page."""
    height, width = picture.shape[:2]
    chosen = _draw_from(token).random((height, width)) < 1 / 16
    chosen.flat[0] = True  # of a small picture too, one pixel at least
    return np.where(chosen[..., None], picture ^ 1, picture).astype(np.uint8)


def _draw_from(token: str) -> np.random.Generator:
    return np.random.default_rng(int.from_bytes(hashlib.sha256(token.encode()).digest()[:8], "big"))


def _encode(picture: Image) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(picture).save(file, "WEBP", lossless=True, method=0)
    return file.getvalue()
