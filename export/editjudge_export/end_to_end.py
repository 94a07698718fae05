"""The end result: whole scores of a bundle beside those of a pipeline of transformers' own models and processors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from math import inf

import numpy as np
from numpy.typing import NDArray

from editjudge.entries import EndToEnd
from editjudge.scorer import Scorer
from editjudge.types import EditScore, FoundBox

from .gate import GateError
from .pairs import Pair
from .precision import Precision

BOUNDS: dict[Precision, float] = {"fp32": 1e-3, "fp16-weights": 5e-3, "fp16": 5e-3, "mixed": 5e-3, "int8": 2e-2}
"""How far a sub-score may lie from the reference's. float16 keeps three digits of what goes into a cosine; int8 is
offered only where it costs less than the scores of equally good edits are apart."""

SUB_SCORES = ("modify", "preserve", "position", "size")


def compare(ours: Scorer, reference: Scorer, pairs: Iterable[Pair]) -> EndToEnd:
    """Scores the pairs both ways. Found in one and not in the other: infinitely far apart."""
    found, rows = 0, []
    for pair in pairs:
        mine, theirs = (each.score(pair.original, pair.edited, pair.intent) for each in (ours, reference))
        found += sum(len(boxes) for boxes in theirs.regions.values())
        rows.append({**_embeddings(ours, reference, pair), **_differences(mine, theirs)})
    return EndToEnd(pairs=len(rows), found=found, **{name: max(row[name] for row in rows) for name in rows[0]})


def check(found: EndToEnd, precision: Precision) -> None:
    """Raises GateError where a sub-score is further from the reference's than this precision may take it."""
    bound = BOUNDS[precision]
    over = {name: value for name, value in asdict(found).items() if name in SUB_SCORES and not value <= bound}
    if over:
        what = ", ".join(f"{name} by {value:.2g}" for name, value in over.items())
        raise GateError(
            f"scores in {precision} differ from those of the reference, over {found.pairs} edits, in {what}: more than "
            f"the {bound:.0e} that is allowed; choose a higher precision"
        )


def _differences(mine: EditScore, theirs: EditScore) -> dict[str, float]:
    return {
        "boxes": max(_boxes(mine.regions[side], theirs.regions[side]) for side in ("original", "edited")),
        "masks": max(1 - _overlap(*masks) for masks in _masks(mine, theirs)),
        "modify": _apart(mine.semantic.modify_raw, theirs.semantic.modify_raw),
        "preserve": _apart(mine.semantic.preserve_raw, theirs.semantic.preserve_raw),
        "position": _apart(mine.region.position, theirs.region.position),
        "size": _apart(mine.region.size, theirs.region.size),
    }


def _embeddings(ours: Scorer, reference: Scorer, pair: Pair) -> dict[str, float]:
    """Of the whole pictures and of the phrases."""
    pictures = [pair.original, pair.edited]
    texts = [text for text in (pair.intent.source, pair.intent.target) if text]
    apart = (
        1 - _cosine(ours.stages.embedder.images(pictures), reference.stages.embedder.images(pictures)),
        1 - _cosine(ours.stages.embedder.texts(texts), reference.stages.embedder.texts(texts)),
    )
    return {"embeddings": float(np.concatenate(apart).max())}


def _boxes(mine: tuple[FoundBox, ...], theirs: tuple[FoundBox, ...]) -> float:
    """Pixels between the nearest boxes; two of one score may come in either order."""
    if len(mine) != len(theirs) or {each.phrase for each in mine} != {each.phrase for each in theirs}:
        return inf
    if not mine:
        return 0.0
    gaps = np.abs(np.array([each.box for each in mine])[:, None] - np.array([each.box for each in theirs])).max(axis=2)
    return float(max(gaps.min(axis=0).max(), gaps.min(axis=1).max()))


def _masks(mine: EditScore, theirs: EditScore) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    yield mine.evidence.original_mask, theirs.evidence.original_mask
    yield mine.evidence.edited_mask, theirs.evidence.edited_mask


def _overlap(mine: NDArray[np.bool_], theirs: NDArray[np.bool_]) -> float:
    either = np.count_nonzero(mine | theirs)
    return np.count_nonzero(mine & theirs) / either if either else 1.0


def _cosine(mine: NDArray[np.float32], theirs: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(mine, axis=1) * np.linalg.norm(theirs, axis=1)
    return (mine * theirs).sum(axis=1) / np.maximum(lengths, 1e-12)


def _apart(mine: float | None, theirs: float | None) -> float:
    if mine is None or theirs is None:
        return 0.0 if mine is theirs else inf
    return abs(mine - theirs)
