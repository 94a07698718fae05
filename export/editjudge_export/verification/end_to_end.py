"""The end result: whole scores of a bundle beside those of a pipeline of transformers' own models and processors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from math import inf

import numpy as np
from numpy.typing import NDArray

from editjudge.bundles.files import EndToEnd
from editjudge.metrics.registry import SUB_SCORES, EditScore
from editjudge.models.clip import Clip
from editjudge.scorer import Scorer
from editjudge.types import FoundBox
from editjudge_export.onnx.precision import EIGHT_BITS, HALVES, Precision
from editjudge_export.verification.numeric_gate import GateError
from editjudge_export.verification.sample_edits import SampleEdit

BOUNDS: dict[Precision, float] = {
    "fp32": 1e-3,
    **dict.fromkeys(("fp16-weights", *HALVES), 5e-3),
    **dict.fromkeys(EIGHT_BITS, 2e-2),
}
"""How far a sub-score may be from the reference's. float16 keeps three digits of what a cosine is computed from; int8
is accepted only where it costs less than the scores of equally good edits differ by."""
PLACES = {"boxes": 16.0, "masks": 0.1}
"""How far boxes in pixels, and masks as 1 - IoU, may be off where products are in 8 bits. The studio's trained models
stay within 7 pixels and 0.07 over 100 of its edits."""
RECORDED = {field.name for field in fields(EndToEnd)}
COMPARED = tuple(name for names in SUB_SCORES.values() for name in names if name in RECORDED)
"""The sub-scores that a manifest has a figure for; others are computed from the same boxes, masks and embeddings."""


def compare(ours: Scorer, reference: Scorer, edits: Iterable[SampleEdit]) -> EndToEnd:
    """Scores edits with both scorers. What is found by one alone counts as infinitely far apart."""
    boxes, rows = 0, []
    for edit in edits:
        mine, theirs = (scorer.score(edit.original, edit.edited, edit.intent) for scorer in (ours, reference))
        boxes += sum(len(side) for side in theirs.regions.values())
        rows.append({**_compare_embeddings(ours, reference, edit), **_compare_scores(mine, theirs)})
    return EndToEnd(pairs=len(rows), found=boxes, **{name: max(row[name] for row in rows) for name in rows[0]})


def check(comparison: EndToEnd, precision: Precision) -> None:
    """Raises GateError where a sub-score is further from the reference's than this precision may take it.

    In 8 bits that holds for boxes and masks as well.
    """
    bounds = dict.fromkeys(COMPARED, BOUNDS[precision]) | (PLACES if precision in EIGHT_BITS else {})
    differences = asdict(comparison)
    over = {name: bound for name, bound in bounds.items() if not differences[name] <= bound}
    if over:
        what = ", ".join(f"{name} by {differences[name]:.2g}, of {bound:g} allowed" for name, bound in over.items())
        raise GateError(
            f"scores in {precision} differ from those of the reference, over {comparison.pairs} edits, in {what}; "
            "choose a higher precision"
        )


def _compare_scores(mine: EditScore, theirs: EditScore) -> dict[str, float]:
    our_parts, their_parts = _raw_parts(mine), _raw_parts(theirs)
    return {
        "boxes": max(_box_distance(mine.regions[side], theirs.regions[side]) for side in ("original", "edited")),
        "masks": max(1 - _iou(*masks) for masks in _mask_pairs(mine, theirs)),
        **{name: _distance(our_parts[name], their_parts[name]) for name in COMPARED},
    }


def _raw_parts(score: EditScore) -> dict[str, float | None]:
    """The sub-scores as their formulas give them."""
    return {part.name: part.value if part.raw is None else part.raw for part in score.sub_scores}


def _compare_embeddings(ours: Scorer, reference: Scorer, edit: SampleEdit) -> dict[str, float]:
    """Of the whole pictures and of the phrases."""
    mine, theirs = ours.models.model(Clip), reference.models.model(Clip)
    pictures = [edit.original, edit.edited]
    texts = [text for text in (edit.intent.source, edit.intent.target) if text]
    distances = (
        1 - _cosines(mine.images(pictures), theirs.images(pictures)),
        1 - _cosines(mine.texts(texts), theirs.texts(texts)),
    )
    return {"embeddings": float(np.concatenate(distances).max())}


def _box_distance(mine: tuple[FoundBox, ...], theirs: tuple[FoundBox, ...]) -> float:
    """Pixels between the nearest boxes; two of one score may come in either order."""
    if len(mine) != len(theirs) or {box.phrase for box in mine} != {box.phrase for box in theirs}:
        return inf
    if not mine:
        return 0.0
    gaps = np.abs(np.array([box.box for box in mine])[:, None] - np.array([box.box for box in theirs]))
    largest = gaps.max(axis=2)
    return float(max(largest.min(axis=0).max(), largest.min(axis=1).max()))


def _mask_pairs(mine: EditScore, theirs: EditScore) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    yield mine.evidence.original_mask, theirs.evidence.original_mask
    yield mine.evidence.edited_mask, theirs.evidence.edited_mask


def _iou(mine: NDArray[np.bool_], theirs: NDArray[np.bool_]) -> float:
    union = np.count_nonzero(mine | theirs)
    return np.count_nonzero(mine & theirs) / union if union else 1.0


def _cosines(mine: NDArray[np.float32], theirs: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(mine, axis=1) * np.linalg.norm(theirs, axis=1)
    return (mine * theirs).sum(axis=1) / np.maximum(lengths, 1e-12)


def _distance(mine: float | None, theirs: float | None) -> float:
    if mine is None or theirs is None:
        return 0.0 if mine is theirs else inf
    return abs(mine - theirs)
