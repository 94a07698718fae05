"""From all sub-scores to one score (BPM, algorithm 1), and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editjudge.bundles.settings import NormRanges
from editjudge.image.difference import same_picture
from editjudge.metrics.bpm.rules import Rules
from editjudge.metrics.bpm.score import ALPHA, RegionScore, SemanticScore
from editjudge.metrics.bpm.semantic import is_spatial
from editjudge.metrics.bpm.subscore import INAPPLICABLE, SubScore
from editjudge.metrics.flags import FLAGS
from editjudge.metrics.grounding import Grounding
from editjudge.metrics.task import Features
from editjudge.types import EditIntent, Image


@dataclass(frozen=True)
class Assessment:
    """An edit's scores, its flags, and the change map float32[H, W] that they rest on."""

    bpm: float
    semantic: SemanticScore
    region: RegionScore
    confidence: float
    flags: tuple[str, ...]
    change: NDArray[np.float32]


def assess(
    intent: EditIntent,
    where: Grounding,
    features: Features,
    *,
    original: Image,
    edited: Image,
    ranges: NormRanges,
    rules: Rules,
    raised: Iterable[str] = (),
) -> Assessment:
    """Takes every sub-score of an edit, and adds them up.

    Args:
        intent: What is asked for.
        where: Where the objects are.
        features: Those that the edit calls for.
        original, edited: uint8[H, W, 3], of one frame.
        ranges: The raw scores that Norm() maps to 0 and 1.
        rules: The rules to go by.
        raised: Flags from before; those of the sub-scores join them.
    """
    change = rules.change_map(original, edited)
    unchanged = same_picture(original, edited)
    modify = rules.modify(intent, where, features)
    preserve = position = size = INAPPLICABLE
    if not intent.is_global:
        preserve = rules.preserve(change, where)
        position, size = rules.position(intent, where), rules.size(intent, where)
    found = {part.flag for part in (modify, preserve, position, size)} | set(_seen(intent, where, unchanged))
    zeroed = unchanged and rules.no_op_is_zero
    if zeroed:
        modify = SubScore(0.0)
        position, size = (INAPPLICABLE, INAPPLICABLE) if intent.is_global else (SubScore(0.0), SubScore(0.0))
    is_share = zeroed or (rules.spatial_is_share and is_spatial(intent))
    modified = norm(modify.value, (0.0, 1.0) if is_share else ranges.modify)
    preserved = norm(preserve.value, ranges.preserve)
    semantic = SemanticScore(semantic_score(modified, preserved), modified, preserved, modify.value, preserve.value)
    region = RegionScore(region_score(position.value, size.value), position.value, size.value)
    flags = tuple(name for name in FLAGS if name in found.union(raised))
    trust = confidence((modify, preserve, position, size), where.scores, flags)
    return Assessment(bpm(semantic.score, region.score), semantic, region, trust, flags, change)


def _seen(intent: EditIntent, where: Grounding, unchanged: bool) -> Iterable[str]:
    """The flags that no single sub-score raises."""
    if intent.is_global:
        yield "global"
    if unchanged:
        yield "no_op"
    for region, flag in ((where.original, "source_not_found"), (where.edited, "target_not_found")):
        if region is not None and not len(region):
            yield flag
        if region is not None and len(region) > 1:
            yield "several_boxes"
    if where.anchor is not None and not len(where.anchor):
        yield "anchor_not_found"


def norm(value: float | None, ends: tuple[float, float]) -> float | None:
    """Min-max normalisation to 0..1, clipped; what does not apply stays None."""
    low, high = ends
    return None if value is None else min(1.0, max(0.0, (value - low) / (high - low)))


def semantic_score(modify: float | None, preserve: float | None) -> float:
    """S_semantic, 0 to 2, from the normalised parts. Where only one applies, it counts twice, to keep the range."""
    parts = [part for part in (modify, preserve) if part is not None]
    return 2.0 * sum(parts) / len(parts) if parts else 0.0


def region_score(position: float | None, size: float | None) -> float | None:
    """S_region, 0 to 2; None for a global edit."""
    return None if position is None or size is None else position + size


def bpm(semantic: float, region: float | None) -> float:
    """alpha * S_semantic + (1 - alpha) * S_region, 0 to 2; a global edit has the semantic score alone."""
    return semantic if region is None else ALPHA * semantic + (1 - ALPHA) * region


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
