"""A score anew from what was recorded of its parts: by other ranges of Norm(), or by the rules of others."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from editjudge.bundles.settings import NormRanges
from editjudge.metrics.bpm.aggregate import norm, semantic_score
from editjudge.metrics.bpm.score import PartScore, RegionScore, SemanticScore
from editjudge.metrics.bpm.semantic import is_share
from editjudge.types import EditIntent


def read_part(record: Mapping[str, Any]) -> PartScore:
    """A part from what `PartScore.to_dict` made of it. Raises KeyError, TypeError or ValueError for anything else."""
    return PartScore(
        EditIntent(**record["intent"]),
        SemanticScore(**record["semantic"]),
        RegionScore(**record["region"]),
        tuple(record["flags"]),
        record["done"],
    )


def add_up(parts: Sequence[PartScore], combine: Callable[[PartScore], float]) -> float | None:
    """The score of an edit, the mean over its parts; None where one of them was not measured."""
    if any(part.semantic.score is None for part in parts):
        return None
    return sum(map(combine, parts)) / len(parts)


def is_ranged(part: PartScore) -> bool:
    """Whether Norm() brings its modification to 0..1: not a share of 1 already, as ours are of moves and sizes.

    Nor is the 0 of what nobody touched. The released code has no such exceptions; the values
    themselves tell which rules they follow.
    """
    raw, value = part.semantic.modify_raw, part.semantic.modify
    if raw is None or value is None or not (is_share(part.intent) or raw == 0.0):
        return True
    return not math.isclose(value, norm(raw, (0.0, 1.0)) or 0.0, abs_tol=1e-6)


def renorm(part: PartScore, ranges: NormRanges) -> PartScore:
    """The part with its semantic score by other ranges; what was not measured stays so."""
    old = part.semantic
    modify = norm(old.modify_raw, ranges.modify) if is_ranged(part) else old.modify
    preserve = norm(old.preserve_raw, ranges.preserve)
    both = None if old.score is None else semantic_score(modify, preserve)
    return replace(part, semantic=replace(old, score=both, modify=modify, preserve=preserve))
