"""One sentence a side: what is wrong and where, of what was measured and of nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from editjudge.metrics.context import EditContext
from editjudge.metrics.dice.difference import Corners, Difference
from editjudge.metrics.registry import EditScore, PartScore, describe_kind, describe_part, name_difference, place_box
from editjudge.metrics.rewards.reward_score import NOTHING_WRONG
from editjudge.types import Floats
from editjudge.utils.libraries.opencv import cv2

FLAWLESS = 0.9
"""The share of the points from which there is nothing to say."""
NOTICED = 0.25
"""Points that a change of all of the picture costs from which it is spoken of."""
UNCLEAR = ", though not clearly"
DRIFTED = {
    "tone": "brightness or colours of the whole picture changed",
    "noise": "the whole picture became noisy",
    "blur": "the whole picture became blurred",
}


def tell_kind(score: EditScore) -> str:
    """What the pixels show of a picture that is no edit: how else it differs, quality and preserving tell."""
    is_same = score.kind == "unchanged" and not score.evidence.change.any()
    return capitalise(describe_kind(score)) if is_same or score.kind == "other_picture" else "Nothing was edited."


def tell_followed(score: EditScore, shares: Sequence[float], *, is_doubted: bool) -> str:
    """What was asked for and not done, or not as asked.

    Args:
        score: What is known of the edit.
        shares: How far each of its parts was done, 0 to 1.
        is_doubted: Whether the instruction may have been misread.
    """
    short = [
        _tell_part(score, part, share) for part, share in zip(score.parts, shares, strict=True) if share < FLAWLESS
    ]
    if is_doubted:
        short.append("the instruction may have been misread, or was read in part")
    return capitalise("; ".join(dict.fromkeys(short))) if short else NOTHING_WRONG


def _tell_part(score: EditScore, part: PartScore, share: float) -> str:
    """A clause; of what stands where it should and is as large as it should be, that it is not clear."""
    clause = describe_part(score, part)
    is_placed = part.region.position in (None, 1.0) and part.region.size in (None, 1.0)
    return clause + UNCLEAR if share and is_placed and not clause.endswith(UNCLEAR) else clause


def tell_preserved(
    context: EditContext, score: EditScore, harm: Floats, drift: Mapping[str, float], share: float
) -> str:
    """What changed that was not asked for, and where.

    Args:
        context: The edit.
        score: What is known of it.
        harm: float32[h, w], small: by how much that changed.
        drift: The points that changes of all of the picture cost.
        share: The share of the points that it has, 0 to 1.
    """
    if share >= FLAWLESS:
        return NOTHING_WRONG
    noticed = [name for name, cost in drift.items() if cost >= NOTICED]
    told = [*_tell_harm(context, score, harm > 0), *(DRIFTED[name] for name in noticed)]
    return capitalise("; ".join(told or (DRIFTED[name] for name in drift)))


def _tell_harm(context: EditContext, score: EditScore, harmed: NDArray[np.bool_]) -> Iterator[str]:
    """The strongest difference that lies there, by name and place; without one, the largest place that changed."""
    if not harmed.any():
        return
    found = [one for index, one in enumerate(context.differences.differences) if _lies_in(context, index, harmed)]
    if found:
        more = "" if len(found) == 1 else f", and {len(found) - 1} more change{'s' if len(found) > 2 else ''}"
        yield f"not asked for: {_tell_difference(found[0], score)}{more}"
        return
    how = "otherwise than the rest" if score.is_global else "that was to stay"
    box = context.task.to_original(_find_largest(harmed), *harmed.shape)
    yield f"something changed {how}, {place_box(box, score.evidence.content)}"


def _find_largest(harmed: NDArray[np.bool_]) -> Corners:
    """The box of the largest connected place of bool[h, w]."""
    _, _, boxes, _ = cv2.connectedComponentsWithStats(harmed.astype(np.uint8))
    left, top, width, height, _ = max(boxes[1:].tolist(), key=lambda box: box[4])
    return left, top, left + width, top + height


def _tell_difference(difference: Difference, score: EditScore) -> str:
    return f"{name_difference(difference)}, {place_box(difference.box, score.evidence.content)}"


def _lies_in(context: EditContext, index: int, harmed: NDArray[np.bool_]) -> bool:
    """Whether most of a difference lies in bool[h, w] and was not asked for."""
    region = context.regions.regions[index]
    inside = harmed[region.window] & region.mask
    return context.differences.differences[index].coherent is not True and 2 * inside.sum() > region.mask.sum()


def capitalise(clause: str) -> str:
    """A clause as a sentence."""
    return f"{clause[0].upper()}{clause[1:]}."
