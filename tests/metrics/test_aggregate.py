"""From the sub-scores of all parts to one score, to what was not measured, and how far it is to be trusted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from editjudge.bundles.settings import NormRanges
from editjudge.image.alignment import PairAlignment
from editjudge.image.changes import ChangeKind, Changes
from editjudge.metrics.aligned_image import AlignedImage
from editjudge.metrics.bpm import aggregate, measure
from editjudge.metrics.bpm.aggregate import Assessment, assess
from editjudge.metrics.bpm.measure import EditPart
from editjudge.metrics.bpm.metric import RULES
from editjudge.metrics.bpm.rules import DONE, FAILED, PaperRules, plain_sum
from editjudge.metrics.bpm.subscore import GIVEN, SubScore
from editjudge.metrics.grounding import Grounding
from editjudge.types import EditIntent
from support.groundings import BOTH, HERE, MOVES, NOWHERE, SIDE, detections_at, features, grounding, move, region_at
from support.scores import part_of

RANGES = NormRanges(modify=(0.0, 1.0), preserve=(0.5, 1.0))
OURS, PAPER = RULES[None], RULES["paper"]
COLOR = EditIntent("color", "thing", "blue thing")
ADD = EditIntent("add", None, "cup", anchor="thing", position="right")
REMOVE = EditIntent("remove", "thing", None)
STYLE = EditIntent("style", "all", "night")
# The crops go by (0.5, 0), the texts by (1, 0): the cosine is 1, over more than the noise floor.
DONE_WELL = features(original_crop=(1, 0), edited_crop=(1.5, 0), source=(0, 0), target=(1, 0))
ORIGINAL = np.full((SIDE, SIDE, 3), 100, np.uint8)


def edited_at(*boxes: tuple[int, int, int, int], kind: ChangeKind = "edit", by: int = 100) -> AlignedImage:
    """The original, lighter in some boxes."""
    picture, mask = ORIGINAL.copy(), np.zeros((SIDE, SIDE), bool)
    for x0, y0, x1, y1 in boxes:
        picture[y0:y1, x0:x1] += by
        mask[y0:y1, x0:x1] = True
    return AlignedImage(picture, picture, (), Changes(kind, PairAlignment.still(), mask))


def judge(
    *parts: EditPart, aligned: AlignedImage | None = None, rules: PaperRules = OURS, raised: tuple[str, ...] = ()
) -> Assessment:
    aligned = aligned or edited_at(HERE)
    return assess(parts, original=ORIGINAL, aligned=aligned, ranges=RANGES, rules=rules, raised=raised)


def color_at(where: Grounding, intent: EditIntent = COLOR) -> EditPart:
    return EditPart(intent, where, DONE_WELL)


def test_norm_clips() -> None:
    normed = [aggregate.norm(value, (0.2, 0.6)) for value in (0.0, 0.2, 0.3, 0.6, 9.0)]
    assert normed == [0, 0, pytest.approx(0.25), 1, 1]
    assert aggregate.norm(None, (0.2, 0.6)) is None


def test_each_tier_counts_its_parts() -> None:
    assert aggregate.semantic_score(0.4, 0.9) == pytest.approx(1.3)
    assert aggregate.semantic_score(0.4, None) == pytest.approx(0.8)
    assert aggregate.region_score(1.0, 0.5) == 1.5
    assert aggregate.region_score(None, 1.0) is None
    assert aggregate.region_score(1.0, None) is None


def test_the_papers_sum_by_hand() -> None:
    part = part_of(COLOR, modify=0.4, preserve=0.9, position=0.5, size=1.0)
    assert plain_sum(part) == PAPER.combine(part) == pytest.approx(0.7 * 1.3 + 0.3 * 1.5)
    gone = part_of(COLOR, modify=0.0, preserve=0.9, position=None, size=None)
    assert PAPER.combine(gone) == pytest.approx(0.7 * 0.9)
    style = part_of(STYLE, modify=0.8, preserve=None)
    style = replace(style, semantic=replace(style.semantic, score=aggregate.semantic_score(0.8, None)))
    assert PAPER.combine(style) == pytest.approx(1.6)


def test_ours_is_the_papers_from_where_the_edit_is_done_and_falls_to_that_of_a_no_op() -> None:
    for preserve in (0.2, 1.0):
        for modify in (DONE, 1.0):
            part = part_of(COLOR, modify=modify, preserve=preserve)
            assert OURS.combine(part) == pytest.approx(PAPER.combine(part))
        nothing = OURS.combine(part_of(COLOR, modify=0.0, preserve=1.0, position=None, size=None))
        for modify in (0.0, FAILED):
            assert OURS.combine(part_of(COLOR, modify=modify, preserve=preserve)) <= nothing + 0.7 * modify


def test_ours_has_no_cliff() -> None:
    """A step of half a thousandth in what was measured moves the score by hardly more than a hundredth."""
    values = [OURS.combine(part_of(COLOR, modify=modify)) for modify in np.linspace(0, 1, 2001)]
    steps = np.diff(values)
    assert steps.min() >= 0
    assert steps.max() < 0.015


def test_an_edit_that_is_well_done_by_hand() -> None:
    score = judge(color_at(BOTH))
    (part,) = score.parts
    assert (part.semantic.modify, part.semantic.preserve) == (pytest.approx(1.0), 1.0)
    assert part.region.score == 2.0
    assert score.bpm == pytest.approx(2.0)
    assert score.confidence == pytest.approx(0.9)  # the detector's
    assert score.flags == ()


@pytest.mark.parametrize(
    ("part", "flag"),
    [
        (color_at(grounding(NOWHERE, region_at(HERE))), "source_not_found"),
        (color_at(grounding(region_at((0, 0, SIDE, SIDE)), region_at(HERE))), "nothing_outside"),
        (EditPart(ADD, grounding(None, region_at(HERE), NOWHERE.detections), DONE_WELL), "anchor_not_found"),
        (EditPart(ADD, grounding(None, NOWHERE, NOWHERE.detections), DONE_WELL), "anchor_not_found"),
        (EditPart(COLOR, BOTH, {**DONE_WELL, "source": DONE_WELL["target"]}), "parse_uncertain"),
    ],
)
def test_there_is_no_number_where_something_that_applies_was_not_measured(part: EditPart, flag: str) -> None:
    for rules in (OURS, PAPER):
        score = judge(part, rules=rules)
        assert (score.bpm, score.confidence) == (None, 0.0)
        assert flag in score.flags
        assert flag in score.parts[0].flags


def test_a_result_that_is_missing_was_measured_and_is_no_better_than_doing_nothing() -> None:
    nothing = judge(color_at(grounding(region_at(HERE), None)), aligned=edited_at(kind="unchanged"))
    for spoilt in (edited_at(HERE), edited_at(HERE, MOVES["up"]), edited_at(HERE, by=5)):
        failed = judge(color_at(grounding(region_at(HERE), NOWHERE)), aligned=spoilt)
        assert failed.bpm is not None
        assert failed.bpm <= nothing.bpm
        assert failed.confidence > 0
        assert failed.flags == ("target_not_found",)
        assert (failed.parts[0].region.position, failed.parts[0].region.size) == (None, None)
    lost = judge(EditPart(ADD, grounding(None, NOWHERE, detections_at(HERE)), DONE_WELL))
    assert lost.bpm is not None
    assert lost.bpm <= nothing.bpm


@pytest.mark.parametrize("kind", ["edit", "unchanged", "noise", "other_picture"])
@pytest.mark.parametrize("intent", [COLOR, ADD, REMOVE, STYLE])
def test_nothing_is_measured_out_of_the_domain(intent: EditIntent, kind: ChangeKind) -> None:
    where = grounding(None, None) if intent.is_global else grounding(region_at(HERE), None)
    vectors = {**DONE_WELL, **features(original_picture=(1, 0), edited_picture=(2, 0))}
    score = judge(EditPart(intent, where, vectors), aligned=edited_at(HERE, kind=kind), raised=("out_of_domain",))
    (part,) = score.parts
    assert (score.bpm, score.confidence) == (None, 0.0)
    assert set(vars(part.semantic).values()) == set(vars(part.region).values()) == {None}
    assert "out_of_domain" in score.flags


def test_parts_have_their_own_flags_and_one_that_was_not_measured_leaves_no_number() -> None:
    lost = color_at(grounding(NOWHERE, NOWHERE), EditIntent("color", "cup", "red cup"))
    score = judge(color_at(BOTH), lost)
    assert [part.flags for part in score.parts] == [(), ("source_not_found", "target_not_found")]
    assert score.bpm is None
    assert score.parts[0].semantic.modify == pytest.approx(1.0)  # what was measured stays
    assert score.flags == ("source_not_found", "target_not_found")


def test_a_compound_is_the_mean_of_its_parts_and_one_of_two_done_lies_between() -> None:
    up = region_at(MOVES["up"])
    other, failed = color_at(grounding(up, up)), color_at(grounding(up, NOWHERE))
    both = judge(color_at(BOTH), other, aligned=edited_at(HERE, MOVES["up"]))
    one = judge(color_at(BOTH), failed)
    none = judge(color_at(grounding(region_at(HERE), NOWHERE)), failed, aligned=edited_at(MOVES["left"]))
    assert both.bpm > one.bpm > none.bpm
    assert both.bpm == pytest.approx(2.0)
    assert [part.flags for part in one.parts] == [(), ("target_not_found",)]


def test_what_other_parts_change_is_no_damage() -> None:
    """And what lies outside of all of them is."""
    up = region_at(MOVES["up"])
    parts = color_at(BOTH), color_at(grounding(up, up))
    within = judge(*parts, aligned=edited_at(HERE, MOVES["up"]))
    assert [part.semantic.preserve_raw for part in within.parts] == [1.0, 1.0]
    beyond = judge(*parts, aligned=edited_at(HERE, MOVES["up"], MOVES["down"]))
    outside = SIDE * SIDE - 400 - 400
    for part in beyond.parts:
        assert part.semantic.preserve_raw == pytest.approx(1 - 400 / outside * 100 / 255)


def test_what_the_edited_picture_does_not_show_is_no_damage() -> None:
    damaged = edited_at(HERE, (0, 0, 5, SIDE))
    seen = np.ones((SIDE, SIDE), bool)
    seen[:, :5] = False
    assert judge(color_at(BOTH), aligned=damaged).parts[0].semantic.preserve_raw < 1
    assert judge(color_at(BOTH), aligned=replace(damaged, seen=seen)).parts[0].semantic.preserve_raw == 1


@pytest.mark.parametrize("kind", ["edit", "unchanged"])
def test_with_a_part_of_the_whole_picture_there_is_no_rest_to_preserve(kind: ChangeKind) -> None:
    """The change of everything is asked for, and no damage that the other part did."""
    vectors = {**DONE_WELL, **features(original_picture=(1, 0), edited_picture=(2, 0))}
    night = EditPart(STYLE, grounding(None, None), vectors)
    for parts in ((color_at(BOTH), night), (night, color_at(BOTH))):
        score = judge(*parts, aligned=edited_at((0, 0, SIDE, SIDE), kind=kind))
        assert [part.semantic.preserve for part in score.parts] == [None, None]
        assert score.bpm == pytest.approx(2.0 if kind == "edit" else 0.0)
        foreign = judge(*parts, raised=("out_of_domain",))
        assert foreign.bpm is None


def test_a_change_of_tone_costs_preservation_a_share_of_what_it_is() -> None:
    drifted = replace(edited_at(HERE), tone=0.08)
    preserve = judge(color_at(BOTH), aligned=drifted).parts[0].semantic.preserve_raw
    assert preserve == pytest.approx(1 - measure.DRIFT_COST * 0.08)


def test_what_was_not_touched_was_not_modified() -> None:
    """The models may see in noise what was asked for; the pixels of the object did not change."""
    elsewhere = judge(color_at(BOTH), aligned=edited_at(MOVES["down"]))
    assert elsewhere.parts[0].semantic.modify == 0.0
    assert elsewhere.bpm <= judge(color_at(grounding(region_at(HERE), None)), aligned=edited_at(kind="unchanged")).bpm


def test_a_move_the_other_way_is_flagged_and_earns_no_more_than_nothing() -> None:
    left = grounding(region_at(HERE), region_at(MOVES["left"]))
    contrary = judge(color_at(left, move("right")), aligned=edited_at(HERE, MOVES["left"]))
    nothing = judge(color_at(grounding(region_at(HERE), None), move("right")), aligned=edited_at(kind="unchanged"))
    assert "contrary" in contrary.flags
    assert contrary.bpm <= nothing.bpm


def test_confidence_counts_what_was_measured() -> None:
    measured, fallback = SubScore(0.3), SubScore(1.0, "fallback", "anchor_not_found")
    assert aggregate.confidence([measured, measured], [], []) == 1.0
    assert aggregate.confidence([measured, measured, fallback, GIVEN], [], []) == pytest.approx(2 / 3)
    assert aggregate.confidence([measured], [0.8, 0.4], []) == pytest.approx(0.6)
    assert aggregate.confidence([measured], [0.8], ["parse_uncertain", "resized"]) == pytest.approx(0.8 * 0.7)
    assert aggregate.confidence([measured], [0.8], ["compound"]) == pytest.approx(0.8)  # casts no doubt any more
    assert aggregate.confidence([fallback], [0.8], []) == 0.0
