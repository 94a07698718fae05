"""What holds of every edit: the ranges, the symmetries, and that more damage never earns more."""

from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from editjudge.bundles.settings import NormRanges
from editjudge.image import difference
from editjudge.image.boxes import iou, stands
from editjudge.image.vectors import direction
from editjudge.metrics.aligned_image import compare, undo_drift
from editjudge.metrics.bpm import aggregate, measure, region, semantic
from editjudge.metrics.bpm.metric import RULES
from editjudge.metrics.bpm.rules import Compat, PaperRules
from editjudge.metrics.bpm.score import PartScore, RegionScore, SemanticScore
from editjudge.metrics.bpm.subscore import ABSENT
from editjudge.metrics.grounding import Grounding, Region
from editjudge.metrics.task import Feature
from editjudge.types import EDIT_TYPES, POSITIONS, SIZES, Detections, EditIntent

SIDE = 24
MIRROR = {"left": "right", "right": "left"}
RANGES = NormRanges(modify=(0.0, 0.5), preserve=(0.6, 1.0))

settings.register_profile("sub-scores", deadline=None, max_examples=60)
settings.load_profile("sub-scores")

edges = st.lists(st.integers(0, SIDE), min_size=2, max_size=2, unique=True).map(sorted)
boxes = st.tuples(edges, edges).map(lambda box: (box[0][0], box[1][0], box[0][1], box[1][1]))
pictures = arrays.arrays(np.uint8, (SIDE, SIDE, 3))
vectors = arrays.arrays(np.float32, 4, elements=st.floats(-10, 10, width=32))


@st.composite
def detections(draw: st.DrawFn) -> Detections:
    corners = draw(st.lists(boxes, max_size=3))
    scores = draw(arrays.arrays(np.float32, len(corners), elements=st.floats(0.3125, 1, width=32)))
    return Detections("thing", np.array(corners, np.float32).reshape(-1, 4), -np.sort(-scores))


@st.composite
def regions(draw: st.DrawFn) -> Region:
    objects = draw(detections())
    masks = np.zeros((len(objects), SIDE, SIDE), bool)
    for mask, (x0, y0, x1, y1) in zip(masks, objects.boxes.astype(int), strict=True):
        mask[y0:y1, x0:x1] = draw(st.booleans())
    return Region(objects, masks)


@st.composite
def intents(draw: st.DrawFn) -> EditIntent:
    source, target = draw(
        st.sampled_from([("cat", "dog"), ("cat", "cat"), (None, "dog"), ("cat", None), ("all", "night")])
    )
    return EditIntent(
        draw(st.sampled_from(EDIT_TYPES)),
        source,
        target,
        draw(st.sampled_from([None, "sofa"])),
        draw(st.sampled_from(SIZES)),
        draw(st.sampled_from(POSITIONS)),
    )


@st.composite
def places(draw: st.DrawFn, intent: EditIntent) -> Grounding:
    looked = not intent.is_global
    return Grounding(
        draw(regions()) if looked and intent.source else None,
        draw(regions()) if looked and intent.target else None,
        draw(detections()) if looked and intent.anchor and intent.edit_type in ("add", "move") else None,
        SIDE,
        SIDE,
    )


@given(st.data(), intents(), pictures, st.sampled_from(list(RULES)))
def test_every_score_lies_in_its_range_or_is_none(
    data: st.DataObject, intent: EditIntent, original: np.ndarray, compat: Compat | None
) -> None:
    rules = RULES[compat]
    aligned = compare(original, data.draw(pictures | st.just(original)), intent.is_global)
    if rules.undoes_drift:
        aligned = undo_drift(aligned, original, intent.is_global)
    where = data.draw(places(intent))
    if rules.pixels_decide and aligned.changes.kind != "edit":  # then no model looks at the edited picture
        where = Grounding.unseen(where.original, where.anchor, original)
    features = {name: data.draw(vectors) for name in get_args(Feature)}
    raised = data.draw(st.sampled_from([("resized",), ("resized", "out_of_domain")]))
    score = aggregate.assess(
        [measure.EditPart(intent, where, features)],
        original=original,
        aligned=aligned,
        ranges=RANGES,
        rules=rules,
        raised=raised,
    )
    (part,) = score.parts
    assert score.bpm is None or 0 <= score.bpm <= 2
    assert 0 <= score.confidence <= 1
    assert score.bpm is not None or score.confidence == 0
    assert part.semantic.score is None or 0 <= part.semantic.score <= 2
    assert part.semantic.modify_raw is None or -1 <= part.semantic.modify_raw <= 1
    for value in (part.semantic.modify, part.semantic.preserve, part.semantic.preserve_raw):
        assert value is None or 0 <= value <= 1
    assert {part.region.position, part.region.size} <= {0.0, 0.5, 1.0, None}
    if None in (part.region.position, part.region.size):
        assert part.region.score is None
    else:
        assert part.region.score == part.region.position + part.region.size
    assert not intent.is_global or part.region.position is part.region.size is None
    assert set(raised) <= set(score.flags)
    assert ("no_op" in score.flags) == (aligned.changes.kind in ("unchanged", "noise"))
    assert score.change.dtype == np.float32
    if compat == "released":
        assert score.bpm is not None  # which has a number for everything
    elif "out_of_domain" in raised or where.missing == "source_not_found":
        assert score.bpm is None
        assert set(vars(part.semantic).values()) == {None}
        assert part.region.score is None or intent.target is None  # by rule, what is removed has no place
    elif rules.pixels_decide and aligned.changes.kind != "edit":
        assert part.semantic.modify == 0
        assert part.region.score is None


