"""An edited picture in the frame, the place and the tone of its original, and what brought it there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from editjudge.image.align import refine_shift
from editjudge.image.alignment import TONED, PairAlignment
from editjudge.image.changes import Changes, find_changes
from editjudge.types import Image


@dataclass(frozen=True, eq=False)
class AlignedImage:
    """An edited picture in the original's frame, with the drift taken away that an editor left on all of it.

    Attributes:
        picture: uint8[H, W, 3], in the original's place and tone.
        as_given: uint8[H, W, 3], in its own place and tone.
        flags: How the picture differed in size, place and tone.
        changes: What happened to the picture; the alignment in pixels of the frame.
        seen: bool[H, W]: the pixels of the original that the edited picture shows; None: all.
        tone: The mean change of tone that was taken away, 0 to 1.
        handed_in: uint8[H', W', 3], at the size that it was handed in with; None: nobody asks for it.
    """

    picture: Image
    as_given: Image
    flags: tuple[str, ...]
    changes: Changes
    seen: NDArray[np.bool_] | None = None
    tone: float = 0.0
    handed_in: Image | None = None


def compare(
    original: Image, edited: Image, whole: bool, subtle: bool = False, handed_in: int | None = None
) -> AlignedImage:
    """An edited picture, as it is, with what happened to it.

    Args:
        original: uint8[H, W, 3].
        edited: uint8[H, W, 3], of the same size.
        whole: Whether the whole picture was to change.
        subtle: Whether that may look like drift.
        handed_in: Pixels of the longest side of the smaller of the two before they were scaled; None: as they are.
    """
    return AlignedImage(edited, edited, (), find_changes(original, edited, whole, subtle, handed_in))


def undo_drift(compared: AlignedImage, original: Image, whole: bool) -> AlignedImage:
    """The picture in the original's place and, but where the whole of it was to change, in its tone."""
    changes = compared.changes
    if changes.kind == "other_picture":
        return replace(compared, changes=replace(changes, alignment=PairAlignment.still()))
    alignment = refine_shift(changes.alignment, original, compared.picture, changes.mask)
    seen = None if alignment.is_still else alignment.covers(*original.shape[:2])
    picture = alignment.undo_geometry(compared.picture)
    tone = alignment.tone_change(original[::4, ::4])  # of every 16th pixel, whatever the frame
    toned = tone >= TONED and not (whole and changes.kind == "edit")
    if toned:
        picture = alignment.undo_tone(picture)
    flags = (*compared.flags, *_name_drift(alignment, toned))
    found = replace(changes, alignment=alignment if toned else alignment.without_tone())
    tone_share = tone / 255 if toned else 0.0
    return replace(compared, picture=picture, flags=flags, changes=found, seen=seen, tone=tone_share)


def _name_drift(alignment: PairAlignment, toned: bool) -> Iterator[str]:
    if not alignment.is_still:
        yield "shifted" if alignment.scale == 1.0 else "cropped"
    if toned:
        yield "tone_changed"
