"""Whether all else was left as it was: how much changed that was not asked for, and how strongly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editjudge.image.align import shrink
from editjudge.metrics.context import EditContext
from editjudge.metrics.grounding import Region
from editjudge.metrics.registry import EditScore, explain_unmeasured, is_unread
from editjudge.metrics.rewards.feedback import tell_kind, tell_preserved
from editjudge.metrics.rewards.reward_score import HIGHEST, SideScore
from editjudge.types import FRAME, Floats, Image
from editjudge.utils.libraries.opencv import cv2

HALVING = 0.006
"""The mean change of the picture by what was not asked for, 0 to 1, that halves the points: 5 % of the picture by 30
levels, or 1.5 % by 100."""
PASS = 3.0
"""Which is given up to two thirds of that: on training seeds 0.996 of the well done edits have more, and 0.10 of the
damaged ones, whose damage is small."""
MARGIN = 0.03
"""How far round what was asked for, as a share of the longest side, a change is still its own: its shadow and rim."""
UNLOCATED = frozenset({"out_of_domain", "source_not_found", "keep_not_found", "nothing_outside"})
"""Flags of what makes it unknown what was to stay, or leaves nothing that was."""
STROKE = 1.5
"""Pixels over which the small pictures of a recolouring are smoothed, as strokes and blocks are part of a style."""
USUAL, UNLIKE, LEAST_UNLIKE = 0.6, 3.0, 0.01
"""A place changed otherwise than the rest where it misses what its colours predict by three times what three fifths of
the picture stay under, and by 2.5 levels at least: of the settings that were tried on training seeds, the one with the
best order of graded damage."""
TONED, NOISY, BLURRED = 0.12, 10.0, 0.5
"""What costs a point: a mean change of tone, 0 to 1, that nobody would overlook; noise in levels as `image.changes` has
it, where grain of 30 levels is averaged to 9. And the share of the sharpness under which it costs something, up to a
point where none is left."""

RIM = 5
"""Small pixels across: whose edges change with what is beside them."""


def judge_preserving(context: EditContext, score: EditScore) -> SideScore:
    """How well what was not to change was kept, 0 to 5: 5 where it did not change at all.

    None where it is not known what was to change, as the objects of the edit were not found in the original.

    Args:
        context: The edit.
        score: What is known of it.
    """
    is_harmless = score.kind in ("unchanged", "noise")
    if not is_harmless and is_unread(score):  # who knows what was to change
        return SideScore(None, None, f"Not judged: {explain_unmeasured(score)}.")
    if score.kind == "other_picture":
        return SideScore(0.0, False, tell_kind(score))
    if not is_harmless and not is_located(score):
        return SideScore(None, None, f"Not judged: {explain_unmeasured(score)}.")
    harm = map_harm(context, score)
    points = HIGHEST / (1 + float(harm.mean()) / HALVING)
    drift = measure_drift(score)
    points = max(0.0, points - sum(drift.values()))
    return SideScore(points, points >= PASS, tell_preserved(context, score, harm, drift, points / HIGHEST))


def is_located(score: EditScore) -> bool:
    """Whether it is known what of the picture was not to change."""
    return UNLOCATED.isdisjoint(score.flags)


def map_harm(context: EditContext, score: EditScore) -> Floats:
    """float32[h, w], small, 0 to 1: by how much the picture changed where it was not to; 0 elsewhere.

    That the edit itself went wrong is no harm elsewhere.
    """
    found, changes = context.regions, score.evidence.changes
    size = found.width, found.height
    asked, kept = np.zeros((found.height, found.width), bool), np.zeros((found.height, found.width), bool)
    for part in (context, *context.more):
        where = part.observation.grounding
        _cover(asked, (where.original, where.edited), where.height)
        if part.task.is_clearance:
            asked[:] = True
        if where.kept is not None:
            kept |= _resize_mask(where.kept.mask, size)
    changed = _find_changed(context, changes.mask)
    harm = np.asarray(cv2.resize(score.evidence.change, size, interpolation=cv2.INTER_AREA), np.float32)
    if changes.recoloured is not None:
        unlike = np.asarray(cv2.resize(_map_unlike(*changes.recoloured), size, interpolation=cv2.INTER_NEAREST))
        harm, changed = np.where(kept, harm, unlike), np.where(kept, changed, unlike > 0)
    harm[~changed | (asked & ~kept)] = 0
    return harm


def _find_changed(context: EditContext, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """bool[h, w]: where the pixels tell a change, and where a difference is that was not asked for, as such are told
    when they are weaker."""
    found = context.regions
    changed = _resize_mask(mask, (found.width, found.height))
    for region, one in zip(found.regions, context.differences.differences, strict=True):
        if one.coherent is False:
            changed[region.window] |= region.mask
    return changed


def _map_unlike(predicted: Image, seen: Image) -> Floats:
    """float32[h, w], 0 to 1: where a picture of which all was to change did so otherwise than the rest, by how much.

    Of a style that is more than colours, much misses what they predict: what counts misses it by far more than that.
    """
    miss = cv2.absdiff(*(cv2.GaussianBlur(picture.astype(np.float32), (0, 0), STROKE) for picture in (predicted, seen)))
    unlike = np.asarray(miss.mean(axis=2) / 255, np.float32)
    unlike[unlike < max(LEAST_UNLIKE, UNLIKE * float(np.quantile(unlike, USUAL)))] = 0
    return unlike


def measure_drift(score: EditScore) -> dict[str, float]:
    """The points, 0 to 1 each, that a change of all of the picture costs by "tone", "noise" and "blur".

    Nothing where all of it was to change, and did.
    """
    if score.is_global and score.kind == "edit":
        return {}
    evidence = score.evidence
    changed = cv2.dilate(evidence.changes.mask.astype(np.uint8), np.ones((RIM, RIM), np.uint8))
    before, after = (_measure_sharpness(picture, changed == 0) for picture in (evidence.original, evidence.edited))
    lost = 1 - after / (BLURRED * before) if before else 0.0
    costs = {"tone": evidence.tone / TONED, "noise": evidence.changes.noise / NOISY, "blur": lost}
    return {name: min(1.0, cost) for name, cost in costs.items() if cost > 0}


def _cover(mask: NDArray[np.bool_], regions: tuple[Region | None, ...], frame_height: int) -> None:
    """Marks in bool[h, w] the boxes of regions of a frame, and a margin round them."""
    height, width = mask.shape
    scale, margin = height / frame_height, MARGIN * max(height, width)
    for region in regions:
        if region is not None:
            for x0, y0, x1, y1 in (region.boxes * scale).tolist():
                rows = slice(max(0, int(y0 - margin)), int(y1 + margin) + 1)
                mask[rows, max(0, int(x0 - margin)) : int(x1 + margin) + 1] = True


def _resize_mask(mask: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.bool_]:
    """A mask at another width and height; of a larger one, each pixel that holds one of its own."""
    return np.asarray(cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0)


def _measure_sharpness(picture: Image, still: NDArray[np.bool_]) -> float:
    """The mean squared Laplacian of uint8[H, W, 3], a larger one brought to FRAME, in the places of bool[h, w]."""
    gray = cv2.cvtColor(shrink(picture, FRAME), cv2.COLOR_RGB2GRAY)
    squares = np.square(cv2.Laplacian(gray, cv2.CV_32F))
    mask = cv2.resize(still.astype(np.uint8), gray.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return float(cv2.mean(squares, mask)[0])
