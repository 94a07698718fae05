"""From the sub-scores of every part of an edit to one score, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from editjudge.bundles.settings import NormRanges
from editjudge.metrics.aligned_image import AlignedImage
from editjudge.metrics.bpm.measure import EditPart, PartSubScores, PictureChange, measure_part
from editjudge.metrics.bpm.rules import PaperRules
from editjudge.metrics.bpm.score import PartScore, RegionScore, SemanticScore
from editjudge.metrics.bpm.semantic import is_contrary, is_share
from editjudge.metrics.bpm.subscore import SubScore
from editjudge.metrics.flags import FLAGS, UNREAD
from editjudge.metrics.intents import asks_nothing
from editjudge.types import Image


@dataclass(frozen=True)
class Assessment:
    """An edit's scores, its flags, and the change map float32[H, W] that they rest on.

    bound: the most that the score can be once what there was no time for is measured; the score itself where all was;
    None where it can be no number. As rules add up what grows with each sub-score, it is had with a 1 in their place.
    """

    bpm: float | None
    parts: tuple[PartScore, ...]
    confidence: float
    flags: tuple[str, ...]
    change: NDArray[np.float32]
    bound: float | None = None


def assess(
    parts: Sequence[EditPart],
    *,
    original: Image,
    aligned: AlignedImage,
    ranges: NormRanges,
    rules: PaperRules,
    raised: Iterable[str] = (),
) -> Assessment:
    """Takes every sub-score of an edit, and adds them up.

    Args:
        parts: What is asked for, one or more.
        original: uint8[H, W, 3].
        aligned: The edited picture in its frame.
        ranges: The raw scores that Norm() maps to 0 and 1.
        rules: The rules to go by.
        raised: Flags from before; those of the sub-scores join them.
    """
    change = rules.change_map(original, aligned.picture)
    if aligned.seen is not None:
        change[~aligned.seen] = 0
    found = set(raised)
    asked = reduce(np.logical_or, (part.where.union for part in parts))
    whole, masked = any(map(_leaves_nothing, parts)), all(part.where.masked for part in parts)
    pictures = PictureChange(original, aligned, change, asked, whole, masked)
    measured = [measure_part(part, pictures, rules, _find_limit(part, found, rules)) for part in parts]
    raised_by_part = [
        {sub_score.flag for sub_score in result.all if sub_score.flag} | set(_seen(part, aligned, rules))
        for part, result in zip(parts, measured, strict=True)
    ]
    found |= set().union(*raised_by_part)
    scores = tuple(
        _score(result, ranges, rules, in_order(raised)) for result, raised in zip(measured, raised_by_part, strict=True)
    )
    bpm = bound = _add_up(measured, scores, rules)
    if bpm is None:
        best = [result.at_best() for result in measured]
        bound = _add_up(best, [_score(result, ranges, rules, ()) for result in best], rules)
    flags = in_order(found)
    sub_scores = [sub_score for result in measured for sub_score in result.all]
    detected = [score for part in parts for score in part.where.scores]
    trust = 0.0 if bpm is None else confidence(sub_scores, detected, flags)
    return Assessment(bpm, scores, trust, flags, change, bound)


def _add_up(measured: Sequence[PartSubScores], scores: Sequence[PartScore], rules: PaperRules) -> float | None:
    """The score of all parts; None where something that applies was not measured."""
    if any(result.is_incomplete for result in measured):
        return None
    return sum(rules.combine(score) for score in scores) / len(scores)


def _leaves_nothing(part: EditPart) -> bool:
    """Whether a part concerns the whole picture, and nothing of that is to stay."""
    return part.intent.is_global and not part.where.kept


def _find_limit(part: EditPart, raised: set[str], rules: PaperRules) -> str | None:
    """The flag for why nothing of a part can be measured, by what was raised before; None: it can.

    The words were not read in time, or ask for no edit that can be told; or the bundle was not made for them, or for
    the picture, or there was no time to ask whether it was.
    """
    if "parse" in part.left_out:
        return "out_of_time"
    if rules.needs_an_edit and asks_nothing(part.intent):
        return next((flag for flag in UNREAD if flag in raised), UNREAD[-1])
    if not rules.knows_its_limits:
        return None
    if "out_of_domain" in raised:
        return "out_of_domain"
    return None if part.is_placed else "out_of_time"


def in_order(flags: set[str]) -> tuple[str, ...]:
    """The flags as a score lists them."""
    return tuple(name for name in FLAGS if name in flags)


def _score(measured: PartSubScores, ranges: NormRanges, rules: PaperRules, flags: tuple[str, ...]) -> PartScore:
    modify, preserve = (_as_float(part.value) for part in (measured.modify, measured.preserve))
    # A share of 1 is none of the cosines that the range is for; nor is the 0 of what nobody touched.
    unranged = rules.spatial_is_share and (is_share(measured.intent) or modify == 0.0)
    modified = norm(modify, (0.0, 1.0) if unranged else ranges.modify)
    preserved = norm(preserve, ranges.preserve)
    incomplete = any(part.basis == "unmeasured" for part in (measured.modify, measured.preserve))
    both = None if incomplete else semantic_score(modified, preserved)
    semantic = SemanticScore(both, modified, preserved, modify, preserve)
    position, size = measured.position.value, measured.size.value
    region = RegionScore(region_score(position, size), position, size)
    done = None if modified is None else rules.done(modified)
    return PartScore(measured.intent, semantic, region, flags, done)


def _seen(part: EditPart, aligned: AlignedImage, rules: PaperRules) -> Iterable[str]:
    """The flags that no single sub-score raises."""
    intent, where = part.intent, part.where
    if intent.is_global:
        yield "global"
    if aligned.changes.kind in ("unchanged", "noise"):
        yield "no_op"
    elif (
        aligned.changes.kind == "edit"
        and rules.pixels_decide
        and not {"detect", "embed"} & set(part.left_out)
        and is_contrary(intent, where, part.features)
    ):
        yield "contrary"
    if part.left_out:
        yield "out_of_time"
    for region, flag in ((where.original, "source_not_found"), (where.edited, "target_not_found")):
        if region is not None and not len(region):
            yield flag
        if region is not None and len(region) > 1:
            yield "several_boxes"
    if where.anchor is not None and not len(where.anchor):
        yield "anchor_not_found"
    if where.lacks_kept:
        yield "keep_not_found"


def _as_float(value: float | None) -> float | None:
    """The number as Python has it, as NumPy's own are written otherwise; 0 without a sign."""
    return None if value is None else float(value) + 0.0


