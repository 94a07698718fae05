"""An edit of a batch, and which edits of it are of one original and one instruction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from hashlib import blake2b
from os import PathLike, fspath
from typing import NamedTuple

import numpy as np
import PIL.Image

from editjudge.errors import EditJudgeError
from editjudge.image.decode import ImageSource, load_picture


class EditTriple(NamedTuple):
    """What is to be judged; nothing of it was looked at."""

    original: ImageSource
    edited: ImageSource
    instruction: str


def group_alike(edits: Sequence[EditTriple]) -> list[list[int]]:
    """The indices of the edits that share original and instruction, in the order in which groups begin.

    Trainers hand in copies: originals are alike whose path, bytes or pixels are equal, whichever objects hold them.
    """
    groups: dict[Hashable, list[int]] = defaultdict(list)
    known: dict[int, Hashable] = {}  # of an object that is handed in several times, the pixels are read once
    for index, edit in enumerate(edits):
        if id(edit.original) not in known:
            known[id(edit.original)] = _identify(edit.original)
        key = known[id(edit.original)]
        alone = key is None or not isinstance(edit.instruction, str)
        groups[index if alone else (key, edit.instruction)].append(index)
    return list(groups.values())


def _identify(original: ImageSource) -> Hashable:
    """Equal for equal originals; None where that cannot be told, and so for whatever is no picture."""
    if isinstance(original, str | PathLike):
        path = fspath(original)
        return path if isinstance(path, str) else None
    if isinstance(original, bytes | bytearray | memoryview):
        return blake2b(original).digest()
    if not isinstance(original, np.ndarray | PIL.Image.Image):
        return None
    try:
        picture = load_picture(original)
    except EditJudgeError:
        return None
    pixels = np.ascontiguousarray(picture.pixels)
    return pixels.shape, picture.profile_converted, blake2b(pixels.data).digest()