@given(st.data(), intents())
def test_what_was_not_measured_is_none_and_says_why(data: st.DataObject, intent: EditIntent) -> None:
    where = data.draw(places(intent))
    features = {name: np.array([1, 2, 3, 4], np.float32) * index for index, name in enumerate(get_args(Feature))}
    subscores = [semantic.modify(intent, where, features)]
    if not intent.is_global:
        subscores += [region.position(intent, where), region.size(intent, where)]
        subscores += [semantic.preserve(np.zeros((SIDE, SIDE), np.float32), where)]
    for subscore in subscores:
        assert subscore.basis != "fallback"
        if subscore.basis == "unmeasured":
            assert subscore.value is None
            assert subscore.flag is not None
        assert (subscore.value is None) == (subscore.basis == "unmeasured" or subscore == ABSENT)


def mirrored(objects: Detections | None) -> Detections | None:
    if objects is None:
        return None
    x0, y0, x1, y1 = objects.boxes.T
    return Detections(objects.phrase, np.stack([SIDE - x1, y0, SIDE - x0, y1], axis=1), objects.scores)


def mirror(area: Region | None) -> Region | None:
    return None if area is None else Region(mirrored(area.detections), area.masks[:, :, ::-1])


@given(st.data(), intents())
def test_in_the_mirror_left_is_right_and_nothing_else_changes(data: st.DataObject, intent: EditIntent) -> None:
    where = data.draw(places(intent))
    turned = Grounding(mirror(where.original), mirror(where.edited), mirrored(where.anchor), SIDE, SIDE)
    reverse = EditIntent(
        intent.edit_type, intent.source, intent.target, intent.anchor, intent.size,
        MIRROR.get(intent.position, intent.position),
    )  # fmt: skip
    assert region.position(intent, where) == region.position(reverse, turned)
    assert region.size(intent, where) == region.size(reverse, turned)


@given(boxes, boxes, st.sampled_from(["left", "right", "up", "down"]))
def test_a_box_stands_on_one_side_at_most(box: tuple[int, ...], other: tuple[int, ...], side: str) -> None:
    one, two = np.array(box, np.float32), np.array(other, np.float32)
    assert sum(stands(one, direction, two) for direction in ("left", "right", "up", "down")) <= 1
    opposite = {"left": "right", "right": "left", "up": "down", "down": "up"}[side]
    assert stands(one, side, two) == stands(two, opposite, one)
    assert 0 <= iou(one, two) == iou(two, one) <= 1


@given(pictures, pictures)
def test_the_change_map_is_a_distance(original: np.ndarray, edited: np.ndarray) -> None:
    change = difference.change_map(original, edited)
    assert np.array_equal(change, difference.change_map(edited, original))
    assert change.min() >= 0
    assert change.max() <= 1 + 1e-6
    assert np.array_equal(change == 0, (original == edited).all(axis=2))
    exact = np.sqrt(np.mean((original.astype(np.float64) - edited) ** 2, axis=2)) / 255
    assert np.allclose(change, exact, atol=1e-6)


@given(st.data(), arrays.arrays(np.float32, (SIDE, SIDE), elements=st.floats(0, 0.5, width=32)), st.floats(0, 0.5))
def test_more_damage_never_preserves_more(data: st.DataObject, change: np.ndarray, more: float) -> None:
    where = data.draw(places(EditIntent("color", "cat", "blue cat")))
    before, after = semantic.preserve(change, where).value, semantic.preserve(change + np.float32(more), where).value
    assert (before is None) == (after is None)
    assert before is None or after <= before + 1e-6


@given(vectors, vectors, vectors)
def test_modify_is_bounded_and_turns_with_the_texts(before: np.ndarray, after: np.ndarray, wanted: np.ndarray) -> None:
    forth, back = direction(before, after, wanted), direction(before, after, -wanted)
    assert -1 <= forth <= 1
    assert math.isfinite(forth)
    assert forth == pytest.approx(-back, abs=1e-6)
    assert direction(before, before, wanted) == 0


@given(st.floats(-2, 2), st.floats(-2, 2), st.floats(-1, 1), st.floats(0.01, 1))
def test_norm_keeps_the_order(one: float, other: float, low: float, width: float) -> None:
    first, second = (aggregate.norm(value, (low, low + width)) for value in sorted([one, other]))
    assert 0 <= first <= second <= 1


shares = st.floats(0, 1)
"""What a sub-score can be."""


@st.composite
def part_scores(draw: st.DrawFn) -> tuple[PartScore, PartScore]:
    """The same part twice, the second time with at least as much of preservation, size and modification."""
    intent = draw(intents())
    modify, position, low, small, large, high = (draw(shares) for _ in range(6))
    parts = []
    for preserve, size, gain in ((min(low, high), min(small, large), 0.0), (max(low, high), max(small, large), 1.0)):
        modified = modify + gain * draw(shares) * (1 - modify)
        semantic_part = SemanticScore(aggregate.semantic_score(modified, preserve), modified, preserve, None, None)
        where = RegionScore(aggregate.region_score(position, size), position, size)
        parts.append(PartScore(intent, semantic_part, where))
    return parts[0], parts[1]


@given(part_scores(), st.sampled_from(list(RULES.values())), st.booleans())
def test_a_score_grows_with_each_sub_score(parts: tuple[PartScore, PartScore], rules: PaperRules, known: bool) -> None:
    """On which the bounds of a ranking rest."""
    chosen = rules.for_ranges(RANGES if known else NormRanges((0.0, 1.0), (0.0, 1.0)))
    assert chosen.combine(parts[0]) <= chosen.combine(parts[1]) + 1e-12
