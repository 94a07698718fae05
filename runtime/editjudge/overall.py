"""From the verdicts of all judges to one score (BPM, algorithm 1), and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from editjudge import flags, judges, released
from editjudge.geometry import Box
from editjudge.judges import INAPPLICABLE, Features, Verdict
from editjudge.located import Located
from editjudge.types import EditIntent, Image, RegionScore, SemanticScore

ALPHA = 0.7  # of the semantic score in a local edit; the best in the paper's table 9

DOUBTS: dict[str, float] = {
    "out_of_domain": 0.5,
    "unknown_words": 0.7,
    "parse_uncertain": 0.7,
    "compound": 0.5,
    "not_an_edit": 0.5,
    "aspect_changed": 0.9,
}
"""What the confidence is multiplied with for each flag that casts doubt on the models or on the comparison. Ours."""


class Rules(Protocol):
    """What `judges` and `released`, as modules, have in common."""

    CROP_SCALE: float

    def position(self, intent: EditIntent, where: Located) -> Verdict: ...
    def size(self, intent: EditIntent, where: Located) -> Verdict: ...
    def modify(self, intent: EditIntent, where: Located, features: Features) -> Verdict: ...
    def change_map(self, original: Image, edited: Image) -> NDArray[np.float32]: ...
    def preserve(self, change: NDArray[np.float32], where: Located) -> Verdict: ...
    def crop_boxes(self, where: Located) -> tuple[Box, Box] | None: ...


class Ranges(Protocol):
    """The raw scores that Norm() maps to 0 and 1."""

    @property
    def modify(self) -> tuple[float, float]: ...
    @property
    def preserve(self) -> tuple[float, float]: ...


@dataclass(frozen=True)
class Assessment:
    """An edit's scores, its flags, and the change map float32[H, W] that they rest on."""

    bpm: float
    semantic: SemanticScore
    region: RegionScore
    confidence: float
    flags: tuple[str, ...]
    change: NDArray[np.float32]


def rules(compat: str | None) -> Rules:
    """The judges to go by."""
    return released if compat == "released" else judges


def assess(
    intent: EditIntent,
    where: Located,
    features: Features,
    *,
    original: Image,
    edited: Image,
    ranges: Ranges,
    raised: Iterable[str] = (),
    compat: str | None = None,
) -> Assessment:
    """Lets every judge look at an edit, whose pictures uint8[H, W, 3] are of one frame, and adds up what they say.

    `raised` are flags from before; those of the judges join them.
    """
    by = rules(compat)
    change = by.change_map(original, edited)
    unchanged = judges.same_picture(original, edited)
    modify = by.modify(intent, where, features)
    preserve = position = size = INAPPLICABLE
    if not intent.is_global:
        preserve, position, size = by.preserve(change, where), by.position(intent, where), by.size(intent, where)
    found = {verdict.flag for verdict in (modify, preserve, position, size)} | set(_seen(intent, where, unchanged))
    if unchanged and compat is None:  # ours: an edit that did not happen did nothing right
        modify = Verdict(0.0)
        position, size = (INAPPLICABLE, INAPPLICABLE) if intent.is_global else (Verdict(0.0), Verdict(0.0))
    share_already = compat is None and (unchanged or judges.spatial(intent))
    modified = norm(modify.value, (0.0, 1.0) if share_already else ranges.modify)
    preserved = norm(preserve.value, ranges.preserve)
    semantic = SemanticScore(semantic_score(modified, preserved), modified, preserved, modify.value, preserve.value)
    region = RegionScore(region_score(position.value, size.value), position.value, size.value)
    ordered = tuple(flag for flag in flags.MEANINGS if flag in found.union(raised))
    trust = confidence((modify, preserve, position, size), where.scores, ordered)
    return Assessment(bpm(semantic.score, region.score), semantic, region, trust, ordered, change)


def _seen(intent: EditIntent, where: Located, unchanged: bool) -> Iterable[str]:
    """The flags that no single judge raises."""
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


def confidence(verdicts: Sequence[Verdict], detected: Sequence[float], raised: Iterable[str]) -> float:
    """How far a score can be trusted, 0 to 1: the product of

    * the share of the judges that measured something: those that rest on a fallback count for nothing, and those that
      the paper's rules decide without looking are left out;
    * the mean of the detector's best scores for the objects that it found (1 when there were none to find);
    * a factor for each flag that casts doubt on the rest (`DOUBTS`).
    """
    looked = [verdict for verdict in verdicts if verdict.basis != "rule"]
    measured = sum(verdict.basis == "measured" for verdict in looked) / len(looked) if looked else 1.0
    trust = measured * (sum(detected) / len(detected) if detected else 1.0)
    for flag in raised:
        trust *= DOUBTS.get(flag, 1.0)
    return min(1.0, max(0.0, trust))
