"""The region an edit concerns, M_all = M_orig | M_edit (BPM, section 3.5), as a mask over the original picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editjudge.errors import InputError
from editjudge.image.canvas import Content
from editjudge.metrics.dice.difference import PictureDifferences
from editjudge.metrics.intents import asks_nothing
from editjudge.metrics.registry import EditScore
from editjudge.types import EditIntent
from editjudge.utils.arguments import NUMBER, Accepted, instance, whole_number
from editjudge.utils.libraries.opencv import cv2

SLIVER = 1e-4
"""The share of a cell that the rounding of an area average amounts to."""


SCORE = instance(EditScore, "what Scorer.score gave")
DIFFERENCES = instance(PictureDifferences, "what Scorer.differences gave")
FACTOR = whole_number(1, 1024)
MASK_TYPES = (np.uint8, np.bool_)
MASK = Accepted(
    lambda mask: (
        isinstance(mask, np.ndarray) and mask.ndim == 2 and mask.dtype in (np.uint8, np.bool_) and mask.size > 0
    ),
    "a mask, bool[H, W] or uint8[H, W]",
)
SCALE = Accepted(lambda scale: NUMBER.holds(scale) or _has_numbers(scale), "a number, or an array of numbers")
ARRAY = Accepted(
    lambda array: hasattr(array, "shape") and hasattr(array, "max"), "an array of NumPy, torch or the like"
)


NO_EDIT = {
    "unchanged": "nothing was edited",
    "noise": "nothing was edited, only noise was added",
    "other_picture": "the edited picture shares too little with the original to be an edit of it",
}
"""Why a pair of some kind has no region."""


@dataclass(frozen=True)
class RegionMask:
    """The region that an edit concerns.

    Attributes:
        mask: uint8[H, W], 255 inside, at the original's own size.
        is_change_map: Whether it is where the picture changed, for want of an object that was found.
    """

    mask: NDArray[np.uint8]
    is_change_map: bool

    @property
    def note(self) -> str:
        """What a user must know of it."""
        return "no object of the edit was found, so this is where the picture changed" if self.is_change_map else ""


def find_mask(score: EditScore) -> RegionMask:
    """M_all, of a global edit everywhere but where something is to stay; where no object was found, what changed.

    A border round the original is no part of it. Raises InputError where nothing was edited: there is no region then.
    """
    SCORE.check(score=score)
    evidence, content = score.evidence, score.evidence.content
    union = evidence.union | any(_is_everywhere(part.intent) for part in score.parts)
    is_change_map = not union.any()
    inside = _find_changed(score) if is_change_map else union
    if score.kind != "edit" or not inside.any():
        reason = NO_EDIT.get(score.kind, "no object of the edit was found, and nothing changed")
        raise InputError(f"there is no region to write: {reason}; hand in another edited picture")
    return RegionMask(_draw(inside, content), is_change_map)


def find_change_mask(score: EditScore) -> NDArray[np.uint8]:
    """Where the pictures differ, whatever of: uint8[H, W], 255 inside, at the original's own size.

    What an editor does to all of a picture, such as a shift, another tone or noise, is taken away first. Raises
    InputError where nothing is left.
    """
    SCORE.check(score=score)
    inside = _find_changed(score)
    if score.kind != "edit" or not inside.any():
        reason = NO_EDIT.get(score.kind, "nothing changed")
        raise InputError(f"there is no difference to write: {reason}; hand in another edited picture")
    return _draw(inside, score.evidence.content)


def find_difference_mask(differences: PictureDifferences) -> NDArray[np.uint8]:
    """Where the listed differences changed the picture: uint8[H, W], 255 inside, at the original's own size.

    Raises InputError where there is none.
    """
    DIFFERENCES.check(differences=differences)
    evidence = differences.evidence
    if not evidence.labels.any():
        reason = NO_EDIT.get(differences.kind, "no place stands out")
        raise InputError(f"there is no difference to write: {reason}; hand in another edited picture")
    return _draw(evidence.labels > 0, evidence.content)


def _find_changed(score: EditScore) -> NDArray[np.bool_]:
    """bool[h, w] of the content: where it changed."""
    left, top, right, bottom = score.evidence.content.box
    return score.evidence.changes.resize_mask(bottom - top, right - left)


def _is_everywhere(intent: EditIntent) -> bool:
    """Whether an edit concerns the whole picture and spares nothing."""
    return intent.is_global and intent.keep is None and not asks_nothing(intent)


def union_mask(score: EditScore) -> NDArray[np.uint8]:
    """The mask of `find_mask`. Raises InputError where nothing was edited."""
    return find_mask(score).mask


def _draw(inside: NDArray[np.bool_], content: Content) -> NDArray[np.uint8]:
    """uint8[H, W], 255 inside, at the size of a picture of whose content bool[h, w] is said."""
    left, top, right, bottom = content.box
    mask = np.zeros((content.height, content.width), np.uint8)
    mask[top:bottom, left:right] = _resize(inside, bottom - top, right - left)
    return mask


def _resize(inside: NDArray[np.bool_], height: int, width: int) -> NDArray[np.uint8]:
    """uint8[height, width], 255 inside, with smooth borders."""
    grey = inside.astype(np.uint8) * np.uint8(255)
    if grey.shape == (height, width):
        return grey
    smooth = cv2.resize(grey, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.where(smooth > 127, 255, 0).astype(np.uint8)


def latent_mask(score: EditScore, factor: int = 8) -> NDArray[np.bool_]:
    """The region at the size of a latent diffusion model's latents, as bool[H // factor, W // factor].

    A cell is inside when any part of it is, so that the whole region may change. Raises InputError for a picture
    smaller than a cell, and as `find_mask`.
    """
    FACTOR.check(factor=factor)
    union = union_mask(score)
    height, width = (side // factor for side in union.shape)
    if not height or not width:
        raise InputError(f"the original is smaller than {factor} pixels, the side of a latent cell; take a larger one")
    covered = cv2.resize((union > 0).astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(covered > SLIVER)


def encode_png(mask: NDArray[np.uint8] | NDArray[np.bool_]) -> bytes:
    """A mask, bool[H, W] or uint8[H, W], as a PNG of one channel, 255 inside. Raises InputError for anything else."""
    MASK.check(mask=mask)
    return cv2.imencode(".png", np.where(mask, 255, 0).astype(np.uint8))[1].tobytes()


Latents = Any
"""An array of NumPy, torch or the like: with +, -, *, shape and max."""


def guidance(
    unconditional: Latents, image: Latents, text: Latents, mask: Latents, *, image_scale: float, text_scale: float
) -> Latents:
    """Combines three predictions of the noise by the paper's equation 4.

    Args:
        unconditional: eps(0, 0), [..., H, W] in latent cells, as are the other predictions and what is returned.
        image: eps(I, 0).
        text: eps(I, T).
        mask: M_all, [H, W] or with more axes, of the same library and device, bools or 0 to 1; outside of it the text
            has no say. Bools leave the predictions' precision as it is.

    Raises InputError for a mask that does not fit.
    """
    ARRAY.check(unconditional=unconditional, image=image, text=text, mask=mask)
    SCALE.check(image_scale=image_scale, text_scale=text_scale)
    if not tuple(unconditional.shape) == tuple(image.shape) == tuple(text.shape):
        shapes = ", ".join(str(list(array.shape)) for array in (unconditional, image, text))
        raise InputError(f"the predictions are of the shapes {shapes}; hand in three of one shape")
    if tuple(mask.shape[-2:]) != tuple(text.shape[-2:]):
        cells, latents = (" x ".join(map(str, array.shape[-2:])) for array in (mask, text))
        raise InputError(f"the mask has {cells} cells, the latents {latents}; make it of the picture that is edited")
    for name, scale in (("image_scale", image_scale), ("text_scale", text_scale)):
        shape = tuple(getattr(scale, "shape", ()))
        if not _fits(shape, tuple(text.shape)):
            raise InputError(f"{name} is of the shape {list(shape)}; give a number, or one for each prediction")
    if not all(mask.shape):
        raise InputError("the mask has no cells; make it of the picture that is edited")
    if mask.max() > 1:
        raise InputError("the mask has values above 1; hand in bools, or divide it by its largest value")
    return unconditional + image_scale * (image - unconditional) + text_scale * (text - image) * mask


def _has_numbers(array: object) -> bool:
    kind = getattr(getattr(array, "dtype", None), "kind", "f")  # torch's have none
    return hasattr(array, "dtype") and hasattr(array, "shape") and kind in "iuf"


def _fits(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    """Whether an array of one shape can be repeated to be of another."""
    try:
        return np.broadcast_shapes(shape, target) == target
    except ValueError:
        return False