def norm(value: float | None, ends: tuple[float, float]) -> float | None:
    """Min-max normalisation to 0..1, clipped; what does not apply stays None."""
    low, high = ends
    return None if value is None else min(1.0, max(0.0, (value - low) / (high - low)))


def semantic_score(modify: float | None, preserve: float | None) -> float | None:
    """S_semantic, 0 to 2, from the normalised parts. Where only one applies, it counts twice, to keep the range."""
    parts = [part for part in (modify, preserve) if part is not None]
    return 2.0 * sum(parts) / len(parts) if parts else None


def region_score(position: float | None, size: float | None) -> float | None:
    """S_region, 0 to 2; None for a global edit, and where it was not measured."""
    return None if position is None or size is None else position + size


def confidence(sub_scores: Sequence[SubScore], detected: Sequence[float], raised: Iterable[str]) -> float:
    """How far a score can be trusted, 0 to 1: the product of

    * the share of the sub-scores that measured something: those that rest on a fallback count for nothing, and those
      that the paper's rules decide without looking are left out;
    * the mean of the detector's best scores for the objects that it found (1 when there were none to find);
    * a factor for each flag that casts doubt on the rest (`metrics.flags`).
    """
    looked = [part for part in sub_scores if part.basis != "rule"]
    measured = sum(part.basis == "measured" for part in looked) / len(looked) if looked else 1.0
    trust = measured * (sum(detected) / len(detected) if detected else 1.0)
    for flag in raised:
        trust *= FLAGS[flag].doubt if flag in FLAGS else 1.0
    return min(1.0, max(0.0, trust))
